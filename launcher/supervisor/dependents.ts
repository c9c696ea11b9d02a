// Tells those who depend on a service when it goes down and when it is back.
import type { InstanceState, ServiceSpec } from '../types.ts';
import type { RunEmitter } from './events.ts';

/** Knows which services are down that others depend on. */
export class Dependents {
  readonly #specs: readonly ServiceSpec[];
  readonly #emitter: RunEmitter;
  readonly #down = new Set<string>();

  constructor(specs: readonly ServiceSpec[], emitter: RunEmitter) {
    this.#specs = specs;
    this.#emitter = emitter;
  }

  /** The names of those who depend on a service. */
  of(service: string): string[] {
    return this.#specs.filter(({ dependsOn }) => dependsOn.includes(service)).map(({ name }) => name);
  }

  /** What a service depends on and must do without now. */
  missingFor({ dependsOn }: ServiceSpec): string[] {
    return dependsOn.filter((name) => this.#down.has(name));
  }

  /** A service has changed its state while the run was up. */
  changed(service: string, state: InstanceState): void {
    const wasDown = this.#down.has(service);
    const isDown = state !== 'ready';
    if (isDown === wasDown) return;
    if (isDown) this.#down.add(service);
    else this.#down.delete(service);
    // Behind what has happened to the service itself, which is told in this very turn.
    queueMicrotask(() => {
      for (const name of this.of(service)) {
        this.#emitter.emit('degraded', { service: name, dependency: service, isDegraded: isDown });
      }
    });
  }
}
