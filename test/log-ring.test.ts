// The ring between two real threads.
import { Worker } from 'node:worker_threads';
import { createLogRing, LogRingReader, LogRingWriter, type RingStream } from '../launcher/log-ring.ts';

/** Writes records of growing size as fast as it can, through the same class as a service's thread. */
const WRITER = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.module).then(({ LogRingWriter }) => {
    const ring = new LogRingWriter(workerData.memory, () => parentPort.postMessage('wake'));
    for (let count = 0; count < workerData.records; count += 1) {
      ring.write(count % 2, Buffer.from(String(count).padEnd(1 + (count * 7919) % workerData.longest) + '|'));
    }
    parentPort.postMessage('end');
  });
`;

function read(
  memory: SharedArrayBuffer,
  records: number,
  longest: number,
): Promise<{ text: string; wakes: number }> {
  return new Promise((resolve, reject) => {
    const module = new URL('../launcher/log-ring.ts', import.meta.url).href;
    const worker = new Worker(WRITER, { eval: true, workerData: { memory, module, records, longest } });
    const reader = new LogRingReader(memory);
    const chunks: Buffer[] = [];
    let wakes = 0;
    const take = (_stream: RingStream, bytes: Buffer): void => void chunks.push(bytes);
    const turn = (): void => {
      reader.drain(take);
      if (!reader.sleep()) setImmediate(turn);
    };
    worker.on('error', reject);
    worker.on('message', (message) => {
      wakes += 1;
      turn();
      if (message === 'end') void worker.terminate();
    });
    worker.on('exit', () => {
      reader.drain(take);
      resolve({ text: Buffer.concat(chunks).toString(), wakes });
    });
  });
}

test.each([
  [1024, 5000, 100],
  [4096, 3000, 5000],
  [65_536, 20_000, 300],
])(
  'a ring of %i bytes carries %i records of up to %i bytes whole and in order',
  async (size, records, longest) => {
    const { text } = await read(createLogRing(size), records, longest);
    const seen = text.split('|').slice(0, -1).map(Number);
    expect(seen).toEqual(Array.from({ length: records }, (_, index) => index));
  },
);

test('what was written before a thread died can still be read', () => {
  const memory = createLogRing(1024);
  new LogRingWriter(memory, () => undefined).write(1, Buffer.from('last words'));
  const taken: [RingStream, string][] = [];
  new LogRingReader(memory).drain((stream, bytes) => taken.push([stream, bytes.toString()]));
  expect(taken).toEqual([[1, 'last words']]);
});

test('the counters wrap without a break', () => {
  const memory = createLogRing(1024);
  new Int32Array(memory, 0, 4).fill(-100, 0, 2);
  const writer = new LogRingWriter(memory, () => undefined);
  const reader = new LogRingReader(memory);
  let text = '';
  for (let count = 0; count < 50; count += 1) {
    writer.write(0, Buffer.from(`${count},`));
    reader.drain((_stream, bytes) => {
      text += bytes.toString();
    });
  }
  expect(text).toBe(Array.from({ length: 50 }, (_, index) => `${index},`).join(''));
});

test('a sleeping reader is woken once for many writes', () => {
  const memory = createLogRing(1024);
  let wakes = 0;
  const writer = new LogRingWriter(memory, () => {
    wakes += 1;
  });
  writer.write(0, Buffer.from('a'));
  writer.write(0, Buffer.from('b'));
  expect(wakes).toBe(1);
});
