import { whyNodeIsTooOld } from '../launcher/node-version.ts';

test.each([
  ['20.20.2', 'uber needs Node 22.18 or newer; this is Node 20.20.2.'],
  ['22.17.1', 'uber needs Node 22.18 or newer; this is Node 22.17.1.'],
  ['22.18.0', null],
  ['24.0.0', null],
])('of Node %s it says %s', (version, expected) => {
  expect(whyNodeIsTooOld(version)).toBe(expected);
});
