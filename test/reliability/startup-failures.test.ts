// Every way in which a start fails: what the screen says, the code, the exit code, and that nothing is left.
import { createServer } from 'node:net';
import { devNull } from 'node:os';
import { startUber } from '../../launcher/start-uber.ts';
import { configOf, filesOf, MOMENT_FILE, STARTUP_FAULTS } from '../../scripts/chaos/startup/faults.ts';
import { inPlacement, placementArguments } from '../support/compat.ts';
import { APART } from '../support/placements.ts';
import { makeProject } from '../support/project.ts';
import { runUber } from '../support/uber-process.ts';

const CASES = Object.entries(STARTUP_FAULTS).flatMap(([name, fault]) =>
  APART.filter((placement) => (fault.placements ?? APART).includes(placement)).map(
    (placement) => [name, placement, fault] as const,
  ),
);

/** Holds a free port, as another program would. */
async function takePort(): Promise<AsyncDisposable & { readonly number: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: number } = server.address() as { port: number };
  return { number, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

test.concurrent.each(CASES)(
  '%s, in placement %s, is told on the screen and in the exit code, and nothing is left',
  async (_name, placement, fault) => {
    await using port = fault.needsTakenPort === true ? await takePort() : null;
    const number = port?.number ?? null;
    using project = makeProject({ files: filesOf(fault, number) });
    // Where a fault notes its moment, which `npm run chaos -- startup` measures.
    const env = { [MOMENT_FILE]: devNull };
    const result = await runUber(['foo', ...placementArguments(placement)], { cwd: project.root, env });
    const screen = result.stderr.replaceAll('file://', '').replaceAll(project.root, '<root>');
    for (const text of fault.says) expect(screen).toContain(text.replace('<port>', String(number)));
    expect(screen.match(/^error: /gm)).toHaveLength(1);
    const { exitCode } = fault;
    expect({ exitCode: result.exitCode, signal: result.signal }).toEqual({ exitCode, signal: null });
    expect(project.leftRuns()).toEqual([]);
  },
);

test.each(CASES)(
  '%s, in placement %s, rejects the start with its code, and nothing is left',
  async (_name, placement, fault) => {
    await using port = fault.needsTakenPort === true ? await takePort() : null;
    using project = makeProject({ files: { ...fault.files } });
    const start = startUber({
      cwd: project.root,
      services: ['foo'],
      config: configOf(fault, port?.number ?? null),
      env: [`${MOMENT_FILE}=${devNull}`],
      ...inPlacement(placement),
    });
    await expect(start).rejects.toMatchObject({ code: fault.code });
    expect(project.leftRuns()).toEqual([]);
  },
);
