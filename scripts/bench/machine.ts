// What the figures were measured on.
import { cpus, release, totalmem, type } from 'node:os';

/** The machine, its parts and as one line. */
export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGb: number;
  readonly node: string;
  readonly kernel: string;
  readonly text: string;
}

/** Reads it from the system. */
export function readMachine(): Machine {
  const cores = cpus().length;
  const model = cpus()[0]?.model.trim() || 'unknown processor';
  const memoryGb = Math.round(totalmem() / 1e9);
  const node = process.versions.node;
  const kernel = `${type()} ${release()}`;
  const text = `${cores} cores, ${model}, ${memoryGb} GB, Node ${node}, ${kernel}`;
  return { cores, model, memoryGb, node, kernel, text };
}
