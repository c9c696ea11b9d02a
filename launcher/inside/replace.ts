// Puts a function of ours in the place of one of Node's.

type Callable = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Replaces a method. The new one keeps the name, the length and the own members of the old (the form
 * `util.promisify` uses, `fs.realpath.native`), so that a program finds what it expects.
 * @param make gets the original and returns what stands in its place
 */
export function replaceMethod(owner: object, name: string, make: (original: Callable) => Callable): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') return; // Not in this version of Node.
  const replacement = make(original as Callable);
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype') continue;
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined) Object.defineProperty(replacement, key, descriptor);
  }
  Reflect.set(owner, name, replacement);
}

/** Replaces a member that is no plain function, keeping its name. */
export function replaceMember(owner: object, name: string, replacement: object): void {
  Object.defineProperty(replacement, 'name', { value: name, configurable: true });
  Reflect.set(owner, name, replacement);
}
