// The check of `uber.config.*`: one schema, from which the shipped JSON Schema is generated too.
import * as z from 'zod';
import { PLACEMENT_NAMES, RESTART_POLICIES } from '../names.ts';
import type {
  PermissionsOptions,
  ReadyOptions,
  RestartOptions,
  ServiceOptions,
  UberConfigFile,
} from '../options.ts';

const durationMs = z.number().int().min(1).max(86_400_000);
const statusCode = z.number().int().min(100).max(599);
const text = z.string().min(1);
const portNumber = z.number().int().min(1).max(65_535);
const PORT_NAME = 'use 1 to 32 letters, digits, dashes and underscores';

const readySchema = z.strictObject({
  http: text
    .startsWith('/')
    .optional()
    .describe('Path of a request sent until it answers with a ready status'),
  status: z
    .union([statusCode, z.tuple([statusCode, statusCode])])
    .optional()
    .describe('The status that counts as ready, or the lowest and the highest one. Default: 200 to 399'),
  intervalMs: durationMs.optional().describe('Pause between two tries, in milliseconds. Default: 100'),
  timeoutMs: durationMs.optional().describe('Time to ready, in milliseconds. Default: 30000'),
}) satisfies z.ZodType<ReadyOptions>;

const restartSchema = z.strictObject({
  policy: z.enum(RESTART_POLICIES).optional().describe('Default: on-failure'),
  minDelayMs: durationMs
    .optional()
    .describe('Pause before the first new start; it doubles with each failure that follows. Default: 100'),
  maxDelayMs: durationMs.optional().describe('Longest pause, in milliseconds. Default: 10000'),
  attempts: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('How many ends within windowMs are followed by a new start. Default: 5'),
  windowMs: durationMs
    .optional()
    .describe('Ends longer ago than this are forgotten, in milliseconds. Default: 60000'),
}) satisfies z.ZodType<RestartOptions>;

const paths = z.array(text.regex(/^[^*\0]+$/, 'name the folder: all below it is meant'));

const permissionsSchema = z.strictObject({
  read: paths.optional().describe('Files and folders it may read, relative to the configuration file'),
  write: paths.optional().describe('Files and folders it may write, and read'),
  childProcess: z.boolean().optional().describe('True lets it start processes. Default: false'),
  worker: z.boolean().optional().describe('True lets it start worker threads. Default: false'),
  addons: z.boolean().optional().describe('True lets it load native addons. Default: false'),
}) satisfies z.ZodType<PermissionsOptions>;

const serviceSchema = z.strictObject({
  entry: text.optional().describe('The file or folder to run. Default: services/<name>'),
  args: z.array(z.string()).optional().describe('Arguments of the program'),
  cwd: text.optional().describe('What process.cwd() answers in the service. Default: its folder'),
  env: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe(
      'Environment of the service; a value in the shell wins over it. ${orders.url}, ${orders.host} and ${orders.port} are the address of the service orders',
    ),
  dependsOn: z.array(text).optional().describe('Services that must be ready before this one starts'),
  ready: z
    .union([z.enum(['listening', 'started']), readySchema])
    .optional()
    .describe('When the service counts as ready. Default: listening'),
  port: portNumber.optional().describe('A fixed port. Default: a free one'),
  ports: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, PORT_NAME), portNumber)
    .optional()
    .describe('Names for the ports the program asks for; "main" says which of its servers is the main one'),
  placement: z.enum(PLACEMENT_NAMES).optional().describe('Where the service lives. Default: thread'),
  shareable: z
    .boolean()
    .optional()
    .describe('True says that the service can share a thread: placement auto puts it there. Default: false'),
  sharedThread: text
    .optional()
    .describe('Name of the thread it shares with those that have the same name here. Default: shared'),
  stopGraceMs: durationMs.optional().describe('How long a stop may take, in milliseconds. Default: 5000'),
  restart: z
    .union([z.enum(RESTART_POLICIES), restartSchema])
    .optional()
    .describe(
      'Whether it is started again when it ends on its own. Default: on-failure for uber up, never for tests',
    ),
  critical: z.boolean().optional().describe('True ends the run when the service is given up. Default: false'),
  restartDependents: z
    .boolean()
    .optional()
    .describe('True starts those that depend on it again after it has been. Default: false'),
  heapMb: z
    .number()
    .int()
    .min(16)
    .max(65_536)
    .optional()
    .describe('Largest heap, in megabytes (the old generation of V8). Default: 1024'),
  blockedMs: z
    .union([durationMs, z.literal(false)])
    .optional()
    .describe(
      'How long its event loop may be blocked before it is ended as failed, in milliseconds; false for ever. Default: 30000',
    ),
  permissions: permissionsSchema
    .optional()
    .describe('What the service may do beside what it cannot do without. Default: everything'),
}) satisfies z.ZodType<ServiceOptions>;

/** The schema of a configuration file. */
export const configFileSchema = z.strictObject({
  $schema: z.string().optional().describe('Where this schema is; only editors read it'),
  services: z
    .record(z.string(), z.union([text, serviceSchema]))
    .optional()
    .describe('Name of a service -> its file or folder, or its options'),
  groups: z
    .record(z.string(), z.array(text))
    .optional()
    .describe('Name of a group -> services; select with @name'),
  host: text.optional().describe('The address every service binds. Default: 127.0.0.1'),
  namespace: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'use 1 to 32 lower-case letters, digits and dashes')
    .optional()
    .describe('Label that keeps runs apart. Default: default'),
}) satisfies z.ZodType<UberConfigFile>;

/** The keys each kind of object knows, for "did you mean". */
export const KNOWN_KEYS = {
  top: Object.keys(configFileSchema.shape),
  service: Object.keys(serviceSchema.shape),
  ready: Object.keys(readySchema.shape),
  restart: Object.keys(restartSchema.shape),
  permissions: Object.keys(permissionsSchema.shape),
} as const;

/** The JSON Schema (draft 7) of a configuration file, for editors. */
export function configFileJsonSchema(): unknown {
  return {
    title: 'uberservice configuration',
    ...z.toJSONSchema(configFileSchema, { target: 'draft-7', io: 'input' }),
  };
}
