// A thread of the bare launcher: listens for the app that the service's file exports.
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const { default: app } = await import(pathToFileURL(workerData.file).href);
const server = app.listen(workerData.port, '127.0.0.1', () => parentPort.postMessage(server.address().port));
