// Does one step of the plan to the services of a run, and waits until they are ready again.
import { get } from 'node:http';
import { createServer } from 'node:net';
import type { UberHandle } from '../../../launcher/index.ts';
import type { Invariants } from './invariants.ts';
import { DEADLY, LASTING, type Step, type StepKind } from './plan.ts';

/** Longest time until a service is ready again before it counts as lost, in milliseconds. */
const LOST_MS = 30_000;

/** What the actions work on. */
export interface ActionContext {
  readonly uber: UberHandle;
  readonly invariants: Invariants;
  /** Base URLs, which do not change. */
  readonly urls: Readonly<Record<string, string>>;
}

/** How a step went. */
export interface StepResult {
  /** Until all were ready again, in milliseconds; null when one was lost. */
  readonly againMs: number | null;
  readonly broken: readonly string[];
}

/** Does a step. Never throws: what went wrong is in the result. */
export async function act(step: Step, context: ActionContext): Promise<StepResult> {
  const beganMs = performance.now();
  const { uber, invariants } = context;
  const { kind, services, touched } = step;
  const before = new Map(touched.map((name) => [name, invariants.incarnationOf(name)]));
  const done = await Promise.allSettled(services.map((service) => actOn(kind, service, context)));
  const wrong = done.flatMap((each) => (each.status === 'rejected' ? String(each.reason) : []));
  // A start that had no port is not tried again by itself.
  const isDown = (name: string): boolean => ['failed', 'stopped'].includes(invariants.stateOf(name));
  for (const name of touched.filter(isDown)) await uber.startService(name).catch(() => undefined);
  // Those that are started again with another follow it: one that is still ready has it before it.
  const isBack = (name: string): boolean =>
    invariants.stateOf(name) === 'ready' && invariants.incarnationOf(name) > (before.get(name) ?? 0);
  const areBack = await invariants.until(() => touched.every(isBack), LOST_MS);
  const lost = touched
    .filter((name) => !isBack(name))
    .map((name) => `${name} is ${invariants.stateOf(name)}`);
  if (!areBack) wrong.push(`lost: ${lost.join(', ')}`);
  const what = `step ${step.number}, ${kind} of ${services.join(', ')}`;
  return {
    againMs: areBack ? performance.now() - beganMs : null,
    broken: wrong.map((text) => `${what}: ${text}`),
  };
}

function actOn(kind: StepKind, service: string, context: ActionContext): Promise<unknown> {
  if (isOneOf(DEADLY, kind)) return end(kind, service, context);
  if (isOneOf(LASTING, kind)) return disturb(kind, service, context);
  return ACTIONS[kind](service, context);
}

const ACTIONS: Readonly<
  Record<
    Exclude<StepKind, (typeof DEADLY)[number] | (typeof LASTING)[number]>,
    (service: string, context: ActionContext) => Promise<unknown>
  >
> = {
  restart: (service, { uber }) => uber.restart(service),
  'many at once': (service, { uber }) => uber.restart(service),
  'stop and start': async (service, { uber }) => {
    await uber.stopService(service);
    await uber.startService(service);
  },
  'restart while starting': (service, { uber }) =>
    Promise.all([uber.restart(service), uber.restart(service)]),
  'stop while starting': async (service, { uber, invariants }) => {
    const restart = uber.restart(service).catch(codeOf);
    await invariants.until(() => invariants.stateOf(service) === 'starting', LOST_MS);
    await uber.stopService(service);
    expectCode(await restart, 'STOPPED_EARLY');
    await uber.startService(service);
  },
  'stop during backoff': async (service, context) => {
    const { uber, invariants } = context;
    await endInto('exit', service, context);
    await uber.stopService(service);
    if (invariants.stateOf(service) !== 'stopped') throw new Error('it is not stopped');
    await uber.startService(service);
  },
  'port taken while down': async (service, context) => {
    await context.uber.stopService(service);
    const release = await takePort(context, service);
    const code = await context.uber.startService(service).catch(codeOf);
    await release();
    if (typeof code !== 'string') throw new Error('it started on a port that was taken');
  },
  'port taken during backoff': async (service, context) => {
    const { invariants } = context;
    await endInto('throw', service, context);
    const release = await takePort(context, service);
    // Its next start meets the taken port.
    await invariants.until(() => invariants.stateOf(service) !== 'backoff', LOST_MS);
    await invariants.until(() => invariants.stateOf(service) !== 'starting', LOST_MS);
    await release();
  },
};

/** Asks the service for its end, and waits for that. */
async function end(fault: string, service: string, context: ActionContext): Promise<void> {
  await endInto(fault, service, context);
}

async function endInto(fault: string, service: string, context: ActionContext): Promise<void> {
  const { invariants } = context;
  await ask(fault, service, context);
  const hasEnded = await invariants.until(() => invariants.stateOf(service) !== 'ready', LOST_MS);
  if (!hasEnded) throw new Error('it did not end');
}

/** Asks the service for something it survives, and starts it again: a deaf one and one that leaks must be replaceable. */
async function disturb(fault: string, service: string, context: ActionContext): Promise<void> {
  await ask(fault, service, context);
  await context.uber.restart(service);
}

/** Its answer says which line it writes before the fault. */
async function ask(fault: string, service: string, { urls, invariants }: ActionContext): Promise<void> {
  const text = await new Promise<string>((resolve, reject) => {
    const request = get(`${urls[service]}/fault/${fault}`, { agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.once('end', () => resolve(body)).once('error', reject);
    });
    request.once('error', reject);
  });
  invariants.promise(service, JSON.parse(text));
}

/** Listens on the port of a service that is down. */
async function takePort({ urls }: ActionContext, service: string): Promise<() => Promise<void>> {
  const { hostname, port } = new URL(String(urls[service]));
  // The load still comes; a connection that is kept would hold the port.
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(Number(port), hostname, resolve);
  });
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function codeOf(error: { code?: unknown }): string {
  return String(error.code);
}

function expectCode(result: unknown, code: string): void {
  if (result !== code)
    throw new Error(`it ended with ${typeof result === 'string' ? result : 'a row'}, not with ${code}`);
}

function isOneOf<Kind extends string>(kinds: readonly Kind[], kind: string): kind is Kind {
  return (kinds as readonly string[]).includes(kind);
}
