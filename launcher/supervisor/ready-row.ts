// What is shown of a ready instance. Pure.
import type { Incarnation } from '../placement/placement.ts';
import type { PortLease, ReadyRow, ServiceSpec } from '../types.ts';
import type { OpenedPorts } from './start-watch.ts';

interface RowFacts {
  readonly spec: ServiceSpec;
  readonly dataDir: string;
  readonly lease: PortLease;
  readonly opened: OpenedPorts;
  readonly life: Pick<Incarnation, 'pid' | 'threadId'>;
  /** 1 for the first life. */
  readonly incarnation: number;
  readonly bootMs: number;
}

/** The row of an incarnation that has just become ready. */
export function makeRow({ spec, dataDir, lease, opened, life, incarnation, bootMs }: RowFacts): ReadyRow {
  return Object.freeze({
    service: spec.name,
    ...addressOf(lease, opened),
    placement: spec.placement,
    pid: life.pid,
    threadId: life.threadId,
    incarnation,
    bootMs: Math.round(bootMs),
    resourceDir: spec.resourceDir,
    dataDir,
  });
}

/** The same row after the service has opened something more. */
export function withOpened(row: ReadyRow, lease: PortLease, opened: OpenedPorts): ReadyRow {
  return Object.freeze({ ...row, ...addressOf(lease, opened) });
}

function addressOf(lease: PortLease, { url, extraPorts, sockets }: OpenedPorts) {
  return { url, port: url === null ? null : lease.port, extraPorts, sockets };
}
