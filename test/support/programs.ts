// The programs of the compatibility suite. docs/compatibility.md lists the same ones: a test compares the two.
import type { ServiceOptions } from '../../launcher/index.ts';

/** One program that must run unmodified. */
export interface Program {
  /** The package it shows; null for what comes with Node itself. */
  readonly package: string | null;
  /** Its entry in the configuration. `programs/<name>` is a copy of `test/fixtures/programs/<name>`. */
  readonly service: ServiceOptions;
}

/** Name of a program, which is the name of its folder in test/fixtures/programs, -> the program. */
export const PROGRAMS = {
  // Published commands: nothing of ours but their data.
  'json-server': {
    package: 'json-server',
    service: {
      entry: 'node_modules/json-server/lib/cli/bin.js',
      args: ['--watch', 'db.json'],
      cwd: 'programs/json-server',
    },
  },
  'http-server': {
    package: 'http-server',
    service: {
      entry: 'node_modules/http-server/bin/http-server',
      args: ['public'],
      cwd: 'programs/http-server',
    },
  },
  // Frameworks.
  fastify: { package: 'fastify', service: { entry: 'programs/fastify/server.js' } },
  koa: { package: 'koa', service: { entry: 'programs/koa/app.js' } },
  hono: {
    package: '@hono/node-server',
    service: { entry: 'programs/hono/src/index.ts', cwd: 'programs/hono' },
  },
  nest: { package: '@nestjs/core', service: { entry: 'programs/nest/src/main.ts', cwd: 'programs/nest' } },
  'graphql-yoga': { package: 'graphql-yoga', service: { entry: 'programs/graphql-yoga/server.ts' } },
  // Protocols.
  ws: { package: 'ws', service: { entry: 'programs/ws/server.js' } },
  'socket-io': { package: 'socket.io', service: { entry: 'programs/socket-io/index.js' } },
  grpc: { package: '@grpc/grpc-js', service: { entry: 'programs/grpc/server.js' } },
  https: { package: null, service: { entry: 'programs/https/server.js' } },
  http2: { package: null, service: { entry: 'programs/http2/server.js' } },
  'metrics-port': { package: 'express', service: { entry: 'programs/metrics-port/server.ts' } },
  // What programs expect of the process they are in.
  'commonjs-main': { package: null, service: { entry: 'programs/commonjs-main/server.js' } },
  sigterm: { package: null, service: { entry: 'programs/sigterm/server.js' } },
  'relative-paths': {
    package: 'dotenv',
    service: { entry: 'programs/relative-paths/src/server.js', cwd: 'programs/relative-paths' },
  },
  'pino-pretty': { package: 'pino-pretty', service: { entry: 'programs/pino-pretty/server.js' } },
  'pino-file': { package: 'pino', service: { entry: 'programs/pino-file/server.js' } },
  // Threads, processes and native code of their own.
  argon2: { package: '@node-rs/argon2', service: { entry: 'programs/argon2/server.ts' } },
  piscina: { package: 'piscina', service: { entry: 'programs/piscina/server.js' } },
  'child-process': { package: null, service: { entry: 'programs/child-process/server.js' } },
  cluster: { package: null, service: { entry: 'programs/cluster/server.js' } },
} as const satisfies Record<string, Program>;

/** One of {@link PROGRAMS}. */
export type ProgramName = keyof typeof PROGRAMS;
