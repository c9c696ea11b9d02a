// What is prepared for an instance before it starts and removed after.
import type { ServiceSpec } from '../types.ts';
import type { RunDirectory } from './run-directory.ts';

/** One kind of resource. */
export interface ResourceKind {
  /** Makes it ready for a service. Throws an UberError when that is not possible. */
  prepare(spec: ServiceSpec, run: RunDirectory): Promise<void>;
  /** Removes what `prepare` made. Never throws for something that is gone already. */
  dispose(spec: ServiceSpec, run: RunDirectory): Promise<void>;
}
