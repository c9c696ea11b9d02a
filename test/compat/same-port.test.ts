// One program with hard-coded ports, more than once at a time: in one run, and in two runs of one project.
import { startUber } from '../../launcher/index.ts';
import type { ReadyRow } from '../../launcher/types.ts';
import { inPlacement, makeProgramProject, placementArguments } from '../support/compat.ts';
import { PLACEMENTS } from '../support/placements.ts';
import { PROGRAMS } from '../support/programs.ts';
import { isListening } from '../support/project.ts';
import { UberProcess } from '../support/uber-process.ts';

/** Listens on 3000, and on 9090 with the number of its requests. */
const PROGRAM = 'metrics-port';
const { service } = PROGRAMS[PROGRAM];

/** Calls one of them: its metrics tell it from the others. */
async function visit(row: ReadyRow | undefined): Promise<string> {
  const extraPort = row?.extraPorts.find(({ asked }) => asked === 9090)?.port;
  expect(await (await fetch(String(row?.url))).json()).toEqual({ hello: 'world' });
  return (await fetch(`http://127.0.0.1:${extraPort}`)).text();
}

describe.each(PLACEMENTS)('in placement %s', (placement) => {
  test('two services of one run are the same program', async () => {
    using project = makeProgramProject(PROGRAM);
    await using uber = await startUber({
      cwd: project.root,
      config: { services: { east: service, west: service } },
      ...inPlacement(placement),
    });
    const [east, west] = uber.snapshot().services.map(({ ready }) => ready ?? undefined);
    expect([east?.service, west?.service]).toEqual(['east', 'west']);
    expect(await visit(east)).toBe('http_requests_total 1\n');
    expect(await visit(east)).toBe('http_requests_total 2\n');
    expect(await visit(west)).toBe('http_requests_total 1\n');
    await uber.restart('east');
    expect(await visit(uber.snapshot().services[0]?.ready ?? undefined)).toBe('http_requests_total 1\n');
    expect(await visit(west)).toBe('http_requests_total 2\n');
  });

  test('two runs of one project do not meet', async () => {
    using project = makeProgramProject(PROGRAM);
    project.write({ 'uber.config.json': JSON.stringify({ services: { east: service, west: service } }) });
    const args = ['up', '--json', ...placementArguments(placement)];
    await using first = new UberProcess(args, { cwd: project.root });
    await using second = new UberProcess(args, { cwd: project.root });
    const rows = (await Promise.all([first.event('up'), second.event('up')])).map(
      ({ services }) => services as ReadyRow[],
    );
    const all = rows.flat();
    expect(all.map((row) => row.service)).toEqual(['east', 'west', 'east', 'west']);
    const ports = all.flatMap(({ port, extraPorts }) => [port, ...extraPorts.map((extra) => extra.port)]);
    expect(new Set(ports).size).toBe(8);
    for (const row of all) expect(await visit(row)).toBe('http_requests_total 1\n');

    first.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ signal: 'SIGTERM', stderr: '' });
    expect(await Promise.all(all.map(({ url }) => isListening(String(url))))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(await visit(rows[1]?.[0])).toBe('http_requests_total 2\n');
    second.kill('SIGTERM');
    expect(await second.ended).toMatchObject({ signal: 'SIGTERM', stderr: '' });
    expect(project.leftRuns()).toEqual([]);
  });
});
