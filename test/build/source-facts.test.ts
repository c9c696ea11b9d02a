// What sources say about the network, and that comments and texts say nothing.
import { readSourceFacts, type SourceFacts } from '../../launcher/build/source-facts.ts';
import { makeProject } from '../support/project.ts';

async function factsOf(code: string, name = 'a.ts'): Promise<SourceFacts> {
  using project = makeProject({ files: { [name]: code }, packages: false });
  const facts = await readSourceFacts(project.path(name));
  if (facts === null) throw new Error(`${name} cannot be parsed`);
  return facts;
}

test.each([
  ['app.listen(3001);', true, [3001]],
  ['const port: number = Number(process.env.PORT ?? 3001); app.listen(port);', true, [3001]],
  ['app.listen({ port: 3001, host: "0.0.0.0" });', true, [3001]],
  ['const config = { port: process.env.PORT || "3001" }; app.listen(config.port);', true, [3001]],
  ['const { PORT = 3001 } = process.env; server.listen(PORT);', true, [3001]],
  ['new WebSocketServer({ port: 3001 });', true, [3001]],
  ['grpc.bindAsync("0.0.0.0:50051", credentials, () => {});', true, [50051]],
  ['import { serve } from "x"; serve({ fetch: app.fetch, port: 3001 });', true, [3001]],
  ['export const port = +(process.env.PORT || 3001);', false, [3001]],
  ['// app.listen(3001)\nconst text = "app.listen(3001)"; /* app.listen(2) */', false, []],
  ['const ordersPort = 3001; queue.subscribe(ordersPort);', false, []],
])('%s', async (code, listens, ports) => {
  expect(await factsOf(code)).toMatchObject({ listens, ports });
});

test.each([
  ['fetch(process.env.ORDERS ?? "http://localhost:3001");', ['ORDERS']],
  ['fetch(process.env.A || process.env["B"] || "http://localhost:3001");', ['A', 'B']],
  ['const { ORDERS = "http://localhost:3001" } = process.env;', ['ORDERS']],
  ['const url = process.env.ORDERS ? process.env.ORDERS : "http://localhost:3001";', ['ORDERS']],
  ['const url = env("ORDERS", "http://localhost:3001");', ['ORDERS']],
  ['const schema = z.object({ ORDERS: z.string().default("http://localhost:3001") });', ['ORDERS']],
  ['const urls = { ORDERS: "http://localhost:3001" };', []],
  ['fetch(`http://localhost:3001/${id}`);', []],
])('the variable whose default an address is: %s', async (code, envKeys) => {
  const { addresses } = await factsOf(code);
  expect(addresses).toMatchObject([{ address: { host: 'localhost', port: 3001 }, envKeys }]);
});

test('lines are those of the source, also behind types and decorators', async () => {
  const code = `interface A {\n  x: string;\n}\n\n@decorate\nclass B {\n  constructor(@Inject() private x: string) {}\n  url = 'http://localhost:3001' as string;\n}\n`;
  expect((await factsOf(code)).addresses).toMatchObject([{ line: 8 }]);
});

test.each([
  ['a.cjs', '#!/usr/bin/env node\nmodule.exports = app;', true],
  ['a.mjs', 'const app = 1; export { app as default };', true],
  ['a.js', 'with (x) { y } exports.a = 1;', false],
  ['a.jsx', 'export default () => <a href="http://localhost:3001" />;', true],
  ['b.js', 'export const a = <a />;', false],
])('%s is parsed, whatever language it is', async (name, code, exportsDefault) => {
  expect(await factsOf(code, name)).toMatchObject({ exportsDefault });
});

test('the variables it reads', async () => {
  const { envReads } = await factsOf('const { A, B: b } = process.env; process.env.C; process.env["D"];');
  expect(envReads.toSorted()).toEqual(['A', 'B', 'C', 'D']);
});
