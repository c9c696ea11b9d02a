// One service in a run: its state, its lease and its current incarnation.
import { aboutService, toUberError, UberError } from '../errors.ts';
import type { ServiceLog } from '../logs/service-log.ts';
import type { Incarnation, IncarnationExit, Placement, StartRequest } from '../placement/placement.ts';
import { portBusyError } from '../ports/port-leases.ts';
import type { InstanceState, PortLease, ReadyRow, ServiceSpec } from '../types.ts';
import { cannotBegin, type FailureContext, portStolen } from './failures.ts';
import { logFlood, stopIgnored } from './faults.ts';
import { LoopGuard, whyBlocked } from './loop-guard.ts';
import type { LoopWatch } from './loop-watch.ts';
import { type OpenedPorts, PortStolen, StartWatch } from './start-watch.ts';

/** What an instance needs of its run. */
export interface InstanceOptions {
  readonly spec: ServiceSpec;
  readonly placement: Placement;
  readonly log: ServiceLog;
  readonly dataDir: string;
  readonly now: () => number;
  /** Makes all that an incarnation starts from, anew each time. */
  readonly prepare: (lease: PortLease) => Promise<Prepared>;
  readonly lease: () => Promise<PortLease>;
  /** Another port, when the leased one was taken. */
  readonly renewLease: () => Promise<PortLease>;
  /** The port for what the program asks was taken by somebody else. */
  readonly forgetExtraPort: (asked: number) => void;
  /** What a port beside the main one is called. */
  readonly nameOfPort: (asked: number) => string | null;
  /** It has opened something. */
  readonly onOpened: (opened: OpenedPorts) => void;
  readonly onChange: (state: InstanceState) => void;
  readonly onReady: (row: ReadyRow) => void;
  /** It is ready and has opened something more. */
  readonly onListening: (row: ReadyRow) => void;
  /** Something is wrong with it, and it lives, or was asked to end. */
  readonly onFault: (error: UberError) => void;
  /** Looks after the event loops of the run. */
  readonly loops: LoopWatch;
  /** It was ready and has ended by itself; null when it had done its work. */
  readonly onEnd: (error: UberError | null) => void;
}

/** The parts of a start that differ between incarnations. */
export type Prepared = Pick<StartRequest, 'message' | 'env' | 'compile' | 'flow'>;

interface Running {
  readonly incarnation: Incarnation;
  readonly exited: Promise<void>;
}

/** The state machine of one service. Commands to it must be given one after the other. */
export class Instance {
  readonly spec: ServiceSpec;
  readonly #options: InstanceOptions;
  #state: InstanceState = 'idle';
  #incarnations = 0;
  #current: Running | null = null;
  #row: ReadyRow | null = null;
  #stopping: Promise<void> | null = null;
  /** Rejects a start that is under way. */
  #cancel: ((error: Error) => void) | null = null;

  constructor(options: InstanceOptions) {
    this.spec = options.spec;
    this.#options = options;
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** What is shown of it while it is ready, else null. */
  get row(): ReadyRow | null {
    return this.#row;
  }

  /**
   * Starts a new incarnation and waits until it is ready. A port that somebody took meanwhile costs one retry.
   * @throws UberError why it is not ready; nothing of it is left then
   */
  async start(): Promise<ReadyRow> {
    this.#become('starting');
    try {
      const lease = await this.#options.lease();
      const row = await this.#startOn(lease).catch(async (error: unknown) => {
        if (!(error instanceof PortStolen)) throw error;
        return this.#startOn(await this.#anotherLease(error));
      });
      return row;
    } catch (error) {
      await this.#current?.incarnation.terminate();
      // A stop that came meanwhile has its own end for the state.
      if (this.#state === 'starting') this.#become('failed');
      throw error instanceof PortStolen
        ? await this.#portTaken(error)
        : aboutService(toUberError(error), this.spec.name);
    }
  }

