// Ports held for instances across their incarnations. The only user of get-port, and only on main.
import { createServer } from 'node:net';
import getPort from 'get-port';
import { UberError } from '../errors.ts';
import { findPortHolder } from '../platform.ts';
import type { PortLease, ServiceSpec } from '../types.ts';

/** The leases of one run. */
export class PortLeases {
  readonly #leases = new Map<string, PortLease>();
  readonly #host: string;
  /** Goes up when a lease changes: who has been told of the old one must be told again. */
  version = 0;

  /** @param host the address every service of the run binds */
  constructor(host: string) {
    this.#host = host;
  }

  /**
   * The lease of a service, taken now if it has none.
   * @throws UberError `PORT_BUSY` when a pinned port is taken
   */
  async lease(spec: Pick<ServiceSpec, 'name' | 'port'>): Promise<PortLease> {
    const held = this.#leases.get(spec.name);
    if (held !== undefined) return held;
    const isPinned = spec.port !== null;
    if (spec.port !== null) await assertFree(spec.name, this.#host, spec.port);
    const port = spec.port ?? (await this.#choose());
    return this.#hold(spec.name, port, isPinned);
  }

  /** Another port for a service whose own was taken between choosing and binding; a pinned one stays. */
  async renew(spec: Pick<ServiceSpec, 'name' | 'port'>): Promise<PortLease> {
    if (spec.port !== null) return this.lease(spec);
    // Chosen before the old one is given up, so that it cannot be chosen again.
    const port = await this.#choose();
    this.#leases.delete(spec.name);
    this.version += 1;
    return this.#hold(spec.name, port, false);
  }

  /** Every lease held now, by service. */
  all(): ReadonlyMap<string, PortLease> {
    return this.#leases;
  }

  #hold(service: string, port: number, isPinned: boolean): PortLease {
    const lease: PortLease = Object.freeze({ host: this.#host, port, isPinned });
    this.#leases.set(service, lease);
    return lease;
  }

  #choose(): Promise<number> {
    // A busy preferred port would fall back silently, so no preference is given: the system picks a free one.
    const exclude = [...this.#leases.values()].map((lease) => lease.port);
    return getPort({ host: this.#host, exclude }).catch((cause: Error) => {
      throw hostInvalid(this.#host, cause.message);
    });
  }
}

async function assertFree(service: string, host: string, port: number): Promise<void> {
  const code = await tryToBind(host, port);
  if (code === null) return;
  if (code === 'EACCES') {
    throw new UberError('PORT_BUSY', `Port ${port} of "${service}" may not be used by this user.`, {
      service,
      hint: 'Pin a port above 1023, or remove "port" from its configuration to get a free one.',
    });
  }
  if (code !== 'EADDRINUSE') throw hostInvalid(host, code);
  throw await portBusyError(service, port);
}

function hostInvalid(host: string, reason: string): UberError {
  return new UberError('HOST_INVALID', `Services cannot listen on "${host}": ${reason}.`, {
    hint: 'Name an address of this machine: 127.0.0.1, or 0.0.0.0 for all of them.',
  });
}

/** The error for a pinned port that somebody else holds; names the holder where that can be known. */
export async function portBusyError(service: string, port: number): Promise<UberError> {
  const holder = await findPortHolder(port);
  const by =
    holder === null
      ? 'another process'
      : `process ${holder.pid}${holder.program === null ? '' : ` (${holder.program})`}`;
  return new UberError('PORT_BUSY', `Port ${port} of "${service}" is taken by ${by}.`, {
    service,
    hint: 'Stop that process, or remove "port" from the service\'s configuration to get a free one.',
  });
}

function tryToBind(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'UNKNOWN'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
