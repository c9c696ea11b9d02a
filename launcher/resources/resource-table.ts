// Every kind of resource, in the order of preparation; disposed of in reverse.
import { committedResources } from './committed-resources.ts';
import { dataDirectory } from './data-directory.ts';
import type { ResourceKind } from './resource-kind.ts';

export const RESOURCE_KINDS: readonly ResourceKind[] = [committedResources, dataDirectory];
