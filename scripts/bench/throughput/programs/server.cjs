// A service to put load on: an object as JSON, and a file that is named by a relative path.
const { createReadStream, readFile } = require('node:fs');
const { createServer } = require('node:http');

const answers = {
  '/hello': (response) => response.end(JSON.stringify({ from: 'SERVICE_NAME' })),
  '/json': (response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id: 1, name: 'tea', tags: ['green', 'loose'], price: 12.5 }));
  },
  '/file': (response) => {
    readFile('page.html', (error, bytes) => {
      response.statusCode = error === null ? 200 : 500;
      response.end(bytes);
    });
  },
  '/stream': (response) => {
    createReadStream('page.html').pipe(response);
  },
};

const server = createServer((request, response) => answers[request.url](response));
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`SERVICE_NAME listens on http://127.0.0.1:${server.address().port}`);
});
