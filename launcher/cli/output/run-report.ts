// Tells a run while it lives, on an output.

import type { FaultCounts } from '../../snapshot.ts';
import type { RunEvents } from '../../supervisor/events.ts';
import type { ReadyRow, ServiceSpec } from '../../types.ts';
import type { Uber } from '../../uber.ts';
import { errorEvent } from './error-text.ts';
import { LogLines } from './log-lines.ts';
import type { Output } from './output.ts';
import { placementText, table } from './text.ts';

/** Subscribes to everything worth telling. What it returns resolves when nothing is held back any more. */
export function reportRun(uber: Uber, output: Output): () => Promise<void> {
  if (!output.isJson) return reportAsText(uber, output);
  reportAsJson(uber, output);
  return () => Promise.resolve();
}

function reportAsJson(uber: Uber, output: Output): void {
  const { emitter } = uber;
  emitter.on('log', ({ fields: _parsed, timeMs, ...line }) =>
    output.event({ event: 'log', time: timeMs, ...line }),
  );
  emitter.on('ready', (row) => output.event({ event: 'ready', ...row }));
  emitter.on('listening', (row) => output.event({ event: 'listening', ...row }));
  emitter.on('up', (up) => output.event({ event: 'up', ...up }));
  emitter.on('fault', ({ error, restartInMs }) =>
    output.event({ ...errorEvent(error), event: 'fault', restartInMs }),
  );
  emitter.on('degraded', (degraded) => output.event({ event: 'degraded', ...degraded }));
  emitter.on('failed', ({ error }) => output.error(error));
  emitter.on('stopped', (stopped) => output.event({ event: 'stopped', ...stopped }));
  emitter.on('swept', ({ error: { code, message, hint, lastLines }, ...swept }) =>
    output.event({ event: 'swept', ...swept, code, message, hint, lastLines }),
  );
  emitter.on('down', (down) => output.event({ event: 'down', ...down, faults: faultsOf(uber) }));
}

function reportAsText(uber: Uber, output: Output): () => Promise<void> {
  const { emitter, specs } = uber;
  const names = specs.map(({ name }) => name);
  const lines = new LogLines(names, output, (text) => output.line(text.slice(0, -1)));
  emitter.on('log', (line) => lines.write(line));
  let isUp = false;
  emitter.on('up', (up) => {
    isUp = true;
    lines.inOrder(() => output.line(upText(up, specs, output)));
  });
  emitter.on('listening', (row) => {
    // Before that it is in the table.
    if (isUp) lines.inOrder(() => output.line(`${row.service} listens on ${urlText(row)}`));
  });
  emitter.on('ready', (row) => {
    if (isUp) lines.inOrder(() => output.line(againText(row)));
  });
  emitter.on('fault', ({ error, restartInMs }) => output.warning(error, restartText(restartInMs)));
  emitter.on('degraded', ({ service, dependency, isDegraded }) => {
    const what = isDegraded ? `${dependency} is down` : `${dependency} is back`;
    lines.inOrder(() => output.line(output.paint('dim', `${service}: ${what}, on which it depends`)));
  });
  emitter.on('failed', ({ service, error }) => {
    const spec = specs.find(({ name }) => name === service);
    output.error(error, isUp && spec !== undefined ? downText(spec) : null);
  });
  emitter.on('swept', ({ error }) => output.warning(error, null));
  emitter.on('down', () => {
    const faults = Object.entries(faultsOf(uber));
    if (faults.length > 0) output.line(faultsText(faults));
  });
  return () => lines.settled();
}

function upText(
  { services, bootMs }: RunEvents['up'],
  specs: readonly ServiceSpec[],
  { paint }: Output,
): string {
  const places = new Map(specs.map((spec) => [spec.name, placementText(spec)]));
  const head = ['NAME', 'STATE', 'URL', 'PLACEMENT', 'BOOT'];
  const rows = services.map((row) => [
    row.service,
    'ready',
    urlText(row),
    places.get(row.service) ?? row.placement,
    `${row.bootMs} ms`,
  ]);
  const count = services.length === 1 ? '1 service' : `${services.length} services`;
  return `\n${table([head, ...rows], paint)}\n\n${paint('green', `${count} ready`)} in ${bootMs} ms. Ctrl+C stops.\n`;
}

function againText({ service, incarnation, bootMs }: ReadyRow): string {
  return `${service} is ready again after ${bootMs} ms (incarnation ${incarnation})`;
}

function downText({ isCritical }: ServiceSpec): string {
  return isCritical ? 'It is critical: the run stops.' : 'It stays down, and the others go on.';
}

function restartText(restartInMs: number | null): string | null {
  return restartInMs === null ? null : `It is started again in ${restartInMs} ms.`;
}

/** What went wrong in the whole run: service -> code -> how often. */
function faultsOf(uber: Uber): Record<string, FaultCounts> {
  const all = uber.snapshot().services.map(({ service, faults }) => [service, faults] as const);
  return Object.fromEntries(all.filter(([, faults]) => Object.keys(faults).length > 0));
}

function faultsText(all: readonly (readonly [string, FaultCounts])[]): string {
  const texts = all.map(([service, faults]) => {
    const counts = Object.entries(faults).map(([code, count]) => (count === 1 ? code : `${count} x ${code}`));
    return `${service} ${counts.join(', ')}`;
  });
  return `Faults in this run: ${texts.join('; ')}`;
}

/** The address, then what else is open: `metrics:9090->:40007`, `udp:5353`, `socket:<path>`. */
function urlText({ url, extraPorts, sockets }: ReadyRow): string {
  const ports = extraPorts.map(({ name, asked, port, protocol }) => {
    if (protocol === 'udp') return `udp:${port}`;
    if (asked === 0) return `:${port}`;
    return name === null || name === String(asked) ? `${asked}->:${port}` : `${name}:${asked}->:${port}`;
  });
  return [url ?? '-', ...ports, ...sockets.map(({ path }) => `socket:${path}`)].join(' ');
}
