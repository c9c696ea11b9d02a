// Timers of each service: those that are left when it ends never fire, and one that has ended starts none.
import type { TimerOptions } from 'node:timers';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { replaceMethod } from '../replace.ts';
import { ownerHere, runIn, theThread } from './scopes.ts';
import type { SharedScope } from './shared-scope.ts';

/** Node's own, for the launcher. */
export const { setTimeout: startTimer, setImmediate: nextTurn } = timers;

type Start = (...args: unknown[]) => NodeJS.Timeout;

/** Replaces the functions of `node:timers`, which are the global ones as well, and of `node:timers/promises`. */
export function keepTimers(): void {
  for (const name of ['setTimeout', 'setInterval'] as const) {
    replaceMethod(
      timers,
      name,
      (original) =>
        function (this: unknown, ...args: unknown[]): unknown {
          const owner = ownerHere();
          // A package's own timer runs on behalf of the thread, not of the service that has loaded the package first.
          const begin = (): NodeJS.Timeout => Reflect.apply(original as Start, this, args);
          return kept(owner, owner === theThread() ? runIn(owner, begin) : begin());
        },
    );
  }
  replaceMethod(
    timers,
    'setImmediate',
    (original) =>
      function (this: unknown, ...args: unknown[]): unknown {
        const immediate = Reflect.apply(original, this, args) as NodeJS.Immediate;
        if (ownerHere().isEnded) timers.clearImmediate(immediate);
        return immediate;
      },
  );
  keepRefreshed();
  keepPromises();
  const { setTimeout, setInterval, setImmediate } = timers;
  Object.assign(globalThis, { setTimeout, setInterval, setImmediate });
}

/** Ends all timers of a service. */
export function clearTimers(scope: SharedScope): void {
  for (const timer of scope.timers.live()) timers.clearTimeout(timer);
}

function kept(owner: SharedScope, timer: NodeJS.Timeout): NodeJS.Timeout {
  if (owner.isEnded) timers.clearTimeout(timer);
  else owner.timers.add(timer);
  return timer;
}

/** One that has fired may be started again by `refresh`. */
function keepRefreshed(): void {
  const probe = startTimer(() => undefined, 0);
  timers.clearTimeout(probe);
  replaceMethod(
    Object.getPrototypeOf(probe) as object,
    'refresh',
    (original) =>
      function (this: unknown): unknown {
        Reflect.apply(original, this, []);
        kept(ownerHere(), this as NodeJS.Timeout);
        return this;
      },
  );
}

/** Made of the functions above: Node's own would start timers that nobody can find. */
function keepPromises(): void {
  const wait = (
    start: (done: () => void) => () => void,
    value: unknown,
    options: unknown,
  ): Promise<unknown> => {
    const { signal } = (options ?? {}) as { signal?: AbortSignal };
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(abortError(signal?.reason));
      if (signal?.aborted === true) return abort();
      const cancel = start(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve(value);
      });
      const onAbort = (): void => {
        cancel();
        abort();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  };
  const promised = {
    setTimeout: (delay?: number, value?: unknown, options?: TimerOptions) =>
      wait(
        (done) => {
          const timer = timers.setTimeout(done, delay);
          if (options?.ref === false) timer.unref();
          return () => timers.clearTimeout(timer);
        },
        value,
        options,
      ),
    setImmediate: (value?: unknown, options?: TimerOptions) =>
      wait(
        (done) => {
          const immediate = timers.setImmediate(done);
          if (options?.ref === false) immediate.unref();
          return () => timers.clearImmediate(immediate);
        },
        value,
        options,
      ),
  };
  // `util.promisify` asks this module as well.
  Object.assign(timersPromises, promised);
  Object.assign(timersPromises.scheduler, {
    wait: (delay: number, options?: TimerOptions) => promised.setTimeout(delay, undefined, options),
  });
  timersPromises.setInterval = async function* setInterval(delay, value, options) {
    for (;;) yield (await promised.setTimeout(delay, value, options)) as typeof value & {};
  } as typeof timersPromises.setInterval;
}

function abortError(cause: unknown): Error {
  const error = new Error('The operation was aborted', { cause });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
