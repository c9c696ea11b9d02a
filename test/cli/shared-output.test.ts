// What the command says of services that share a thread: which thread, and each thing once.
import { makeProject } from '../support/project.ts';
import { runUber, UberProcess } from '../support/uber-process.ts';

const BLOCKS = "require('http').createServer((q) => { if (q.url === '/block') for (;;); }).listen(0);";

function sharingProject() {
  const shared = { placement: 'shared', sharedThread: 'left', blockedMs: 200 };
  const services = { bar: shared, baz: shared, foo: shared, none: { placement: 'shared' } };
  return makeProject({
    files: {
      ...Object.fromEntries(Object.keys(services).map((name) => [`services/${name}.cjs`, BLOCKS])),
      'uber.config.json': JSON.stringify({ services }),
    },
    packages: false,
  });
}

test('tables name the thread, when it is not the one for all', async () => {
  using project = sharingProject();
  const { stdout } = await runUber(['up', '--dry-run'], { cwd: project.root });
  expect(stdout).toMatch(/^foo .* shared \(left\) /m);
  expect(stdout).toMatch(/^none .* shared {2,}-$/m);
  await using uber = new UberProcess(['up'], { cwd: project.root });
  await uber.until(() => uber.stdout.includes('Ctrl+C stops'), 'the table');
  expect(uber.stdout).toMatch(/^foo .* shared \(left\) /m);
  expect(uber.stdout).toMatch(/^none .* shared {2,}\d+ ms$/m);
});

test('when a thread ends, the advice for all in it is told once, and a place is told once', async () => {
  using project = sharingProject();
  await using uber = new UberProcess(['foo', 'bar', 'baz'], { cwd: project.root });
  await uber.until(() => uber.stdout.includes('Ctrl+C stops'), 'the table');
  const url = /^foo .*(http\S+)/m.exec(uber.stdout)?.[1];
  await fetch(`${url}/block`).catch(() => undefined);
  const ready = (name: string): boolean => uber.stdout.includes(`${name} is ready again`);
  await uber.until(() => ['foo', 'bar', 'baz'].every(ready), 'the second lives');
  const { stderr } = uber;
  expect(stderr.match(/^warning: "ba[rz]" has ended/gm)).toHaveLength(2);
  expect(stderr.match(/^Give the service at fault a thread of its own/gm)).toHaveLength(1);
  expect(stderr).toMatch(/^warning: "foo" was ended: its event loop was blocked .* at .*foo\.cjs:1:\d+\.$/m);
  expect(stderr).not.toMatch(/^ {2}at \S*foo\.cjs:1:\d+$/m);
});
