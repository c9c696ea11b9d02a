// Uber by its library: starts all services of the working directory, and one again for each line `restart <name>`.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [library, isolation] = process.argv.slice(2);
const { startUber } = await import(pathToFileURL(library).href);
const uber = await startUber({ isolation, onLog: ({ text }) => console.log(text) });
console.log('{"event":"up"}');
process.once('SIGINT', () => uber.stop().finally(() => process.exit(0)));
for await (const line of createInterface({ input: process.stdin })) {
  const [, name] = line.split(' ');
  await uber.restart(name);
}
