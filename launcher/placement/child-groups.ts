// The child processes that one incarnation has started in a thread: they must not outlive it.
import { killGroup } from '../platform.ts';
import type { FromInside } from '../protocol.ts';
import { guardian } from './guardian.ts';

/** Known by what the incarnation tells; guarded in case the launcher is killed. */
export class ChildGroups {
  readonly #pids = new Set<number>();

  /** Takes note of a child that has begun or ended; false for any other message. */
  take(message: FromInside): boolean {
    if (message.type === 'child') {
      this.#pids.add(message.pid);
      guardian.add(message.pid);
    } else if (message.type === 'child-ended') {
      this.#pids.delete(message.pid);
      guardian.remove(message.pid);
    } else return false;
    return true;
  }

  /** Ends those that are left. Nobody has waited for them: their process ids are still theirs. */
  end(): void {
    for (const pid of this.#pids) {
      killGroup(pid);
      guardian.remove(pid);
    }
    this.#pids.clear();
  }
}
