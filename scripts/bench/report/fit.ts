// A line through measurements, by least squares, and whether they grow faster than a line. Pure.

/** One measurement. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** `y = intercept + slope * x`. */
export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** Part of the differences in `y` that the line explains: 1 when every point lies on it. */
  readonly r2: number;
}

/** The line through some points; flat for fewer than two points, or for points of one `x`. */
export function fitLine(points: readonly Point[]): Line {
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const above = sum(points.map(({ x, y }) => (x - meanX) * (y - meanY)));
  const below = sum(points.map(({ x }) => (x - meanX) ** 2));
  const slope = below === 0 ? 0 : above / below;
  const intercept = meanY - slope * meanX;
  const differences = sum(points.map(({ y }) => (y - meanY) ** 2));
  const unexplained = sum(points.map(({ x, y }) => (y - intercept - slope * x) ** 2));
  return { slope, intercept, r2: differences === 0 ? 1 : 1 - unexplained / differences };
}

/**
 * How far the point with the greatest `x` lies above the line through all others, as a part of its `y`: what a line
 * cannot explain. Something that grows with the square of `x` shows here first. Null for fewer than three points.
 */
export function growthBeyondLine(points: readonly Point[]): number | null {
  const sorted = [...points].sort((a, b) => a.x - b.x);
  const last = sorted.pop();
  if (last === undefined || sorted.length < 2) return null;
  const { slope, intercept } = fitLine(sorted);
  return (last.y - intercept - slope * last.x) / last.y;
}

function mean(values: readonly number[]): number {
  return sum(values) / Math.max(1, values.length);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
