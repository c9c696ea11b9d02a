// A program that listens by itself.
import { createServer } from 'node:http';
import conduct from '../../lib/conduct.cjs';

createServer(conduct.answer).listen(3000);
