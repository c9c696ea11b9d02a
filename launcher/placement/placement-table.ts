// Every placement by its name.
import type { PlacementName } from '../types.ts';
import type { Placement } from './placement.ts';
import { processPlacement } from './process.ts';
import { threadPlacement } from './thread.ts';

export const PLACEMENTS: Readonly<Record<PlacementName, Placement>> = {
  thread: threadPlacement,
  process: processPlacement,
};
