// Where services can live: what must hold in one placement must hold in all.

/** Every placement, for `describe.each` and `test.each`. */
export const PLACEMENTS = ['thread', 'shared', 'process'] as const;

/** One of {@link PLACEMENTS}. */
export type Placement = (typeof PLACEMENTS)[number];
