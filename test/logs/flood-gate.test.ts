// Who writes too much, and how long its reader waits then.
import { FloodGate } from '../../launcher/logs/flood-gate.ts';

const MB = 1024 * 1024;

/** A gate with a clock that the test moves. */
function makeGate() {
  const clock = { now: 0 };
  const floods: number[] = [];
  const gate = new FloodGate(
    () => clock.now,
    (bytesPerSecond) => floods.push(Math.round(bytesPerSecond / MB)),
  );
  /** Writes for a time at a speed; returns how long the reader was told to wait in all. */
  const write = (mbPerSecond: number, ms: number): number => {
    let waitedMs = 0;
    for (const endMs = clock.now + ms; clock.now < endMs; clock.now += 10) {
      waitedMs += gate.took((mbPerSecond * MB) / 100);
    }
    return waitedMs;
  };
  return { clock, floods, gate, write };
}

test.each([
  ['a quiet service', 1, 10_000],
  ['a busy one', 7.5, 10_000],
  ['a burst', 100, 1900],
])('%s is taken as it comes', (_name, mbPerSecond, ms) => {
  const { floods, gate, write } = makeGate();
  expect(write(mbPerSecond, ms)).toBe(0);
  expect(floods).toEqual([]);
  expect(gate.isSlowing).toBe(false);
});

test('a flood is told once, and slowed down to 4 MB a second', () => {
  const { clock, floods, gate, write } = makeGate();
  write(9, 2000);
  gate.took(0);
  expect(floods).toEqual([9]);
  expect(gate.isSlowing).toBe(true);
  // As a reader does it: it waits as long as it is told, and the writer has filled the pipe meanwhile.
  const beganMs = clock.now;
  let bytes = 0;
  for (let turn = 0; turn < 1000; turn += 1) {
    bytes += 64 * 1024;
    clock.now += gate.took(64 * 1024);
  }
  expect(bytes / MB / ((clock.now - beganMs) / 1000)).toBeCloseTo(4, 0);
  expect(floods).toEqual([9]);
});

test('one that is at peace again is taken as it comes', () => {
  const { clock, floods, gate, write } = makeGate();
  write(20, 2100);
  expect(gate.isSlowing).toBe(true);
  clock.now += 60_000;
  expect(gate.isSlowing).toBe(false);
  expect(write(1, 3000)).toBe(0);
  write(20, 4100);
  expect(gate.isSlowing).toBe(true);
  expect(floods).toHaveLength(1);
});
