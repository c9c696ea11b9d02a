// The one function of pino-pretty we use, typed; a file of its own so that it is loaded only for people.
import pretty from 'pino-pretty';

/** Makes a function from a parsed log record to its text. */
export const prettyFactory = pretty.prettyFactory;
