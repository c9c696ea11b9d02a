// `${orders.url}` in a value of the configuration: where a service of the run is. Pure.

/** What of a service a value may refer to. */
export const REFERENCE_MEMBERS = ['url', 'host', 'port'] as const;

/** One of {@link REFERENCE_MEMBERS}. */
export type ReferenceMember = (typeof REFERENCE_MEMBERS)[number];

/** One `${service.member}` as it stands in a text; the member may be one that does not exist. */
export interface Reference {
  /** Name of the service; it may have dots itself. */
  readonly service: string;
  readonly member: string;
}

/** A `$` before it makes it plain text: `$${orders.url}`. */
const REFERENCE = /(\$?)\$\{([A-Za-z0-9][A-Za-z0-9._-]*)\.([A-Za-z0-9]+)\}/g;

/** Writes a reference, as {@link fillReferences} reads it. */
export function referenceTo(service: string, member: ReferenceMember): string {
  return `\${${service}.${member}}`;
}

/** All that look like references, in order. Other uses of `${...}` are plain text. */
export function referencesIn(value: string): Reference[] {
  return [...value.matchAll(REFERENCE)]
    .filter(([, mark]) => mark === '')
    .map(([, , service = '', member = '']) => ({ service, member }));
}

/**
 * The value with an answer in place of every reference; null when one has no answer.
 * @param answer what a reference stands for; null when that is not known, undefined when it is plain text
 */
export function fillReferences(
  value: string,
  answer: (reference: Reference) => string | null | undefined,
): string | null {
  let isComplete = true;
  const filled = value.replace(REFERENCE, (text, mark: string, service: string, member: string) => {
    if (mark !== '') return text.slice(1);
    const found = answer({ service, member });
    if (found === null) isComplete = false;
    return found ?? text;
  });
  return isComplete ? filled : null;
}

/** True for a member that exists. */
export function isReferenceMember(member: string): member is ReferenceMember {
  return REFERENCE_MEMBERS.includes(member as ReferenceMember);
}
