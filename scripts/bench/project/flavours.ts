// What the services of a benchmark are: ordinary programs that listen by themselves, small ones and heavy ones.
import type { BenchTools } from '../scenario.ts';
import { install, REPOSITORY_PACKAGES } from './packages.ts';
import { type Project, writeProject } from './project.ts';

/** `js` and `ts`: Express. `heavy`: Express and the clients of databases, queues and a cloud. */
export const FLAVOURS = ['js', 'ts', 'heavy'] as const;

export type Flavour = (typeof FLAVOURS)[number];

/** The packages of heavy services, pinned: another version is another benchmark. */
const HEAVY_PACKAGES = {
  '@aws-sdk/client-s3': '3.1169.0',
  '@aws-sdk/client-sqs': '3.1169.0',
  express: '5.3.0',
  ioredis: '6.0.0',
  kafkajs: '2.2.4',
  mongoose: '9.12.1',
  pg: '8.23.1',
};

/** Makes a project of a flavour. @throws Unavailable when its packages cannot be installed */
export async function makeProject(flavour: Flavour, count: number, tools: BenchTools): Promise<Project> {
  const root = tools.leftovers.folder();
  if (flavour === 'heavy') {
    const packages = [await install('heavy', HEAVY_PACKAGES, tools)];
    const preload = Object.keys(HEAVY_PACKAGES).filter((name) => name !== 'express');
    return writeProject(root, { count, extension: 'js', source: heavy, packages, preload });
  }
  const source = flavour === 'js' ? light : typed;
  return writeProject(root, { count, extension: flavour, source, packages: [REPOSITORY_PACKAGES] });
}

/** A program of one scenario as a project: its file, `count` times. */
export function programProject(source: string, count: number, tools: BenchTools): Project {
  return writeProject(tools.leftovers.folder(), {
    count,
    extension: 'cjs',
    source: (name) => source.replaceAll('SERVICE_NAME', name),
    packages: [REPOSITORY_PACKAGES],
  });
}

/** All flavours end so. Every side of a comparison reads the line. */
const ROUTES = (name: string): string => `let calls = 0;
app.get('/hello', (request, response) => response.json({ from: '${name}', version }));
app.get('/count', (request, response) => response.json({ calls: ++calls }));
const server = app.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(\`${name} listens on http://127.0.0.1:\${server.address().port}\`);
});
`;

function light(name: string): string {
  return `import express from 'express';

const version = 1;
const app = express();
${ROUTES(name)}`;
}

function typed(name: string): string {
  return `import type { AddressInfo } from 'node:net';
import express, { type Express, type Request, type Response } from 'express';

interface Hello {
  readonly from: string;
  readonly version: number;
}

const version = 1;
const hello: Hello = { from: '${name}', version };
const app: Express = express();
let calls = 0;
app.get('/hello', (_request: Request, response: Response): void => {
  response.json(hello);
});
app.get('/count', (_request: Request, response: Response): void => {
  calls += 1;
  response.json({ calls });
});
const server = app.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(\`${name} listens on http://127.0.0.1:\${(server.address() as AddressInfo).port}\`);
});
`;
}

/** Clients are made as such services make them at their start; none of them connects before its first command. */
function heavy(name: string): string {
  return `import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import express from 'express';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import mongoose from 'mongoose';
import pg from 'pg';

const version = 1;
const cloud = { region: 'eu-west-1', credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } };
const bucket = new S3Client(cloud);
const queue = new SQSClient(cloud);
const cache = new Redis({ lazyConnect: true });
const pool = new pg.Pool({ host: '127.0.0.1', database: '${name}' });
const kafka = new Kafka({ clientId: '${name}', brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING });
const producer = kafka.producer();
const database = mongoose.createConnection();
const Order = database.model('Order', new mongoose.Schema({ customer: { type: String, required: true }, lines: [Object] }));

const order = new Order({ customer: '${name}', lines: [{ article: 'tea', count: 2 }] });
if (order.validateSync() !== undefined) throw new Error('the order is not valid');
const upload = new PutObjectCommand({ Bucket: 'orders', Key: order.id, Body: JSON.stringify(order) });
const message = new SendMessageCommand({ QueueUrl: 'http://127.0.0.1:1/orders', MessageBody: order.id });
const clients = [bucket, queue, cache, pool, producer, upload, message];

const app = express();
app.get('/clients', (request, response) => response.json({ clients: clients.length, id: order.id }));
${ROUTES(name)}`;
}
