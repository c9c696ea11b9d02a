// What keeps a service alive, in words.
import type { Server } from 'node:net';
import type { ServiceScope } from './scope.ts';

/** Names of Node for what is open (`process.getActiveResourcesInfo`), and what people call it. */
const WORDS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  Timeout: ['timer', 'timers'],
  Immediate: ['immediate', 'immediates'],
  TCPServerWrap: ['TCP server', 'TCP servers'],
  PipeServerWrap: ['Unix socket server', 'Unix socket servers'],
  TCPSocketWrap: ['socket', 'sockets'],
  TLSWrap: ['TLS socket', 'TLS sockets'],
  PipeWrap: ['pipe', 'pipes'],
  UDPWrap: ['UDP socket', 'UDP sockets'],
  ProcessWrap: ['child process', 'child processes'],
  Worker: ['worker thread', 'worker threads'],
  MessagePort: ['message port', 'message ports'],
  FSEventWrap: ['file watcher', 'file watchers'],
  StatWatcher: ['file watcher', 'file watchers'],
  FSReqCallback: ['file operation', 'file operations'],
  FSReqPromise: ['file operation', 'file operations'],
  GetAddrInfoReqWrap: ['name look-up', 'name look-ups'],
  TCPConnectWrap: ['connection being made', 'connections being made'],
};

/** Node tells these apart; to a reader they are one thing with the kind that is named here. */
const LEFT_OUT: ReadonlySet<string> = new Set(['CloseReq', 'TickObject', 'TTYWrap', 'SignalWrap']);

/** `["Timeout", "Timeout", "TCPSocketWrap"]` -> `["2 timers", "1 socket (TCPSocketWrap)"]`. */
function describeResources(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) if (!LEFT_OUT.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => {
    const [one, many] = WORDS[name] ?? [name, name];
    const word = count === 1 ? one : many;
    // The name of Node helps who looks further, where ours says less.
    return name === 'Timeout' || word === name ? `${count} ${word}` : `${count} ${word} (${name})`;
  });
}

/** What is open now and keeps the service alive; without what is the launcher's own. */
export function openResources(scope: ServiceScope): string[] {
  const names = scope.openNames?.() ?? process.getActiveResourcesInfo();
  for (const own of scope.openNames === null ? ownHandles(scope) : []) {
    const index = names.indexOf(own);
    if (index !== -1) names.splice(index, 1);
  }
  const servers = [...scope.servers].filter((server) => server.listening);
  const named = servers.flatMap((server) => takeOut(names, server));
  return [...named, ...describeResources(names)];
}

/** What a service has opened by itself and not closed in its stop; the server made for what it exports is not its own. */
export function openServers(scope: ServiceScope): string[] {
  return [...scope.servers]
    .filter((server) => server.listening && server !== scope.ownServer)
    .map(describeServer);
}

function takeOut(names: string[], server: Server): string[] {
  const index = names.findIndex((name) => name === 'TCPServerWrap' || name === 'PipeServerWrap');
  if (index === -1) return []; // It does not keep the service alive.
  names.splice(index, 1);
  return [describeServer(server)];
}

function describeServer(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null
    ? `a TCP server on :${address.port}`
    : `a server on ${address}`;
}

/** Standard streams of a process are pipes. */
function ownHandles({ isNested }: ServiceScope): string[] {
  if (isNested) return [];
  return [process.stdout, process.stderr].flatMap((stream) => {
    const { _handle: handle } = stream as unknown as {
      _handle?: { hasRef?(): boolean; constructor: { name: string } };
    };
    if (handle?.hasRef?.() !== true) return [];
    return handle.constructor.name === 'Pipe' ? ['PipeWrap'] : [];
  });
}
