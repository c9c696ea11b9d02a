// Ports held for instances across their incarnations. The only user of get-port, and only on main.
import { createServer } from 'node:net';
import getPort from 'get-port';
import { tooManyFiles, UberError } from '../errors.ts';
import { findPortHolder } from '../platform.ts';
import type { PortLease, ServiceSpec } from '../types.ts';

/** A port beside the main one of a service. */
export interface NamedPort {
  /** Null when the program left the choice open. */
  readonly name: string | null;
  readonly port: number;
  /** Known once the server listens. */
  readonly url: string | null;
}

/** The name in `ports` of the configuration for the server that takes the leased port. */
export const MAIN = 'main';

const NONE: ReadonlyMap<number, NamedPort> = new Map();

/** The leases of one run. */
export class PortLeases {
  readonly #leases = new Map<string, PortLease>();
  /** Service -> the port it asks for -> what it gets. */
  readonly #extras = new Map<string, Map<number, NamedPort>>();
  readonly #schemes = new Map<string, 'http' | 'https'>();
  readonly #host: string;
  /** Goes up when a lease changes: who has been told of the old one must be told again. */
  version = 0;
  /** Goes up when something is learnt that only those who start later need to know. */
  revision = 0;

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

  /** Ports for the names that the configuration gives a service, chosen now where there are none. */
  async leaseNamed({ name: service, ports }: Pick<ServiceSpec, 'name' | 'ports'>): Promise<void> {
    for (const [name, asked] of Object.entries(ports)) {
      if (name === MAIN || this.extras(service).has(asked)) continue;
      this.learnExtra(service, asked, { name, port: await this.#choose(), url: null });
    }
  }

  /** A service has opened a port beside its main one: it is to get the same one for the rest of the run. */
  learnExtra(service: string, asked: number, given: NamedPort): void {
    this.#extras.set(service, new Map(this.#extras.get(service)).set(asked, given));
    this.revision += 1;
  }

  /** The port is somebody else's now: the next one is chosen anew. */
  forgetExtra(service: string, asked: number): void {
    this.#extras.get(service)?.delete(asked);
    this.revision += 1;
  }

  /** Ports beside the main one: what the program asks for -> what it gets. */
  extras(service: string): ReadonlyMap<number, NamedPort> {
    return this.#extras.get(service) ?? NONE;
  }

  /** A service speaks https. */
  learnScheme(service: string, scheme: 'http' | 'https'): void {
    if (this.scheme(service) === scheme) return;
    this.#schemes.set(service, scheme);
    this.revision += 1;
  }

  scheme(service: string): 'http' | 'https' {
    return this.#schemes.get(service) ?? 'http';
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
    const held = [
      ...this.#leases.values(),
      ...[...this.#extras.values()].flatMap((ports) => [...ports.values()]),
    ];
    const exclude = held.map(({ port }) => port);
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
  const limit = tooManyFiles(`No port can be chosen: ${reason}`);
  if (limit !== null) return limit;
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
