// One service in a run: its state, its lease and its current incarnation.
import { aboutService, toUberError, UberError } from '../errors.ts';
import type { ServiceLog } from '../logs/service-log.ts';
import type { Incarnation, IncarnationExit, Placement, StartRequest } from '../placement/placement.ts';
import { findPortHolder } from '../platform.ts';
import { portBusyError } from '../ports/port-leases.ts';
import type { InstanceState, PortLease, ReadyRow, ServiceSpec } from '../types.ts';
import { cannotBegin, type FailureContext, portStolen, portTaken } from './failures.ts';
import { makeRow, withOpened } from './ready-row.ts';
import { type OpenedPorts, PortStolen, StartWatch } from './start-watch.ts';
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
  readonly nameOfPort: (asked: number) => string | null;
  /** It has opened something. */
  readonly onOpened: (opened: OpenedPorts) => void;
  readonly onChange: (state: InstanceState, incarnation: number) => void;
  readonly onReady: (row: ReadyRow) => void;
  /** It is ready and has opened something more. */
  readonly onListening: (row: ReadyRow) => void;
  /** It was ready and has ended by itself; null when it had done its work. `settle` must be called at once. */
  readonly onEnd: (error: UberError | null, settle: Settle) => void;
}

/** Puts an instance that has ended into the state that follows. */
export type Settle = (state: EndState) => void;

/** The parts of a start that differ between incarnations. */
export type Prepared = Pick<StartRequest, 'message' | 'env' | 'compile' | 'flow'>;

interface Running {
  readonly incarnation: Incarnation;
  readonly exited: Promise<void>;
}

/** The state machine of one service. Commands to it must be given one after the other; only a stop may overtake. */
export class Instance {
  readonly spec: ServiceSpec;
  readonly #options: InstanceOptions;
  #state: InstanceState = 'idle';
  #incarnations = 0;
  #current: Running | null = null;
  #row: ReadyRow | null = null;
  #hasBeenReady = false;
  #stopping: Promise<void> | null = null;
  /** Rejects a start that is under way. */
  #cancel: ((error: Error) => void) | null = null;
  /** Cuts the grace of a stop short. */
  #hurry: () => void = () => undefined;
  /** Why we have ended the incarnation ourselves. */
  #verdict: UberError | null = null;

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
    // A start right behind a stop: what it ends is to be gone.
    if (this.#stopping !== null) await this.#stopping;
    this.#become('starting');
    try {
      const lease = await this.#options.lease();
      return await this.#startOn(lease).catch(async (error: unknown) => {
        if (!(error instanceof PortStolen) || (this.#hasBeenReady && error.asked === null)) throw error;
        return this.#startOn(await this.#anotherLease(error));
      });
    } catch (thrown) {
      await this.#current?.incarnation.terminate();
      const error =
        thrown instanceof PortStolen
          ? await this.#portTaken(thrown)
          : aboutService(toUberError(thrown), this.spec.name);
      // A stop that came meanwhile has its own end for the state.
      if (this.#state === 'starting') onFailure(error, (state) => this.#become(state));
      throw error;
    }
  }

  /** Asks it to end, waits for the grace, then ends it. A start that is under way, or to come, is cancelled. */
  stop(): Promise<void> {
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
    this.#hurry();
  }

  /** Ends a ready incarnation for a reason that it cannot tell itself. */
  async condemn(error: UberError): Promise<void> {
    if (this.#state !== 'ready' || this.#current === null) return;
    this.#verdict = error;
    await this.#current.incarnation.terminate();
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
    const { log, now, prepare, nameOfPort, dataDir } = this.#options;
    log.beginIncarnation();
    const beganMs = now();
    const prepared = await prepare(lease);
    return new Promise<ReadyRow>((resolve, onFailure) => {
      this.#cancel = onFailure;
      if (this.#state !== 'starting') return onFailure(this.#stoppedEarly());
      // At once and not behind a wait: the thread may end in this very turn, and that is then an end of a ready one.
      const onReady = (opened: OpenedPorts): void => {
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
      const onOpened = (opened: OpenedPorts): void => this.#hasOpened(lease, opened);
      const lastLines = (): readonly string[] => log.lastLines();
      const watch = new StartWatch({
        spec: this.spec,
        lease,
        lastLines,
        onReady,
        onFailure,
        onOpened,
        nameOf: nameOfPort,
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
    this.#row = withOpened(this.#row, lease, opened);
    this.#options.onListening(this.#row);
  }

  #launch(prepared: Prepared, watch: StartWatch): void {
    this.#incarnations += 1;
    const { placement, log } = this.#options;
    let finish: () => void = () => undefined;
    const exited = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const incarnation = placement.start({
      ...prepared,
      events: {
        onMessage: (message) => watch.take(message),
        onOutput: (stream, bytes) => log.write(stream, bytes),
        onExit: (exit) => {
          log.endIncarnation();
          this.#ended(watch, exit);
          finish();
        },
      },
    });
    this.#current = { incarnation, exited };
  }

  #ended(watch: StartWatch, exit: IncarnationExit): void {
    const wasReady = this.#state === 'ready';
    this.#current = null;
    const explained = watch.explainExit(exit);
    const error = this.#verdict ?? explained;
    this.#verdict = null;
    if (!wasReady) return;
    this.#row = null;
    this.#options.onEnd(error === null ? null : toUberError(error), (state) => this.#become(state));
  }

  async #endWithin({ incarnation, exited }: Running, graceMs: number): Promise<void> {
    incarnation.stop();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
      this.#hurry = resolve;
    });
    await Promise.race([exited, grace]);
    clearTimeout(timer);
  }

  async #anotherLease({ asked }: PortStolen): Promise<PortLease> {
    await this.#current?.incarnation.terminate();
    if (asked === null) return this.#options.renewLease();
    this.#options.forgetExtraPort(asked);
    return this.#options.lease();
  }

  async #portTaken({ asked }: PortStolen): Promise<UberError> {
    const { name } = this.spec;
    const context: FailureContext = {
      service: name,
      lastLines: this.#options.log.lastLines(),
      isStarting: true,
    };
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
