// `uber up`, and `uber foo bar`: runs services in the foreground until a signal.
import { setFlagsFromString } from 'node:v8';
import { readCatalog } from '../../catalog/catalog.ts';
import { resolveConfig } from '../../config/resolve-config.ts';
import { ERROR_CODES, toUberError, UberError } from '../../errors.ts';
import type { UberConfig } from '../../options.ts';
import type { RestartPolicyName } from '../../types.ts';
import { createUber, type Uber } from '../../uber.ts';
import { endProcess, type Outcome } from '../outcome.ts';
import { createOutput, type Output } from '../output/output.ts';
import { printKnownServices, printPlan } from '../output/plan-text.ts';
import { reportRun } from '../output/run-report.ts';
import { type SelectionArgs, toUberOptions } from '../selection-options.ts';
import { onStopSignals } from '../signals.ts';

/** What the options of `uber up` parse to. */
export interface UpArgs extends SelectionArgs {
  readonly _: readonly string[];
  readonly dryRun: boolean;
  readonly keep: boolean;
  readonly host: string | undefined;
  readonly waitTimeout: number | undefined;
  readonly restart: RestartPolicyName;
}

/** Runs until something ends it, or prints what there is and what would be started. */
export async function run(args: UpArgs): Promise<Outcome> {
  const output = createOutput(args);
  const outcome = await choose(args, output);
  await output.end();
  return outcome;
}

async function choose(args: UpArgs, output: Output): Promise<Outcome> {
  assertTimeout(args.waitTimeout);
  const { keep, host, restart } = args;
  const config = await resolveConfig({ ...toUberOptions(args), keep, host, restart });
  if (args.services.length === 0 && args._[0] !== 'up' && !args.dryRun) {
    printKnownServices(readCatalog(config), output);
    return { exitCode: 0 };
  }
  if (args.dryRun) {
    printPlan(config, output);
    return { exitCode: 0 };
  }
  return runInForeground(config, args.waitTimeout, output);
}

/**
 * V8 hands what is called often to threads of its own to be compiled (Sparkplug, a compiler that takes microseconds). Where
 * many services start together these are in each other's way: each does it by itself, for 4 % less CPU time.
 */
function compileOnEachThread(): void {
  setFlagsFromString('--no-concurrent-sparkplug');
}

/** Runs until something ends it: a signal, a failure, a reader that has gone, or no service left. */
async function runInForeground(
  config: UberConfig,
  waitTimeout: number | undefined,
  output: Output,
): Promise<Outcome> {
  compileOnEachThread();
  const uber = createUber(config, output.flow);
  const whenTold = reportRun(uber, output);
  const told = new Set<unknown>();
  uber.emitter.on('failed', ({ error }) => told.add(error));
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<Outcome>((resolve) => {
    onStopSignals({
      onFirst: (signal) => resolve({ signal }),
      onSecond: (signal) => {
        uber.abandon();
        endProcess({ signal });
      },
    });
    output.onGone(() => resolve({ exitCode: 0 }));
    const afterEnd = (): void => {
      if (isOver(uber)) resolve({ exitCode: hasFailed(uber) ? 1 : 0 });
    };
    uber.emitter.on('up', () => {
      uber.emitter.on('failed', afterEnd);
      uber.emitter.on('stopped', afterEnd);
      // A service on which the run depends was given up, and the run has ended by itself.
      uber.emitter.on('down', afterEnd);
      afterEnd();
    });
    timer =
      waitTimeout === undefined
        ? undefined
        : setTimeout(() => resolve(timeOut(uber, waitTimeout, output)), waitTimeout * 1000);
    uber.start().then(
      () => clearTimeout(timer),
      (error) => resolve(failed(error, told, output)),
    );
  });
  const outcome = await end;
  clearTimeout(timer);
  const waiting = setTimeout(() => output.line(waitingText(uber)), WAITING_MS);
  await uber.stop();
  clearTimeout(waiting);
  await whenTold();
  if (config.keep) output.line(`Kept: ${uber.directory}`);
  return 'exitCode' in outcome ? { ...outcome, isStuck: uber.isStuck } : outcome;
}

/** A stop that takes longer is explained, in milliseconds. */
const WAITING_MS = 1000;

function waitingText(uber: Uber): string {
  const late = uber.snapshot().services.filter(({ state }) => state === 'stopping');
  return `Stopping, and waiting for ${late.map(({ service }) => service).join(', ') || 'the end'}. Ctrl+C ends at once.`;
}

/** A failure of a service has been told at once, as an event; anything else has not. */
function failed(thrown: unknown, told: ReadonlySet<unknown>, output: Output): Outcome {
  const error = toUberError(thrown);
  if (error.code !== 'STOPPED_EARLY' && !told.has(error)) output.error(error);
  return { exitCode: ERROR_CODES[error.code].exitCode };
}

function timeOut(uber: Uber, seconds: number, output: Output): Outcome {
  const late = uber.snapshot().services.filter(({ state }) => state !== 'ready');
  const names = late.map(({ service, state }) => `${service} (${state})`).join(', ');
  const error = new UberError('TIMED_OUT', `Not ready after ${seconds} s: ${names}.`, {
    hint: 'Raise --wait-timeout.',
  });
  output.error(error);
  return { exitCode: ERROR_CODES.TIMED_OUT.exitCode };
}

function isOver(uber: Uber): boolean {
  return uber.snapshot().services.every(({ state }) => state === 'stopped' || state === 'failed');
}

function hasFailed(uber: Uber): boolean {
  return uber.snapshot().services.some(({ state }) => state === 'failed');
}

/** A day: longer than any start, and no timer of Node overflows. */
const MOST_SECONDS = 86_400;

function assertTimeout(seconds: number | undefined): void {
  if (seconds === undefined || (seconds > 0 && seconds <= MOST_SECONDS)) return;
  throw new UberError(
    'USAGE',
    `--wait-timeout takes a number of seconds from 1 to ${MOST_SECONDS}, got ${seconds}.`,
  );
}
