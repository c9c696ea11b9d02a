// Follows one incarnation from its beginning to ready, or to the reason why it never will be.

import type { IncarnationExit } from '../placement/placement.ts';
import { baseUrl } from '../ports/base-url.ts';
import type { FromInside } from '../protocol.ts';
import type { ExtraPort, PortLease, ServiceSpec } from '../types.ts';
import * as failures from './failures.ts';
import { probeHttp } from './probe.ts';

/** What a ready incarnation has opened. */
export interface OpenedPorts {
  /** Null when it does not listen. */
  readonly url: string | null;
  readonly extraPorts: readonly ExtraPort[];
}

interface WatchOptions {
  readonly spec: ServiceSpec;
  readonly lease: PortLease;
  readonly lastLines: () => readonly string[];
  /** Called once: with what is open, or with the error. */
  readonly onReady: (opened: OpenedPorts) => void;
  readonly onFailure: (error: Error) => void;
  /** Called for every port beside the main one, at any time. */
  readonly onExtraPort: (extra: ExtraPort) => void;
}

/** Thrown inside the supervisor only: the port must be chosen anew and the incarnation made again. */
export class PortStolen extends Error {}

/** One life: collects what its messages say and decides once. After ready it explains why it ended. */
export class StartWatch {
  readonly #options: WatchOptions;
  readonly #extraPorts: ExtraPort[] = [];
  readonly #probe = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #scheme: 'http' | 'https' | null = null;
  #isStarted = false;
  #isProbing = false;
  #phase: 'starting' | 'ready' | 'over' = 'starting';
  #miss: string | null = null;
  #uncaught: (FromInside & { type: 'uncaught' }) | null = null;
  #exitCall: (FromInside & { type: 'exit' }) | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
    const { timeoutMs } = options.spec.ready;
    this.#timer = setTimeout(
      () => this.#fail(failures.notReady(this.#context(), timeoutMs, this.#reason())),
      timeoutMs,
    );
  }

  take(message: FromInside): void {
    switch (message.type) {
      case 'listening':
        if (message.isMain) this.#scheme = message.scheme;
        else this.#openExtra({ asked: message.asked, port: message.port });
        this.#check();
        return;
      case 'closed':
        this.#scheme = null;
        return;
      case 'started':
        this.#isStarted = true;
        this.#check();
        return;
      case 'failed':
        this.#fail(failures.failedToStart(this.#context(), message.error));
        return;
      case 'port-stolen':
        this.#fail(new PortStolen());
        return;
      case 'uncaught':
        this.#uncaught = message;
        return;
      case 'exit':
        this.#exitCall ??= message;
        return;
      case 'compile':
        return; // Answered by the placement.
    }
  }

  /** Why the incarnation ended; null when it had done what it was there for. Fails the start if it is not over. */
  explainExit({ exitCode, error }: IncarnationExit): Error | null {
    const reason = this.#explain(exitCode, error);
    if (reason !== null) this.#fail(reason);
    this.dispose();
    return reason;
  }

  /** Releases the timer and the probe. */
  dispose(): void {
    this.#phase = 'over';
    clearTimeout(this.#timer);
    this.#probe.abort();
  }

  #explain(exitCode: number, error: Error | null): Error | null {
    const context = this.#context();
    if (this.#uncaught !== null && exitCode !== 0) return failures.crashed(context, this.#uncaught.error);
    if (this.#exitCall !== null)
      return failures.calledExit(context, this.#exitCall.exitCode, this.#exitCall.stack);
    const isDone =
      this.#options.spec.ready.until === 'started' && this.#isStarted && exitCode === 0 && error === null;
    return isDone ? null : failures.endedByItself(context, exitCode, error);
  }

  #check(): void {
    const { ready } = this.#options.spec;
    const isListening = this.#scheme !== null || ready.until === 'started';
    if (this.#phase !== 'starting' || !this.#isStarted || !isListening || this.#isProbing) return;
    const url = this.#url();
    if (ready.http === null || url === null) {
      this.#succeed();
      return;
    }
    this.#isProbing = true;
    const target = `${url}${ready.http}`;
    const onMiss = (reason: string): void => {
      this.#miss = reason;
    };
    const { status, intervalMs } = ready;
    probeHttp({ url: target, status, intervalMs, signal: this.#probe.signal, onMiss }).then(
      () => this.#succeed(),
      () => undefined, // The watch is over: whoever ended it has said why.
    );
  }

  #openExtra(extra: ExtraPort): void {
    this.#extraPorts.push(extra);
    this.#options.onExtraPort(extra);
  }

  #succeed(): void {
    if (this.#phase !== 'starting') return;
    this.#phase = 'ready';
    clearTimeout(this.#timer);
    this.#options.onReady({ url: this.#url(), extraPorts: [...this.#extraPorts] });
  }

  #fail(error: Error): void {
    if (this.#phase !== 'starting') return;
    this.dispose();
    this.#options.onFailure(error);
  }

  #url(): string | null {
    const { host, port } = this.#options.lease;
    return this.#scheme === null ? null : baseUrl(host, port, this.#scheme);
  }

  #reason(): string {
    if (this.#miss !== null) return this.#miss;
    if (this.#scheme === null && this.#isStarted) return 'it never called listen()';
    return this.#isStarted ? 'its probe got no answer' : 'its start has not finished';
  }

  #context(): failures.FailureContext {
    const { spec, lastLines } = this.#options;
    return { service: spec.name, lastLines: lastLines(), isStarting: this.#phase === 'starting' };
  }
}
