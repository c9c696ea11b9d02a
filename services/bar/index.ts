import express from 'express';

const app = express();
app.get('/hello', async (_q, r) => {
  const a = await fetch(process.env.FOO_URL + '/hello');
  r.json({ from: 'bar', foo: await a.json() });
});
app.listen(3000, () => console.log('bar up'));
