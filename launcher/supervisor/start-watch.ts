// Follows one incarnation from its beginning to ready, or to the reason why it never will be.

import type { UberError } from '../errors.ts';
import type { IncarnationExit, Sighting } from '../placement/placement.ts';
import { baseUrl } from '../ports/base-url.ts';
import type { FromInside } from '../protocol.ts';
import type { ExtraPort, MovedSocket, PortLease, ServiceSpec } from '../types.ts';
import * as failures from './failures.ts';
import { leftOpen, sharedSingleton, stopFailed, whereBlocked } from './faults.ts';
import { probeHttp } from './probe.ts';

/** What a ready incarnation has opened. */
export interface OpenedPorts {
  /** Null when it does not listen. */
  readonly url: string | null;
  readonly extraPorts: readonly ExtraPort[];
  readonly sockets: readonly MovedSocket[];
}

/** What a watch needs of its incarnation. */
export interface WatchOptions {
  readonly spec: ServiceSpec;
  readonly lease: PortLease;
  readonly lastLines: () => readonly string[];
  /** Called once: with what is open, or with the error. */
  readonly onReady: (opened: OpenedPorts) => void;
  readonly onFailure: (error: Error) => void;
  /** Called when it opens something, at any time. */
  readonly onOpened: (opened: OpenedPorts) => void;
  /** What a port beside the main one is called. */
  readonly nameOf: (asked: number) => string | null;
  /** Something is wrong with it, and it lives. */
  readonly onFault: (error: UberError) => void;
  /** Why its event loop does not turn; null when it does. */
  readonly whyBlocked: () => Promise<Sighting | null>;
}

const NEVER_LISTENS =
  'One that is not meant to listen sets ready: "started". ' +
  'If it only starts another program (nodemon, tsx, npm), name the file that listens as its entry.';

/** Thrown inside the supervisor only: the port must be chosen anew and the incarnation made again. */
export class PortStolen extends Error {
  /** Null for the main port, else what the program asked for. */
  readonly asked: number | null;

  constructor(asked: number | null) {
    super('the port was taken');
    this.asked = asked;
  }
}

