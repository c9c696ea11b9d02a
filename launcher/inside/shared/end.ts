// The end of one service of a thread: what it has open is closed, and its modules are dropped. The others go on.
import { closeHandles } from './handles.ts';
import { closeSharedScope, runIn } from './scopes.ts';
import type { SharedScope } from './shared-scope.ts';
import { clearTimers, nextTurn, startTimer } from './timers.ts';

/** Thrown by `process.exit`, to end what the caller is doing. Nobody reports it. */
export class Ended extends Error {
  override readonly name = 'Ended';

  constructor(service: string) {
    super(`"${service}" has ended by process.exit`);
  }
}

let onEnded: (scope: SharedScope, exitCode: number) => void = () => undefined;
let hasAddons: () => boolean = () => false;
let dropModules: (scope: SharedScope) => void = () => undefined;

/** Says what else belongs to an end. `tell` is called when all is closed. */
export function prepareEnds(
  tell: (scope: SharedScope, exitCode: number) => void,
  modules: { readonly drop: (scope: SharedScope) => void; readonly hasAddons: () => boolean },
): void {
  onEnded = tell;
  dropModules = modules.drop;
  hasAddons = modules.hasAddons;
}

/** Ends a service at once. Its handlers for `exit` are called, unless it is ended from outside. */
export function endScope(scope: SharedScope, exitCode: number, isForced = false): void {
  if (scope.isEnded) return;
  if (!isForced && !scope.isEnding) {
    scope.isEnding = true;
    try {
      runIn(scope, () => scope.events.emit('exit', exitCode));
    } catch {
      // As in a process: an error in the last handler changes nothing about the end.
    }
  }
  leave(scope, exitCode);
}

function leave(scope: SharedScope, exitCode: number): void {
  // A handler for `exit` may have called `process.exit` itself.
  if (scope.isEnded) return;
  closeSharedScope(scope);
  process.exitCode = undefined;
  clearTimers(scope);
  closeHandles(scope);
  dropModules(scope);
  // A turn later its connections are closed, and what it has said is with main.
  nextTurn(() => onEnded(scope, exitCode));
}

/** Pause between two looks whether a service has anything left to do, in milliseconds. */
const LOOK_MS = 10;
/** How often in a row it must have nothing left: while it stops, and when nobody has asked it to. */
const LOOKS_AT_STOP = 2;
const LOOKS_BY_ITSELF = 100;

/** What the scopes know about. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['Timeout', 'Immediate', 'TCPServerWrap', 'PipeServerWrap', 'TCPSocketWrap', 'PipeWrap', 'TLSWrap'],
  ...['UDPWRAP', 'UDPWrap', 'ProcessWrap', 'Worker', 'MessagePort', 'FSEventWrap', 'StatWatcher', 'TTYWrap'],
  ...['CloseReq', 'SignalWrap', 'TickObject'],
]);

/**
 * Looks whether services have come to their natural end, as Node does it for a process. Work in native code cannot be
 * seen: one that nobody has asked to stop must be idle for a second, in a thread where no native addon is loaded.
 */
export class QuietWatch {
  readonly #idle = new Map<SharedScope, number>();
  #isLooking = false;

  /** From now on a service that has nothing left to do is ended. */
  follow(scope: SharedScope): void {
    this.#idle.set(scope, 0);
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    startTimer(() => {
      this.#isLooking = false;
      this.#look();
      if (this.#idle.size > 0) this.#lookLater();
    }, LOOK_MS).unref();
  }

  #look(): void {
    const isThreadBusy = process.getActiveResourcesInfo().some((name) => !KNOWN.has(name));
    for (const [scope, looks] of this.#idle) {
      if (scope.isEnded) {
        this.#idle.delete(scope);
        continue;
      }
      const isIdle = !isThreadBusy && (scope.openNames?.() ?? []).length === 0;
      this.#idle.set(scope, isIdle ? looks + 1 : 0);
      if (isIdle) this.#judge(scope, looks + 1);
    }
  }

  #judge(scope: SharedScope, looks: number): void {
    // The launcher itself waits for what the program does next.
    const isAwaited = scope.onMainListen !== null;
    const mayEnd = scope.stopStep === 'signal' || (!scope.isLoading && !hasAddons());
    if (!isAwaited && !mayEnd) return;
    if (looks < (isAwaited || scope.stopStep === 'signal' ? LOOKS_AT_STOP : LOOKS_BY_ITSELF)) return;
    this.#idle.set(scope, 0);
    runIn(scope, () => scope.events.emit('beforeExit', Number(process.exitCode ?? 0)));
    if (!isAwaited && (scope.openNames?.() ?? []).length === 0)
      endScope(scope, Number(process.exitCode ?? 0));
  }
}
