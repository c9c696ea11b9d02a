// Where services can live: what must hold in one placement must hold in all.

/** Every placement, for `describe.each` and `test.each`. */
export const PLACEMENTS = ['thread', 'shared', 'process'] as const;

/** One of {@link PLACEMENTS}. */
export type Placement = (typeof PLACEMENTS)[number];

/** Those in which a service has a thread or process of its own: what it does harms no other. */
export const APART = ['thread', 'process'] as const;
