// One service in a run: its state, its lease and its current incarnation.
import { aboutService, toUberError, UberError } from '../errors.ts';
import type { ServiceLog } from '../logs/service-log.ts';
import type { Incarnation, Placement } from '../placement/placement.ts';
import { findPortHolder } from '../platform.ts';
import { portBusyError } from '../ports/port-leases.ts';
import type { InstanceState, PortLease, ReadyRow, ServiceSpec } from '../types.ts';
import { cannotBegin, type FailureContext, portStolen, portTaken } from './failures.ts';
import { cannotBeEnded } from './faults.ts';
import { Life, type Prepared } from './life.ts';
import type { LoopWatch } from './loop-watch.ts';
import type { MemoryWatch } from './memory-watch.ts';
import { makeRow, withOpened } from './ready-row.ts';
import { type OpenedPorts, PortStolen } from './start-watch.ts';
import { assertTransition, type EndState } from './state-machine.ts';

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
  /** Another port, when the leased one was taken before anybody could use it. */
  readonly renewLease: () => Promise<PortLease>;
  /** The port for what the program asks was taken by somebody else. */
  readonly forgetExtraPort: (asked: number) => void;
  /** What a port beside the main one is called. */
  readonly nameOf: (asked: number) => string | null;
  /** It has opened something. */
  readonly onOpened: (opened: OpenedPorts) => void;
  readonly onChange: (state: InstanceState, incarnation: number) => void;
  readonly onReady: (row: ReadyRow) => void;
  /** It is ready and has opened something more. */
  readonly onListening: (row: ReadyRow) => void;
  /** Something is wrong with it, and it lives, or was asked to end. */
  readonly onFault: (error: UberError) => void;
  /** Looks after the event loops of the run. */
  readonly loops: LoopWatch;
  /** Looks after the memory of its threads. */
  readonly memories: MemoryWatch;
  /** It was ready and has ended by itself; null when it had done its work. `settle` must be called at once. */
  readonly onEnd: (error: UberError | null, settle: Settle) => void;
}

/** Puts an instance that has ended into the state that follows. */
export type Settle = (state: EndState) => void;

/** The state machine of one service. Commands to it must be given one after the other; only a stop may overtake. */
export class Instance {
  readonly spec: ServiceSpec;
  readonly #options: InstanceOptions;
  #state: InstanceState = 'idle';
  #incarnations = 0;
  #current: Life | null = null;
  /** One that could not be ended: it waits in native code, and still holds what it holds. */
  #stuck: Life | null = null;
  #row: ReadyRow | null = null;
  #hasBeenReady = false;
  #stopping: Promise<void> | null = null;
  /** How often it was asked to stop. */
  #stops = 0;
  /** Rejects a start that is under way. */
  #cancel: ((error: Error) => void) | null = null;

