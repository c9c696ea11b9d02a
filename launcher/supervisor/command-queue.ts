// Commands to one instance are given one after the other; a stop cancels those that wait.
import { UberError } from '../errors.ts';

/** One queue for each service. */
export class CommandQueue {
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Goes up with each stop. */
  readonly #stops = new Map<string, number>();

  /**
   * Runs a command when those before it have ended.
   * @param command gets a function that throws when a stop has come since the command was given
   * @throws UberError `STOPPED_EARLY` when a stop came first, and whatever the command throws
   */
  inTurn<Result>(service: string, command: (assertWanted: () => void) => Promise<Result>): Promise<Result> {
    const given = this.#stops.get(service) ?? 0;
    const assertWanted = (): void => {
      if (given === (this.#stops.get(service) ?? 0)) return;
      throw new UberError('STOPPED_EARLY', `"${service}" was stopped before it was its turn.`, { service });
    };
    const turn = (this.#turns.get(service) ?? Promise.resolve()).then(() => {
      assertWanted();
      return command(assertWanted);
    });
    this.#turns.set(
      service,
      turn.catch(() => undefined),
    );
    return turn;
  }

  /** A stop: what was asked for before is no longer wanted. */
  cancel(service: string): void {
    this.#stops.set(service, (this.#stops.get(service) ?? 0) + 1);
  }
}
