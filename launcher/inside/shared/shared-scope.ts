// All that is known of one service in a thread of several.
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { sep } from 'node:path';
import type { OutputWriter } from '../../log-ring.ts';
import type { BuildManifest, StartMessage } from '../../protocol.ts';
import { type Link, makeScope, type ServiceScope } from '../scope.ts';
import { Kept } from './kept.ts';

/** Something that a service has opened and that must not outlive it. */
export interface Opened {
  /** In the words of `process.getActiveResourcesInfo`. */
  readonly name: string;
  close(): void;
  isGone(): boolean;
  /** False when it does not keep the service alive. */
  isActive(): boolean;
}

/** One service of a thread of several. */
export interface SharedScope extends ServiceScope {
  /** Of this life of the service. */
  readonly id: number;
  /** What `process` shows to the service. */
  env: Record<string, string>;
  argv: string[];
  mainModule: unknown;
  /** Functions of `process` that it has put its own in the place of. */
  readonly replaced: Map<string, unknown>;
  /** What it has set by `process.setUncaughtExceptionCaptureCallback`. */
  capture: ((error: unknown) => void) | null;
  /** Handlers that it has registered at `process`. */
  readonly events: EventEmitter;
  readonly output: OutputWriter;
  /** The folder of the package that it is itself, with a separator at the end; null when it is none. */
  readonly ownPackage: string | null;
  /** Its CommonJS modules: path -> module. */
  readonly modules: Record<string, unknown>;
  /** Its ES modules: URL -> the URL it is loaded by. */
  readonly urls: Map<string, string>;
  /** What has been compiled for it. */
  readonly compiled: Compiled;
  readonly timers: Kept<NodeJS.Timeout>;
  readonly sockets: Kept<Socket>;
  readonly opened: Kept<Opened>;
  /** Its handlers for `exit` have been called. */
  isEnding: boolean;
  isEnded: boolean;
}

/** Its own sources in the words of the build room, without their tables being frozen. */
interface Compiled {
  readonly files: Map<string, BuildManifest['files'][string]>;
  readonly edges: Map<string, Readonly<Record<string, string>>>;
}

/** What a service of this thread begins with. */
export interface SharedStart {
  readonly id: number;
  readonly start: StartMessage;
  readonly link: Link;
  readonly output: OutputWriter;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Makes the scope of a service.
 * @param end ends it from its own thread
 */
export function makeSharedScope(
  { id, start, link, output, env }: SharedStart,
  end: (scope: SharedScope, exitCode: number) => void,
): SharedScope {
  const timers = new Kept<NodeJS.Timeout>((timer) => Reflect.get(timer, '_destroyed') === true);
  const sockets = new Kept<Socket>((socket) => socket.destroyed);
  const opened = new Kept<Opened>((each) => each.isGone());
  // What follows on its end is no news.
  const post: Link['post'] = (message) => (scope.isEnded ? undefined : link.post(message));
  const whole = { post, compile: link.compile };
  const scope: SharedScope = {
    ...makeScope(start, whole, {
      openNames: () => openNames(scope),
      end: (exitCode) => end(scope, exitCode),
    }),
    id,
    env: interned(env),
    argv: [process.execPath, start.entry, ...start.args],
    mainModule: undefined,
    replaced: new Map(),
    capture: null,
    events: makeEvents(),
    output,
    ownPackage: packageOf(start.entry),
    modules: Object.create(null) as Record<string, unknown>,
    urls: new Map(),
    compiled: { files: new Map(), edges: new Map() },
    timers,
    sockets,
    opened,
    isEnding: false,
    isEnded: false,
  };
  return scope;
}

const texts = new Map<string, string>();

/** Each service is told the addresses of all others: the same texts are kept once. */
function interned(values: Readonly<Record<string, string>>): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) {
    const known = texts.get(value);
    if (known === undefined) texts.set(value, value);
    own[key] = known ?? value;
  }
  return own;
}

/** A published program that is run as a service is one, and no package that services have in common. */
function packageOf(entry: string): string | null {
  const folders = entry.split(sep);
  const at = folders.lastIndexOf('node_modules') + 1;
  if (at === 0) return null;
  const length = folders[at]?.startsWith('@') === true ? 2 : 1;
  return folders.slice(0, at + length).join(sep) + sep;
}

/** Handlers run with `process` as `this`, or what looks like it. */
function makeEvents(): EventEmitter {
  const events = Object.create(process) as EventEmitter;
  const { constructor: _, ...methods } = Object.getOwnPropertyDescriptors(EventEmitter.prototype);
  Object.defineProperties(events, methods);
  Reflect.apply(EventEmitter, events, []);
  return events;
}

/** What keeps a service alive, as `process.getActiveResourcesInfo` would name it. */
function openNames({ timers, sockets, servers, opened, children }: SharedScope): string[] {
  const names = (things: number, name: string): string[] => Array<string>(things).fill(name);
  return [
    ...names(timers.live().filter((timer) => timer.hasRef()).length, 'Timeout'),
    ...names([...servers].filter((server) => isReferenced(server)).length, 'TCPServerWrap'),
    ...names(
      sockets.live().filter((socket) => socket.connecting || isReferenced(socket)).length,
      'TCPSocketWrap',
    ),
    ...names(children.size, 'ProcessWrap'),
    ...opened.live().flatMap((each) => (each.isActive() ? [each.name] : [])),
  ];
}

/** True for what has a handle that keeps the event loop turning. Node has it in one of these places. */
export function isReferenced(owner: object): boolean {
  const keys = Object.getOwnPropertySymbols(owner).filter(({ description }) =>
    HANDLES.has(String(description)),
  );
  return ['_handle', ...keys].some((key) => {
    const found = Reflect.get(owner, key) as WithHandle | null | undefined;
    return (found?.handle ?? found)?.hasRef?.() === true;
  });
}

/** Of threads, and of UDP sockets. */
const HANDLES: ReadonlySet<string> = new Set(['kHandle', 'state symbol']);

interface WithHandle {
  readonly handle?: WithHandle | null;
  hasRef?(): boolean;
}
