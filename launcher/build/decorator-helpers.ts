// The functions that compiled decorators call, as the text that is put behind the code of a file. Function declarations:
// they are there before the first line runs, and the lines of the file stay where they are.

/** Names of the helpers in compiled code: as long as those that oxc writes, see {@link nameHelpers}. */
export const HELPERS = {
  decorate: 'babelHelpers_decorate',
  metadata: 'babelHelpers_decorateMetadata',
  parameter: 'babelHelpers_decorateParam',
  type: 'babelHelpers_type',
} as const;

/**
 * Calls the helpers that stand behind the code in place of a global object `babelHelpers`. (oxc could do it, with its
 * option `define`; but then it also removes variables, and what a debugger shows is no longer what was written.)
 */
export function nameHelpers(code: string): string {
  return code.replace(/\bbabelHelpers\.(?=decorate(?:Metadata|Param)?\()/g, 'babelHelpers_');
}

/**
 * `decorate`, `metadata` and `parameter` do what those of TypeScript do (tslib: `__decorate`, `__metadata`, `__param`).
 *
 * `type` answers the class that a type stands for, or `Object`. It forgives, because what is imported may be a mere
 * type. A class of a file that imports this one in turn is `undefined`, as in what TypeScript makes of it: frameworks
 * tell circles by that. Enums are told by their values: TypeScript has String or Number for them, but knows it from the
 * other file, which we do not read.
 */
export const HELPER_CODE: string = `
function ${HELPERS.decorate}(decorators, target, key, descriptor) {
  const count = arguments.length;
  let result = count < 3 ? target : descriptor === null ? (descriptor = Object.getOwnPropertyDescriptor(target, key)) : descriptor;
  if (typeof Reflect.decorate === 'function') result = Reflect.decorate(decorators, target, key, descriptor);
  else for (const decorator of decorators.toReversed()) {
    if (decorator) result = (count < 3 ? decorator(result) : count > 3 ? decorator(target, key, result) : decorator(target, key)) || result;
  }
  if (count > 3 && result) Object.defineProperty(target, key, result);
  return result;
}
function ${HELPERS.metadata}(key, value) {
  if (typeof Reflect.metadata === 'function') return Reflect.metadata(key, value);
}
function ${HELPERS.parameter}(index, decorator) {
  return (target, key) => decorator(target, key, index);
}
function ${HELPERS.type}(read) {
  let value;
  try { value = read(); } catch (error) {
    return /before initialization/.test(error.message) ? undefined : Object;
  }
  if (typeof value === 'function') return value;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return Object;
  const members = Object.entries(value).filter(([key, name]) => value[name] !== Number(key));
  const kinds = new Set(members.map(([, member]) => typeof member));
  if (kinds.size !== 1) return Object;
  return kinds.has('string') ? String : kinds.has('number') ? Number : Object;
}
`;
