// One Express app with the routes of all services, and the packages they load.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [root, names, preload] = process.argv.slice(2);
const require = createRequire(join(root, 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);

for (const name of preload.split(',').filter(Boolean)) await load(name);
const { default: express } = await load('express');
const app = express();
for (const name of names.split(',')) {
  app.get(`/${name}/hello`, (_request, response) => response.json({ from: name, version: 1 }));
}
const server = app.listen(0, '127.0.0.1', () => {
  for (const name of names.split(',')) {
    console.log(`${name} listens on http://127.0.0.1:${server.address().port}/${name}`);
  }
});
