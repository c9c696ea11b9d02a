// Carries the output of one thread from its ring to its log: a ring at a time, so that no service crowds out the
// others, and only as fast as the reader of the lines can follow.
import type { LogRingReader, RingStream } from '../log-ring.ts';
import type { FloodGate } from './flood-gate.ts';

/** Says whether lines can be taken now. A service that writes faster waits, as it would at a full pipe. */
export interface FlowControl {
  readonly isCongested: () => boolean;
  /** Calls back once when lines can be taken again. */
  readonly onceFree: (callback: () => void) => void;
}

/** Takes lines at any speed. */
export const UNLIMITED: FlowControl = { isCongested: () => false, onceFree: (callback) => callback() };

/** What is left of a thread fits into one ring; a service may have kept its memory, and write to it from elsewhere. */
const MOST_TURNS = 16;

type Take = (stream: RingStream, bytes: Buffer) => void;

/** The pump of one incarnation. */
export class LogPump {
  readonly #ring: LogRingReader;
  readonly #take: Take;
  readonly #flow: FlowControl;
  readonly #gate: FloodGate;
  #isRunning = false;
  #isWaiting = false;
  #timer: NodeJS.Timeout | null = null;

  /** @param gate may be shared with other pumps of the same service */
  constructor(ring: LogRingReader, take: Take, { flow, gate }: { flow: FlowControl; gate: FloodGate }) {
    this.#ring = ring;
    this.#take = take;
    this.#flow = flow;
    this.#gate = gate;
  }

  /** True while the writer may have to wait for us. */
  get isHolding(): boolean {
    return this.#isWaiting;
  }

  /** The writer has said that there is something to read. */
  wake(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#turn();
  }

  /** Takes what is there now: what a service wrote before it told us something belongs before that. */
  catchUp(): void {
    this.#ring.drain(this.#take);
  }

  /** The thread is gone: takes all that is left. */
  finish(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (let turns = 0; turns < MOST_TURNS && this.#ring.drain(this.#take) > 0; turns += 1);
  }

  #turn(): void {
    this.#isWaiting = false;
    const waitMs = this.#gate.took(this.#ring.drain(this.#take));
    if (this.#flow.isCongested()) {
      this.#isWaiting = true;
      this.#flow.onceFree(() => setImmediate(() => this.#turn()));
    } else if (waitMs > 0) {
      this.#isWaiting = true;
      this.#timer = setTimeout(() => this.#turn(), waitMs);
    } else if (this.#ring.sleep()) this.#isRunning = false;
    else setImmediate(() => this.#turn());
  }
}
