// What follows when a service has ended by itself: a pause and a new start, or nothing more.

import type { UberError } from '../errors.ts';
import type { ServiceSpec } from '../types.ts';
import type { RunEmitter } from './events.ts';
import { givenUp, workDone } from './failures.ts';
import type { Settle } from './instance.ts';
import { decideRestart } from './restart-policy.ts';

interface RecoveryOptions {
  readonly emitter: RunEmitter;
  /** In milliseconds of any clock. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Starts a service whose pause is over. */
  readonly startAgain: (service: string) => void;
  /** A service on which the run depends is given up. */
  readonly onCriticalLost: () => void;
}

/** Remembers how often each service has ended, and holds the pauses. */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #endsMs = new Map<string, readonly number[]>();
  readonly #pauses = new Map<string, NodeJS.Timeout>();

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Decides what follows on an end and tells it; `error` is null when the service had done its work. */
  settle(spec: ServiceSpec, error: UberError | null, become: Settle): void {
    const { name, restart } = spec;
    const { emitter, now, random, startAgain } = this.#options;
    const nowMs = now();
    const endsMs = [...(this.#endsMs.get(name) ?? []), nowMs].slice(-restart.attempts - 1);
    this.#endsMs.set(name, endsMs);
    const decision = decideRestart(restart, { isFailure: error !== null, endsMs, nowMs, random: random() });
    if (decision.kind === 'restart') {
      const { delayMs } = decision;
      // Before it is told: who hears of it may cancel it at once.
      const pause = setTimeout(() => {
        this.#pauses.delete(name);
        startAgain(name);
      }, delayMs);
      this.#pauses.set(name, pause);
      become('backoff');
      emitter.emit('fault', { service: name, error: error ?? workDone(name), restartInMs: delayMs });
      return;
    }
    if (error === null && decision.kind === 'leave') {
      become('stopped');
      emitter.emit('stopped', { service: name });
      return;
    }
    const end = error ?? workDone(name);
    const told = decision.kind === 'give-up' ? givenUp(end, decision.ends, restart.windowMs) : end;
    this.giveUp(spec, told, become);
  }

  /** It stays down: it has ended too often, or could not do what somebody asked for. */
  giveUp({ name, isCritical }: ServiceSpec, error: UberError, become: Settle): void {
    become('failed');
    this.#options.emitter.emit('failed', { service: name, error });
    if (isCritical) this.#options.onCriticalLost();
  }

  /** Somebody starts it: what was before no longer counts. */
  forget(service: string): void {
    this.cancel(service);
    this.#endsMs.delete(service);
  }

  /** Somebody has decided otherwise: the pause of a service is over, and no start follows. */
  cancel(service: string): void {
    clearTimeout(this.#pauses.get(service));
    this.#pauses.delete(service);
  }

  /** The run ends. */
  cancelAll(): void {
    for (const service of [...this.#pauses.keys()]) this.cancel(service);
  }
}
