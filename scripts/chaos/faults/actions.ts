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
  const broken: string[] = [];
  const what = `step ${step.number}, ${step.kind} of ${step.services.join(', ')}`;
  await Promise.all(step.services.map((service) => actOn(step.kind, service, context))).catch(
    (error: unknown) => broken.push(`${what}: ${error instanceof Error ? error.message : String(error)}`),
  );
  const isReady = (name: string): boolean => invariants.stateOf(name) === 'ready';
  // A start that had no port is not tried again by itself.
  for (const name of step.touched) {
    if (['failed', 'stopped'].includes(invariants.stateOf(name)))
      await uber.startService(name).catch(() => undefined);
  }
  const isBack = await invariants.until(() => step.touched.every(isReady), LOST_MS);
  const lost = step.touched.filter((name) => !isReady(name));
  if (!isBack)
    broken.push(`${what}: lost: ${lost.map((name) => `${name} is ${invariants.stateOf(name)}`).join(', ')}`);
  return { againMs: isBack ? performance.now() - beganMs : null, broken };
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
  const server = createServer();
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
