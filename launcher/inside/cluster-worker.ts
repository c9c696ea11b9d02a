// Preload of a worker that `node:cluster` starts for a service. The port it asks for has been moved in the primary, and
// Node would take another port than the one asked for as a failed bind; the worker is to learn the real one.
import cluster from 'node:cluster';

/** What the primary hands a worker in place of a handle of its own. */
interface SharedHandle {
  getsockname?(out: Address): number;
}

interface Address {
  port?: number;
}

type GetServer = (
  server: object,
  query: { port: number },
  done: (error: number, handle?: SharedHandle) => void,
) => void;

// Ours, and not to be passed on by a program that starts others like itself.
process.execArgv = process.execArgv.slice(2);
const inside = cluster as unknown as { _getServer: GetServer };
const original = inside._getServer;
inside._getServer = (server, query, done) => {
  Reflect.apply(original, inside, [
    server,
    query,
    (error: number, handle?: SharedHandle) => {
      if (error !== 0 || handle?.getsockname === undefined) return done(error, handle);
      const { getsockname } = handle;
      handle.getsockname = (out) => {
        const code = getsockname(out);
        out.port = query.port;
        return code;
      };
      // The check is made in here, before anything else can ask.
      done(error, handle);
      handle.getsockname = getsockname;
    },
  ]);
};
