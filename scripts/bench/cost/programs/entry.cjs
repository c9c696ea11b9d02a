// Stands before the entry of a thread: notes the CPU time, then hands over.
const { workerData } = require('node:worker_threads');

const never = new Int32Array(new SharedArrayBuffer(4));
/** Linux counts what a thread uses when it pauses, or else every 4 ms: so it pauses first. */
const usage = (since) => {
  Atomics.wait(never, 0, 0, 1);
  return process.threadCpuUsage(since);
};

const entry = workerData.file ?? workerData.start.entry;
process.argv[1] = entry; // Also for an entry that leaves it to what was taken out of it.
globalThis[Symbol.for('uberservice.bench')] = { began: usage(), usage };
require(workerData.file ?? './worker.inner.cjs');
