// Metadata of decorators: the same as TypeScript itself makes of the same program.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { makeProject, REPOSITORY, type TestProject } from '../support/project.ts';
import { answerOf, shop } from './decorated-shop.ts';

/** Every kind of type and of place for a decorator, with what is known of each at run time. */
const REPORT = `
  import 'reflect-metadata';
  import Whole from './whole.js';
  import * as names from './names.js';
  import { Service as Renamed, Repository } from './classes.js';
  import { Shape, Tone, Level, Mixed, Alias, Text } from './shapes.js';
  import { Both } from './shapes.js';
  import { Dec, Param, seen } from './dec.js';

  interface Local { a: string }
  enum LocalTone { Calm = 'calm' }
  export enum LocalLevel { Low, High }
  const key = Symbol('key');

  @Dec()
  class Base { order: string[] = ['base']; }

  @Dec()
  export class Everything<T extends object> extends Base {
    static count = 1;
    #secret = 3;
    @Dec() text: string; @Dec() flag: boolean; @Dec() big: bigint; @Dec() symbol: symbol;
    @Dec() maybe?: number; @Dec() nullable: string | null;
    @Dec() either: string | number; @Dec() literal: 'a' | 'b'; @Dec() numbers: 1 | 2; @Dec() template: \`a\${string}\`;
    @Dec() list: string[]; @Dec() fixed: readonly string[]; @Dec() pair: [string, number];
    @Dec() callback: () => void; @Dec() anyFunction: Function; @Dec() built: new () => Renamed;
    @Dec() generic: T; @Dec() promise: Promise<string>; @Dec() map: Map<string, Renamed>; @Dec() date: Date = new Date(0);
    @Dec() record: Record<string, string>; @Dec() object: { a: string }; @Dec() unknown: unknown; @Dec() any: any;
    @Dec() nothing: void; @Dec() never: never; @Dec() self: Everything<T>; @Dec() local: Local;
    @Dec() localTone: LocalTone; @Dec() localLevel: LocalLevel; @Dec() both: Local & Renamed;
    @Dec() shape: Shape; @Dec() tone: Tone; @Dec() level: Level; @Dec() mixed: Mixed; @Dec() inNames: names.Inside;
    @Dec() parenthesised: (Renamed); @Dec() queried: typeof key; @Dec() bytes: Uint8Array; @Dec() buffer: Buffer;
    @Dec() untyped; @Dec() initial = 3;
    @Dec() 'quoted-name': string; @Dec() [key]: number;
    readonly place = this.service.name + this.#secret;
    constructor(
      private readonly service: Renamed, whole: Whole, @Param('third') marked: object, only: object, shape: Shape,
      tone: Tone, level: Level, both: Both, list: Repository<string>, optional?: Renamed
    ) { super(); this.order.push('own'); }
    @Dec() method(@Param('a') a: Shape, @Param('b') b: Repository<string>, c = 3, d?: Renamed): Promise<void> { return Promise.resolve(); }
    @Dec() async later(first: Renamed[]) {}
    @Dec() plain() {}
    @Dec() get readable(): Renamed { return this.service; }
    @Dec() set writable(value: Tone) {}
    copy(): Everything<T> { return new Everything(this.service, {}, {}, {}, {}, Tone.Calm, Level.Low, {} as Both, new Repository()); }
    @Dec() static shared: Renamed;
    @Dec() static build(@Param('static') from: Whole): Renamed { return new Renamed('built'); }
  }

  @Dec() export default class extends Everything<object> {}

  const made = new Everything(new Renamed('made'), new Whole(), {}, {}, {}, Tone.Calm, Level.Low, {} as Both, new Repository());
  export const report = JSON.stringify({
    seen, place: made.place, own: Object.keys(made), order: made.order, names: [Everything.name, Base.name],
    kept: made.copy() instanceof Everything, sameClass: Reflect.getMetadata('design:paramtypes', Everything)[0] === Renamed,
  });
`;

const CLASSES = {
  'dec.ts': `
    import 'reflect-metadata';
    const KEYS = ['design:type', 'design:paramtypes', 'design:returntype'];
    export const seen: unknown[] = [];
    const nameOf = (type: unknown): unknown => Array.isArray(type) ? type.map(nameOf) : typeof type === 'function' ? type.name : String(type);
    export const Dec = (): any => (target: object, key?: string | symbol) => {
      const metadata = KEYS.map((name) => key === undefined ? Reflect.getMetadata(name, target) : Reflect.getMetadata(name, target, key));
      seen.push([String(key), ...metadata.map(nameOf)]);
    };
    export const Param = (name: string): any => (target: object, key: string, index: number) => { seen.push([name, String(key), index]); };
  `,
  'whole.ts': 'export default class Whole { a = 1; }',
  'names.ts': 'export class Inside {} export interface Other { a: 1 }',
  'classes.ts':
    'export class Service { constructor(readonly name: string) {} } export class Repository<T> { a?: T; }',
  'shapes.ts': `
    export interface Shape { a?: string }
    export interface Both { b?: string }
    export type Alias = { a: string };
    export type Text = string;
    export enum Tone { Calm = 'calm', Loud = 'loud' }
    export enum Level { Low, High = 4 }
    export enum Mixed { A = 'a', B = 1 }
  `,
};

interface Variant {
  readonly module: 'commonjs' | 'esnext';
  readonly options: Record<string, unknown>;
}

const VARIANTS: Variant[] = [
  { module: 'commonjs', options: { useDefineForClassFields: false, strictNullChecks: true } },
  { module: 'commonjs', options: { useDefineForClassFields: false, strict: false } },
  { module: 'esnext', options: { useDefineForClassFields: false, strict: true } },
  { module: 'esnext', options: { target: 'es2021', strictNullChecks: false } },
];

/** What the program prints when TypeScript has compiled it. */
function printedByTypeScript(project: TestProject): string {
  const tsc = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(
    process.execPath,
    [tsc, '-p', 'services/shop', '--noCheck', '--outDir', 'out', '--rootDir', 'services/shop'],
    { cwd: project.root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return execFileSync(process.execPath, [project.path('out', 'print.js')], { encoding: 'utf8' });
}

test.each(VARIANTS)(
  '$module with $options has the metadata, the fields and the order that TypeScript gives',
  async ({ module, options }) => {
    const files = {
      ...CLASSES,
      'report.ts': REPORT,
      'print.ts': "import { report } from './report.js'; process.stdout.write(report);",
      'index.ts':
        "import { createServer } from 'node:http'; import { report } from './report.js'; createServer((q, r) => r.end(report)).listen(1);",
    };
    using project = makeProject({
      files: {
        ...shop(files, { target: 'es2022', module, moduleResolution: 'bundler', ...options }),
        'package.json': JSON.stringify({ type: module === 'esnext' ? 'module' : 'commonjs' }),
      },
    });
    const expected: unknown = JSON.parse(printedByTypeScript(project));
    expect(JSON.parse(await answerOf(project))).toEqual(expected);
  },
);
