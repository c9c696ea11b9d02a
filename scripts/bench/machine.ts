// What the figures were measured on.
import { cpus, release, type } from 'node:os';

/** The machine, its parts and as one line. */
export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly node: string;
  readonly kernel: string;
  readonly text: string;
}

/** Reads it from the system. */
export function readMachine(): Machine {
  const cores = cpus().length;
  const model = cpus()[0]?.model.trim() || 'unknown processor';
  const node = process.versions.node;
  const kernel = `${type()} ${release()}`;
  return { cores, model, node, kernel, text: `${cores} cores, ${model}, Node ${node}, ${kernel}` };
}
