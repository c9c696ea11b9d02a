// What a person writes without a launcher: one worker for each file named, one line when all of them listen.
import { basename, dirname } from 'node:path';
import { Worker } from 'node:worker_threads';

const files = process.argv.slice(2);
const ports = await Promise.all(files.map(start));
console.log(
  JSON.stringify({
    event: 'up',
    ports: Object.fromEntries(files.map((file, index) => [basename(dirname(file)), ports[index]])),
    bootMs: Math.round(performance.now()),
  }),
);

function start(file) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./run-service.mjs', import.meta.url), {
      workerData: { file, port: 0 },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
