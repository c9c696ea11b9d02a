// The signs of life that one incarnation was asked for and has not given yet.
import type { SignOfLife, ToInside } from '../protocol.ts';

/** Answers come in the order of the questions. One that never comes keeps its caller waiting: who asks sets a limit. */
export class Pings {
  readonly #waiting: ((sign: SignOfLife) => void)[] = [];

  /** @param send carries the question to the incarnation */
  ask(wantsOpen: boolean, send: (message: ToInside) => void): Promise<SignOfLife> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      send({ type: 'ping', wantsOpen });
    });
  }

  answer({ open, stopStep }: SignOfLife): void {
    this.#waiting.shift()?.({ open, stopStep });
  }
}
