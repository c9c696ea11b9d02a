// TypeScript and Express, with a handler for SIGTERM.
import express from 'express';
import conduct from '../../lib/conduct.cjs';

const app = express();
app.use(conduct.answer);
const server = app.listen(Number(process.env.PORT));
process.once('SIGTERM', () => {
  conduct.say('closing');
  server.close(() => process.exit());
  server.closeAllConnections();
});
