// Every placement by its name.
import type { PlacementName, ServiceSpec } from '../types.ts';
import type { Placement } from './placement.ts';
import { processPlacement } from './process.ts';
import { SharedPlacement } from './shared.ts';
import { ThreadPlacement } from './thread.ts';

/** The placements of one run. Only what services share belongs to the run. */
export function makePlacements(specs: readonly ServiceSpec[]): Readonly<Record<PlacementName, Placement>> {
  return {
    thread: new ThreadPlacement(),
    process: processPlacement,
    shared: new SharedPlacement(specs),
  };
}
