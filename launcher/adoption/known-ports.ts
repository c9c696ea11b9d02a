// On which ports of this machine a program is expected by the others.
import { join } from 'node:path';
import { parse } from 'dotenv';
import { portArguments } from '../addresses.ts';
import type { NetworkFacts } from '../build/network-facts.ts';
import { readIfThere } from '../repository/files.ts';
import type { Candidate } from './candidate.ts';

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