  constructor(options: InstanceOptions) {
    this.spec = options.spec;
    this.#options = options;
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** Number of the current or last incarnation; 0 before the first. */
  get incarnation(): number {
    return this.#incarnations;
  }

  /** True while a thread of it lives that cannot be ended: it keeps the process from ending. */
  get isStuck(): boolean {
    return this.#stuck !== null;
  }

  /** The incarnation that lives now, or null. */
  get current(): Incarnation | null {
    return this.#current?.incarnation ?? null;
  }

  /** What is shown of it while it is ready, else null. */
  get row(): ReadyRow | null {
    return this.#row;
  }

  /**
   * Starts a new incarnation and waits until it is ready. A port that somebody took before the service was ever ready
   * costs one retry.
   * @param onFailure decides what state follows a failure
   * @throws UberError why it is not ready; nothing of it is left then
   */
  async start(onFailure: InstanceOptions['onEnd'] = (_error, settle) => settle('failed')): Promise<ReadyRow> {
    await this.#untilStopped();
    this.#become('starting');
    try {
      if (this.#stuck !== null) throw cannotBeEnded(this.#context());
      const lease = await this.#options.lease();
      return await this.#startOn(lease).catch(async (error: unknown) => {
        if (!(error instanceof PortStolen) || (this.#hasBeenReady && error.asked === null)) throw error;
        return this.#startOn(await this.#anotherLease(error));
      });
    } catch (thrown) {
      await this.#terminate();
      const error =
        thrown instanceof PortStolen
          ? await this.#portTaken(thrown)
          : aboutService(toUberError(thrown), this.spec.name);
      // A stop that came meanwhile has its own end for the state.
      if (this.#state === 'starting') onFailure(error, (state) => this.#become(state));
      throw error;
    }
  }

  /** For a start right behind a stop: what that ends is to be gone. One more stop meanwhile cancels the start. */
  async #untilStopped(): Promise<void> {
    const stops = this.#stops;
    if (this.#stopping !== null) await this.#stopping;
    if (this.#stops !== stops) throw this.#stoppedEarly();
  }

  /** Asks it to end, waits for the grace, then ends it. A start that is under way, or to come, is cancelled. */
  stop(): Promise<void> {
    this.#stops += 1;
    if (this.#state === 'idle' || this.#state === 'backoff') this.#become('stopped');
    if (this.#state === 'stopped' || this.#state === 'failed') return Promise.resolve();
    // A second stop joins the first: it must not cut its grace short.
    this.#stopping ??= this.#end().finally(() => {
      this.#stopping = null;
    });
    return this.#stopping;
  }

  /** No more grace for a stop that is under way. */
  hurry(): void {
    this.#current?.hurry();
  }

  /** The launcher ends this very moment. */
  abandon(): void {
    (this.#current ?? this.#stuck)?.incarnation.abandon();
  }

  async #end(): Promise<void> {
    const isReady = this.#state === 'ready';
    this.#become('stopping');
    this.#row = null;
    this.#cancel?.(this.#stoppedEarly());
    if (isReady) await this.#current?.stop(this.spec.stopGraceMs);
    if (!(await this.#terminate())) this.#options.onFault(cannotBeEnded(this.#context()));
    this.#become('stopped');
  }

  #stoppedEarly(): UberError {
    const { name } = this.spec;
    return new UberError('STOPPED_EARLY', `"${name}" was stopped before it was ready.`, { service: name });
  }

  async #startOn(lease: PortLease): Promise<ReadyRow> {
    const { log, now, prepare, dataDir } = this.#options;
    log.beginIncarnation();
    const beganMs = now();
    const prepared = await prepare(lease);
    return new Promise<ReadyRow>((resolve, onFailure) => {
      this.#cancel = onFailure;
      if (this.#state !== 'starting') return onFailure(this.#stoppedEarly());
      // At once and not behind a wait: the thread may end in this very turn, and that is then an end of a ready one.
      const onReady = (opened: OpenedPorts): void => {
        // A stop has come, and what it said before its end no longer counts.
        if (this.#state !== 'starting') return;
        const life = this.#current?.incarnation ?? { pid: process.pid, threadId: 0 };
        const { spec } = this;
        const incarnation = this.#incarnations;
        const row = makeRow({ spec, dataDir, lease, opened, life, incarnation, bootMs: now() - beganMs });
        this.#row = row;
        this.#hasBeenReady = true;
        this.#become('ready');
        this.#options.onReady(row);
        resolve(row);
      };
      try {
        this.#incarnations += 1;
        this.#current = new Life({
          ...this.#options,
          prepared,
          lease,
          onReady,
          onFailure,
          onOpened: (opened) => this.#hasOpened(lease, opened),
          context: () => this.#context(),
          onCondemned: (life, error) => void this.#condemn(life, error),
          onEnd: (life, error) => this.#ended(life, error),
        });
      } catch (error) {
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
    this.#row = withOpened(this.#row, lease, opened);
    this.#options.onListening(this.#row);
  }

  #ended(life: Life, error: Error | null): void {
    if (this.#stuck === life) this.#stuck = null;
    if (this.#current !== life) return;
    this.#current = null;
    if (this.#state === 'ready') this.#settleEnd(error === null ? null : toUberError(error));
  }

  #settleEnd(error: UberError | null): void {
    this.#row = null;
    this.#options.onEnd(error, (state) => this.#become(state));
  }

  /** Ends an incarnation for a reason that it cannot tell itself. */
  async #condemn(life: Life, error: UberError): Promise<void> {
    if (this.#current !== life || (await this.#terminate())) return;
    if (this.#state === 'ready') this.#settleEnd(error);
  }

  /** Ends the current incarnation. False when it cannot be ended; it is left to itself then. */
  async #terminate(): Promise<boolean> {
    const life = this.#current;
    if (life === null || (await life.terminate())) return true;
    this.#stuck = life;
    if (this.#current === life) this.#current = null;
    return false;
  }

  #context(): FailureContext {
    const isStarting = this.#state === 'starting';
    return { service: this.spec.name, lastLines: this.#options.log.lastLines(), isStarting };
  }

  async #anotherLease({ asked }: PortStolen): Promise<PortLease> {
    await this.#terminate();
    if (asked === null) return this.#options.renewLease();
    this.#options.forgetExtraPort(asked);
    return this.#options.lease();
  }

  async #portTaken({ asked }: PortStolen): Promise<UberError> {
    const { name } = this.spec;
    const context = this.#context();
    const { port, isPinned } = await this.#options.lease();
    if (asked !== null) return portStolen(context, asked);
    if (this.#hasBeenReady) return portTaken(context, port, await findPortHolder(port));
    return isPinned ? portBusyError(name, port) : portStolen(context, port);
  }

  #become(state: InstanceState): void {
    assertTransition(this.spec.name, this.#state, state);
    this.#state = state;
    this.#options.onChange(state, this.#incarnations);
  }
}
