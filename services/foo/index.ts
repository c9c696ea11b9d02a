import express from 'express';

const app = express();
app.get('/hello', (_q, r) => {
  r.json({ from: 'foo', run: process.env.UBER_RUN_ID });
});
export default app;
