// How much memory a thread uses and may use.
import type { Worker } from 'node:worker_threads';
import { within } from '../within.ts';
import type { MemoryUse } from './placement.ts';

/** How long a thread may take to tell what it uses, in milliseconds. */
const MEMORY_MS = 1000;

/**
 * V8's own limit for a thread that may use `heapMb`, in megabytes. Node has 16 MB to spare at V8's limit
 * (src/node_worker.cc, NearHeapLimit): a thread that takes more at once there ends the whole process. So uber ends it
 * before, and this leaves room for a large allocation.
 */
export function v8LimitMb(heapMb: number): number {
  return heapMb + Math.max(1024, heapMb);
}

/** What a thread uses now; null when it has ended, or is in native code. */
export async function heapUse(worker: Worker): Promise<MemoryUse | null> {
  const heap = await within(worker.getHeapStatistics(), MEMORY_MS).catch(() => null);
  return (
    heap && {
      heapBytes: heap.used_heap_size,
      externalBytes: heap.external_memory,
      limitBytes: heap.heap_size_limit,
    }
  );
}
