// gRPC, called by its own client.
import { once } from 'node:events';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { type ProgramRun, startProgram } from '../support/compat.ts';
import { PLACEMENTS } from '../support/placements.ts';

interface Reply {
  readonly message: string;
}

/** What the client of greeter.proto can do; the loader makes it when the program runs. */
type Greeter = grpc.Client & {
  sayHello(request: { name: string }, done: grpc.requestCallback<Reply>): void;
  sayHelloOften(request: { name: string; times: number }): grpc.ClientReadableStream<Reply>;
};

function connect({ project, row }: ProgramRun): Greeter {
  const definition = protoLoader.loadSync(project.path('programs', 'grpc', 'greeter.proto'));
  const service = definition['greeter.Greeter'] as grpc.ServiceDefinition;
  const Client = grpc.makeGenericClientConstructor(service, 'Greeter');
  return new Client(`127.0.0.1:${row.port}`, grpc.credentials.createInsecure()) as unknown as Greeter;
}

describe.each(PLACEMENTS)('in placement %s', (placement) => {
  test('gRPC answers a call, streams, and passes on errors', async () => {
    await using run = await startProgram('grpc', placement);
    const client = connect(run);
    try {
      const sayHello = promisify(client.sayHello.bind(client)) as (request: {
        name: string;
      }) => Promise<Reply>;
      expect(await sayHello({ name: 'uber' })).toEqual({ message: 'Hello uber' });
      await expect(sayHello({ name: '' })).rejects.toMatchObject({
        code: grpc.status.INVALID_ARGUMENT,
        details: 'no name',
      });
      const messages: string[] = [];
      const stream = client.sayHelloOften({ name: 'uber', times: 3 });
      stream.on('data', ({ message }: Reply) => messages.push(message));
      await once(stream, 'end');
      expect(messages).toEqual(['Hello uber, 1', 'Hello uber, 2', 'Hello uber, 3']);
    } finally {
      client.close();
    }
  });
});