/** One life: collects what its messages say and decides once. After ready it explains why it ended. */
export class StartWatch {
  readonly #options: WatchOptions;
  readonly #extraPorts: ExtraPort[] = [];
  readonly #sockets: MovedSocket[] = [];
  readonly #probe = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #scheme: 'http' | 'https' | null = null;
  /** In a shared thread services begin one after the other. */
  #isQueued: boolean;
  #isStarted = false;
  #isProbing = false;
  #phase: 'starting' | 'ready' | 'over' = 'starting';
  #miss: string | null = null;
  #uncaught: (FromInside & { type: 'uncaught' }) | null = null;
  #blame: Error | null = null;
  #exitCall: (FromInside & { type: 'exit' }) | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#isQueued = options.spec.placement === 'shared';
    const { timeoutMs } = options.spec.ready;
    this.#timer = setTimeout(async () => {
      // Others of its thread load; who blocks it for ever is found by the guard of its event loop.
      if (this.#isQueued) return void this.#timer.refresh();
      const sighting = await this.#options.whyBlocked();
      const reason =
        sighting === null
          ? this.#reason()
          : { reason: `its event loop is blocked ${whereBlocked(sighting)}`, stack: sighting.stack };
      this.#fail(failures.notReady(this.#context(), timeoutMs, reason));
    }, timeoutMs);
  }

  take(message: FromInside): void {
    switch (message.type) {
      case 'listening':
        this.#listens(message);
        this.#check();
        return;
      case 'udp':
        this.#add(this.#extraPorts, {
          name: this.#options.nameOf(message.port),
          asked: message.port,
          port: message.port,
          protocol: 'udp',
          url: baseUrl(this.#options.lease.host, message.port, 'udp'),
        });
        return;
      case 'socket':
        this.#add(this.#sockets, { asked: message.asked, path: message.path });
        return;
      case 'closed':
        this.#scheme = null;
        return;
      case 'begun':
        this.#isQueued = false;
        if (this.#phase === 'starting') this.#timer.refresh();
        return;
      case 'started':
        this.#isStarted = true;
        this.#check();
        return;
      case 'failed':
        this.#fail(failures.failedToStart(this.#context(), message.error));
        return;
      case 'port-stolen':
        this.#fail(new PortStolen(message.asked));
        return;
      case 'uncaught':
        this.#uncaught = message;
        return;
      case 'exit':
        this.#exitCall ??= message;
        return;
      case 'stop-failed':
        this.#options.onFault(stopFailed(this.#context(), message.error));
        return;
      case 'left-open':
        this.#options.onFault(leftOpen(this.#context(), message.open));
        return;
      case 'singleton':
        this.#options.onFault(sharedSingleton(this.#context(), message));
        return;
      case 'compile':
      case 'pong':
      case 'child':
      case 'child-ended':
        return; // Answered by the placement.
    }
  }

  /** It is about to be ended for this. */
  blame(error: Error): void {
    this.#blame = error;
  }

  /** Why the incarnation ended; null when it had done what it was there for. Fails the start if it is not over. */
  explainExit(exit: IncarnationExit): Error | null {
    const reason = this.#explain(exit);
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

  #explain(exit: IncarnationExit): Error | null {
    const { exitCode, error } = exit;
    const context = this.#context();
    if (this.#blame !== null) return this.#blame;
    if (exit.endedWith !== undefined) return failures.threadEnded(context, exit.endedWith);
    if (failures.isOutOfMemory(exit, context.lastLines)) return failures.outOfMemory(context, exit.heapMb);
    // Whatever the exit code: that of one whose `exit` handler throws is 0.
    if (this.#uncaught !== null)
      return failures.crashed(context, this.#uncaught.error, this.#uncaught.isRejection);
    const isDone =
      this.#options.spec.ready.until === 'started' && this.#isStarted && exitCode === 0 && error === null;
    if (isDone) return null;
    if (this.#exitCall !== null)
      return failures.calledExit(context, this.#exitCall.exitCode, this.#exitCall.stack);
    return failures.endedByItself(context, exit);
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

  #listens({ isMain, asked, port, scheme }: FromInside & { type: 'listening' }): void {
    if (isMain) {
      this.#scheme = scheme;
      this.#options.onOpened(this.#opened());
    } else {
      const url = baseUrl(this.#options.lease.host, port, scheme);
      this.#add(this.#extraPorts, { name: this.#options.nameOf(asked), asked, port, protocol: 'tcp', url });
    }
  }

  /** One that was closed and is open again is known. */
  #add<Opened extends ExtraPort | MovedSocket>(all: Opened[], opened: Opened): void {
    const text = JSON.stringify(opened);
    if (all.some((known) => JSON.stringify(known) === text)) return;
    all.push(opened);
    this.#options.onOpened(this.#opened());
  }

  #opened(): OpenedPorts {
    return { url: this.#url(), extraPorts: [...this.#extraPorts], sockets: [...this.#sockets] };
  }

  #succeed(): void {
    if (this.#phase !== 'starting') return;
    this.#phase = 'ready';
    clearTimeout(this.#timer);
    this.#options.onReady(this.#opened());
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

  #reason(): { reason: string; hint?: string } {
    if (this.#miss !== null) return { reason: this.#miss };
    if (this.#scheme === null && this.#isStarted)
      return this.#listensElsewhere() ?? { reason: 'it never called listen()', hint: NEVER_LISTENS };
    return { reason: this.#isStarted ? 'its probe got no answer' : 'its start has not finished' };
  }

  /** It does listen, but not on the port that the configuration calls the main one. */
  #listensElsewhere(): { reason: string; hint: string } | null {
    const { main } = this.#options.spec.ports;
    const asked = this.#extraPorts.filter(({ protocol }) => protocol === 'tcp').map((extra) => extra.asked);
    if (main === undefined || asked.length === 0) return null;
    return {
      reason: `it listens on ${asked.join(' and ')}, but "ports" says that its main port is ${main}`,
      hint: `Set ports.main to one of them, or leave it out to take the first.`,
    };
  }

  #context(): failures.FailureContext {
    const { spec, lastLines } = this.#options;
    return { service: spec.name, lastLines: lastLines(), isStarting: this.#phase === 'starting' };
  }
}
