// On which ports of this machine a program is expected by the others.
import { join } from 'node:path';
import { parse } from 'dotenv';
import type { NetworkFacts } from '../build/network-facts.ts';
import type { Candidate } from './candidate.ts';
import { readIfThere } from './repository.ts';

/**
 * The ports, best known first: those of its command and its `.env`; only when there is none of these, those its sources
 * fall back to. What compose publishes counts always.
 */
export function knownPorts(candidate: Candidate, facts: NetworkFacts | null): number[] {
  const { program, folder, env, ports } = candidate;
  const dotenv = parse(readIfThere(join(folder, '.env')) ?? '');
  const given = [program.env.PORT, env.PORT, dotenv.PORT, ...portArguments(program.args)];
  const numbers = given.map(Number).filter((port) => Number.isInteger(port) && port > 0 && port < 65_536);
  return [...new Set([...(numbers.length > 0 ? numbers : (facts?.ports ?? [])), ...ports])];
}

/** The values of `--port 3001`, `--port=3001` and `-p 3001`. */
function portArguments(args: readonly string[]): string[] {
  return args.flatMap((word, index) => {
    const inline = /^(?:--port|-p)=?(\d+)$/.exec(word)?.[1];
    if (inline !== undefined) return [inline];
    return /^(?:--port|-p)$/.test(word) && args[index + 1] !== undefined ? [String(args[index + 1])] : [];
  });
}
