#!/usr/bin/env node
// Entry of the command `uber`. It must run on any Node, to be able to say that one is too old.
import { whyNodeIsTooOld } from '../node-version.ts';
import { keepCompiledCode } from './compile-cache.ts';

const complaint = whyNodeIsTooOld();
if (complaint === null) {
  keepCompiledCode();
  import('./command-line.ts').then(({ runCommandLine }) => runCommandLine(process.argv.slice(2)));
} else {
  process.stderr.write(`${complaint}\n`);
  process.exitCode = 2;
}
