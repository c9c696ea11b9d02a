// What a service may write against: the context it is handed, and `defineService`.
import type { Logger } from 'pino';

/** What the launcher tells a service that asks for it. */
export interface ServiceContext {
  readonly name: string;
  /** Address to bind, when the service listens by itself. */
  readonly host: string;
  /** Port to bind, when the service listens by itself. */
  readonly port: number;
  /** The service's own base URL. */
  readonly url: string;
  /** The service's environment: `process.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** A pino logger; loaded when first used. */
  readonly log: Logger;
  readonly resources: {
    /** `resources/<name>`: committed, read-only to the run. */
    readonly dir: string;
    /** Writable, empty at the start of a run and removed at its end. */
    readonly dataDir: string;
  };
  readonly services: {
    /**
     * Base URL of a service of this run, or of a port beside its main one, by name. Throws for an unknown name; a port
     * that the configuration does not name is known once it is open.
     */
    url(name: string, port?: string): string;
  };
  /** Aborted when the service is asked to stop. */
  readonly signal: AbortSignal;
  readonly run: { readonly id: string; readonly namespace: string };
}

/** A service with a life of its own. */
export interface ServiceDefinition {
  /**
   * Starts the service; awaited. It may return an app (Express, Koa, Fastify, Hono), an `http.Server`, a listener
   * `(req, res)`, or nothing when the service listens by itself: the launcher listens where the service did not.
   */
  start(context: ServiceContext): unknown;
  /** Called when the service is to stop, before its servers are closed. */
  stop?(): void | Promise<void>;
  /** Brings the service's own state back to what it was after `start`. Accepted, but nothing calls it yet. */
  reset?(): void | Promise<void>;
}

/** Gives a service its types; returns what it is given. */
export function defineService(definition: ServiceDefinition): ServiceDefinition {
  return definition;
}
