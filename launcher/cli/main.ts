#!/usr/bin/env node
// Entry of the command `uber`. It must parse on any Node, to be able to say that one is too old.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`uber needs Node 22.18 or newer; this is Node ${process.versions.node}.\n`);
  process.exitCode = 2;
} else {
  import('./command-line.ts').then(({ runCommandLine }) => runCommandLine(process.argv.slice(2)));
}
