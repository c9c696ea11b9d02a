import { createServer } from 'node:net';
import { baseUrl } from '../../launcher/ports/base-url.ts';
import { PortLeases } from '../../launcher/ports/port-leases.ts';

test('a lease is kept, and no two services share a port', async () => {
  const leases = new PortLeases('127.0.0.1');
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
  const first = await Promise.all(names.map((name) => leases.lease({ name, port: null })));
  expect(new Set(first.map(({ port }) => port)).size).toBe(20);
  expect(await leases.lease({ name: 's3', port: null })).toBe(first[3]);
});

test('a renewed lease has another port and is a new version', async () => {
  const leases = new PortLeases('127.0.0.1');
  const old = await leases.lease({ name: 'foo', port: null });
  const fresh = await leases.renew({ name: 'foo', port: null });
  expect(fresh.port).not.toBe(old.port);
  expect(leases.version).toBe(1);
  expect(leases.all().get('foo')).toBe(fresh);
});

test('a pinned port is checked, held and never changed', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const leases = new PortLeases('127.0.0.1');
  await expect(leases.lease({ name: 'foo', port })).rejects.toMatchObject({
    code: 'PORT_BUSY',
    service: 'foo',
  });
  await new Promise((resolve) => server.close(resolve));
  const lease = await leases.lease({ name: 'foo', port });
  expect(lease).toEqual({ host: '127.0.0.1', port, isPinned: true });
  expect(await leases.renew({ name: 'foo', port })).toBe(lease);
});

test.each([
  ['127.0.0.1', 'http://127.0.0.1:80'],
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::', 'http://[::1]:80'],
  ['::1', 'http://[::1]:80'],
  ['localhost', 'http://localhost:80'],
])('what is bound to %s is called at %s', (host, url) => {
  expect(baseUrl(host, 80)).toBe(url);
});
