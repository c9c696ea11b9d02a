// What a person writes without a launcher: one worker thread for each file named.
import { Worker } from 'node:worker_threads';

for (const file of process.argv.slice(2)) new Worker(file);
