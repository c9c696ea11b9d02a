// "Did you mean": the known name nearest to what was typed.
import { closest, distance } from 'fastest-levenshtein';

/** The nearest of `known`, or null when none is near enough to be what was meant (a third of its letters differ). */
export function nearest(typed: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const candidate = closest(
    typed.toLowerCase(),
    known.map((name) => name.toLowerCase()),
  );
  const match = known.find((name) => name.toLowerCase() === candidate) ?? null;
  const most = Math.max(1, Math.ceil(Math.max(typed.length, candidate.length) / 3));
  return distance(typed.toLowerCase(), candidate) <= most ? match : null;
}

/** `Did you mean "x"?` when there is a near name, else null. */
export function didYouMean(typed: string, known: readonly string[]): string | null {
  const match = nearest(typed, known);
  return match === null ? null : `Did you mean "${match}"?`;
}
