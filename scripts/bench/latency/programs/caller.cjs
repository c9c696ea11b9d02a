// A service that calls another one, or burns its CPU.
const { Agent, createServer, get } = require('node:http');

const agent = new Agent({ keepAlive: true });

/** One request over a connection that is kept; resolves with its time in milliseconds. */
const call = (url) =>
  new Promise((resolve, reject) => {
    const beganMs = performance.now();
    get(url, { agent }, (response) => {
      response.resume().once('end', () => resolve(performance.now() - beganMs));
    }).once('error', reject);
  });

const routes = {
  '/hello': () => ({ from: 'SERVICE_NAME' }),
  /** Calls `url` `count` times, one call after the other. */
  '/calls': async ({ url, count }) => {
    const times = [];
    for (let index = 0; index < Number(count); index += 1) times.push(await call(url));
    return { times };
  },
  '/burn': ({ ms }) => {
    const endMs = performance.now() + Number(ms);
    while (performance.now() < endMs);
    return {};
  },
};

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(await routes[pathname](Object.fromEntries(searchParams))));
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`SERVICE_NAME listens on http://127.0.0.1:${server.address().port}`);
});
