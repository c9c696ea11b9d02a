// What a person writes without a launcher: a plain worker thread for each file, one after the other.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const [entry, ...files] = process.argv.slice(2);
for (const file of files) {
  const worker = new Worker(entry, { workerData: { file }, execArgv: [] });
  await once(worker, 'exit');
}
