// Which Node this package needs. Written so that any Node can read it.

/** What to say to a Node that is too old, or null. The least version is that of `engines` in package.json. */
export function whyNodeIsTooOld(version: string = process.versions.node): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return null;
  return `uber needs Node 22.18 or newer; this is Node ${version}.`;
}
