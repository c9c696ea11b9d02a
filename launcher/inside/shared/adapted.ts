// Packages that keep handlers for the end of the whole program: each service is given those that it has asked for.
import { sep } from 'node:path';
import { ownerHere } from './scopes.ts';

/** File of a package, with slashes -> what is changed in what it exports. */
const ADAPTED: Readonly<Record<string, (exports: Record<string, unknown>) => void>> = {
  // Of the transports of pino: it has one handler for all, in the service that came first.
  'on-exit-leak-free/index.js': (exports) => {
    const handlers = new WeakMap<object, () => void>();
    const register =
      (event: string) =>
      (target: object, callback: (target: object, event: string) => void): void => {
        const held = new WeakRef(target);
        const { events } = ownerHere();
        const handler = (): void => {
          const found = held.deref();
          if (found !== undefined) callback(found, event);
        };
        events.on(event, handler);
        const before = handlers.get(target);
        handlers.set(target, () => {
          before?.();
          events.off(event, handler);
        });
      };
    Object.assign(exports, {
      register: register('exit'),
      registerBeforeExit: register('beforeExit'),
      unregister: (target: object) => handlers.get(target)?.(),
    });
  },
};

/** A module of a package has been loaded. */
export function adapt(path: string, module: unknown): void {
  if (!path.includes('on-exit-leak-free')) return;
  const name = path.split(sep).join('/');
  const [, change] = Object.entries(ADAPTED).find(([file]) => name.endsWith(`/node_modules/${file}`)) ?? [];
  change?.((module as { exports: Record<string, unknown> }).exports);
}
