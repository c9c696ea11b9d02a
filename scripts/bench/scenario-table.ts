// All scenarios by name, in the order of the page. A new one is a folder and a line here.
import { bootScenario } from './boot/boot.ts';
import { cliScenario } from './cli/cli.ts';
import { costScenario } from './cost/cost.ts';
import { densityScenario } from './density/density.ts';
import { latencyScenario } from './latency/latency.ts';
import { memoryScenario } from './memory/memory.ts';
import { editScenario, resetScenario } from './renewal/renewal.ts';
import type { Scenario } from './scenario.ts';
import { throughputScenario } from './throughput/throughput.ts';

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  boot: bootScenario,
  memory: memoryScenario,
  density: densityScenario,
  throughput: throughputScenario,
  latency: latencyScenario,
  edit: editScenario,
  reset: resetScenario,
  cli: cliScenario,
  cost: costScenario,
};
