// A step whose failure means "not known".

/** What the step returns, or null when it throws: for what may be gone or not readable. */
export function quietly<Result>(step: () => Result): Result | null {
  try {
    return step();
  } catch {
    return null;
  }
}
