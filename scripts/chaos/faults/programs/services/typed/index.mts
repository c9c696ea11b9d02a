// TypeScript with a start and a stop of its own.
import { createServer, type Server } from 'node:http';
import conduct from '../../lib/conduct.cjs';

let server: Server | null = null;

export default {
  start(): Server {
    server = createServer(conduct.answer);
    return server;
  },
  async stop(): Promise<void> {
    conduct.say('stopping');
    await conduct.mayStop();
    server?.close();
  },
};
