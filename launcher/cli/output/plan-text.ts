// What could be started, and what would be.

import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import type { Catalog } from '../../catalog/catalog.ts';
import { readCatalog } from '../../catalog/catalog.ts';
import { selectServices } from '../../catalog/select.ts';
import type { UberConfig } from '../../options.ts';
import type { Output } from './output.ts';
import { placementText, table } from './text.ts';

/** Answer to `uber` without names. */
export function printKnownServices({ specs, groups }: Catalog, output: Output): void {
  const names = [...specs.keys()];
  output.event({ event: 'services', services: names, groups });
  output.line(`Services: ${names.join(', ')}`);
  const groupNames = Object.keys(groups).map((name) => `@${name}`);
  if (groupNames.length > 0) output.line(`Groups:   ${groupNames.join(', ')}`);
  output.line(
    `\nStart some:  uber ${names.slice(0, 2).join(' ')}\nStart all:   uber up\nMore:        uber --help`,
  );
}

/** Answer to `--dry-run`: the services in start order. */
export function printPlan(config: UberConfig, output: Output): void {
  const specs = selectServices(readCatalog(config), config.selection, config.withDependencies);
  const short = (path: string): string => relative(config.root, path) || '.';
  const services = specs.map((spec) => ({
    service: spec.name,
    entry: short(spec.entry),
    dependsOn: spec.dependsOn,
    port: spec.port,
    placement: spec.placement,
    resourceDir: existsSync(spec.resourceDir) ? short(spec.resourceDir) : null,
  }));
  output.event({ event: 'plan', root: config.root, namespace: config.namespace, services });
  const places = specs.map(placementText);
  const rows = services.map((row, index) => [
    row.service,
    row.entry,
    row.dependsOn.join(', ') || '-',
    row.port === null ? 'free' : String(row.port),
    places[index] ?? row.placement,
    row.resourceDir ?? '-',
  ]);
  output.line(table([['NAME', 'ENTRY', 'AFTER', 'PORT', 'PLACEMENT', 'RESOURCES'], ...rows], output.paint));
}
