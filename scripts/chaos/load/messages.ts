// What the load generator and who started it say to each other.

/** One service to call. */
export interface Target {
  readonly service: string;
  readonly url: string;
}

/** To the generator. */
export type ToLoad =
  | { readonly type: 'begin'; readonly targets: readonly Target[]; readonly ratePerSecond: number }
  /** Sends nothing more, waits for the answers and closes all connections. */
  | { readonly type: 'pause' }
  | { readonly type: 'resume' };

/** One request that was not answered with 200, or late. Times are those of `machineMs`. */
export interface Noted {
  readonly service: string;
  readonly sentMs: number;
  readonly endedMs: number;
  /** Null for an answer that only came late. */
  readonly reason: string | null;
}

/** From the generator. */
export type FromLoad =
  | {
      readonly type: 'tick';
      /** Service -> requests answered with 200 since the last tick. */
      readonly answered: Readonly<Record<string, number>>;
      readonly noted: readonly Noted[];
    }
  | { readonly type: 'paused' };
