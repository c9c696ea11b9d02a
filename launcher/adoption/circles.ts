// Dependencies without circles: of two services that wait for each other one has to begin. Pure.

/** A dependency that was left out. */
export interface Dropped {
  readonly service: string;
  readonly dependency: string;
}

/** Takes dependencies one by one, in order, but those that would close a circle. */
export function withoutCircles(wanted: ReadonlyMap<string, readonly string[]>): {
  dependsOn: Map<string, string[]>;
  dropped: Dropped[];
} {
  const dependsOn = new Map([...wanted.keys()].map((name) => [name, [] as string[]]));
  const reaches = (from: string, to: string): boolean =>
    from === to || (dependsOn.get(from) ?? []).some((next) => reaches(next, to));
  const dropped: Dropped[] = [];
  for (const [service, dependencies] of wanted) {
    for (const dependency of dependencies) {
      if (reaches(dependency, service)) dropped.push({ service, dependency });
      else dependsOn.get(service)?.push(dependency);
    }
  }
  return { dependsOn, dropped };
}