  /** Asks it to end, waits for the grace, then ends it. A start that is under way is cancelled. */
  stop(): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'failed') return Promise.resolve();
    // A second stop joins the first: it must not cut its grace short.
    this.#stopping ??= this.#end().finally(() => {
      this.#stopping = null;
    });
    return this.#stopping;
  }

  /** The launcher ends this very moment. */
  abandon(): void {
    this.#current?.incarnation.abandon();
  }

  async #end(): Promise<void> {
    const isReady = this.#state === 'ready';
    this.#become('stopping');
    this.#row = null;
    this.#cancel?.(this.#stoppedEarly());
    const current = this.#current;
    if (current !== null) {
      if (isReady) await this.#endWithin(current, this.spec.stopGraceMs);
      await current.incarnation.terminate();
    }
    this.#become('stopped');
  }

  #stoppedEarly(): UberError {
    const { name } = this.spec;
    return new UberError('STOPPED_EARLY', `"${name}" was stopped before it was ready.`, { service: name });
  }

  async #startOn(lease: PortLease): Promise<ReadyRow> {
    const { log, now, prepare } = this.#options;
    log.beginIncarnation();
    const beganMs = now();
    const prepared = await prepare(lease);
    return new Promise<ReadyRow>((resolve, onFailure) => {
      this.#cancel = onFailure;
      if (this.#state !== 'starting') return onFailure(this.#stoppedEarly());
      // At once and not behind a wait: the thread may end in this very turn, and that is then an end of a ready one.
      const onReady = (opened: OpenedPorts): void => {
        const row = this.#makeRow(lease, opened, now() - beganMs);
        this.#row = row;
        this.#become('ready');
        this.#options.onReady(row);
        resolve(row);
      };
      const onOpened = (opened: OpenedPorts): void => this.#hasOpened(lease, opened);
      const lastLines = (): readonly string[] => log.lastLines();
      const nameOf = this.#options.nameOfPort;
      const watch = new StartWatch({
        spec: this.spec,
        lease,
        lastLines,
        onReady,
        onFailure,
        onOpened,
        nameOf,
        onFault: this.#options.onFault,
        whyBlocked: async () => (this.#current === null ? null : whyBlocked(this.#current.incarnation)),
      });
      try {
        this.#launch(prepared, watch);
      } catch (error) {
        watch.dispose();
        onFailure(cannotBegin(this.spec.name, error));
      }
    }).finally(() => {
      this.#cancel = null;
    });
  }

  /** A port opened late belongs to the row as well. */
  #hasOpened(lease: PortLease, opened: OpenedPorts): void {
    this.#options.onOpened(opened);
    if (this.#row === null) return;
    this.#row = Object.freeze({ ...this.#row, ...addressOf(lease, opened) });
    this.#options.onListening(this.#row);
  }

  #launch(prepared: Prepared, watch: StartWatch): void {
    this.#incarnations += 1;
    const { placement, log } = this.#options;
    let finish: () => void = () => undefined;
    const exited = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const guard = new LoopGuard(this.#options.loops, {
      spec: this.spec,
      context: () => this.#context(),
      onFault: this.#options.onFault,
      blame: (error) => watch.blame(error),
    });
    const incarnation = placement.start({
      ...prepared,
      heapMb: this.spec.heapMb,
      events: {
        onMessage: (message) => watch.take(message),
        onOutput: (stream, bytes) => log.write(stream, bytes),
        onFlood: (bytesPerSecond) => this.#options.onFault(logFlood(this.#context(), bytesPerSecond)),
        onExit: (exit) => {
          guard.release();
          log.endIncarnation();
          this.#ended(watch, exit);
          finish();
        },
      },
    });
    guard.follow(incarnation);
    this.#current = { incarnation, exited };
  }

  #ended(watch: StartWatch, exit: IncarnationExit): void {
    const wasReady = this.#state === 'ready';
    this.#current = null;
    const error = watch.explainExit(exit);
    if (!wasReady) return;
    this.#row = null;
    this.#become(error === null ? 'stopped' : 'failed');
    this.#options.onEnd(error as UberError | null);
  }

  async #endWithin({ incarnation, exited }: Running, graceMs: number): Promise<void> {
    incarnation.stop();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<'over'>((resolve) => {
      timer = setTimeout(resolve, graceMs, 'over');
    });
    const isOver = (await Promise.race([exited, grace])) === 'over';
    clearTimeout(timer);
    if (!isOver) return;
    const error = await Promise.race([exited, stopIgnored(this.#context(), incarnation, graceMs)]);
    if (error !== undefined) this.#options.onFault(error);
  }

  #context(): FailureContext {
    const isStarting = this.#state === 'starting';
    return { service: this.spec.name, lastLines: this.#options.log.lastLines(), isStarting };
  }

  async #anotherLease({ asked }: PortStolen): Promise<PortLease> {
    await this.#current?.incarnation.terminate();
    if (asked === null) return this.#options.renewLease();
    this.#options.forgetExtraPort(asked);
    return this.#options.lease();
  }

  async #portTaken({ asked }: PortStolen): Promise<UberError> {
    const { port, isPinned } = await this.#options.lease();
    if (isPinned && asked === null) return portBusyError(this.spec.name, port);
    return portStolen(
      { service: this.spec.name, lastLines: this.#options.log.lastLines(), isStarting: true },
      asked ?? port,
    );
  }

  #makeRow(lease: PortLease, opened: OpenedPorts, bootMs: number): ReadyRow {
    const { spec } = this;
    return Object.freeze({
      service: spec.name,
      ...addressOf(lease, opened),
      placement: spec.placement,
      pid: this.#current?.incarnation.pid ?? process.pid,
      threadId: this.#current?.incarnation.threadId ?? 0,
      incarnation: this.#incarnations,
      bootMs: Math.round(bootMs),
      resourceDir: spec.resourceDir,
      dataDir: this.#options.dataDir,
    });
  }

  #become(state: InstanceState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onChange(state);
  }
}

function addressOf(lease: PortLease, { url, extraPorts, sockets }: OpenedPorts) {
  return { url, port: url === null ? null : lease.port, extraPorts, sockets };
}
