import { largestOf, quantileOf, smallestOf } from "@ml-mosaic/statistics";
import { type AxisScale, scaleOf } from "./scales.ts";

export interface MeanPoint {
  readonly mean: number;
  /** Of its interval; null where there is none. */
  readonly low: number | null;
  readonly high: number | null;
}

/** The means and, as far as the scale can show them, their intervals. */
export function meanScale(points: readonly MeanPoint[], wanted?: "linear" | "log"): AxisScale {
  const means = points.map(({ mean }) => mean);
  const scale = scaleOf(means, wanted);
  const bounds = points.flatMap(({ low, high }) => [low, high]).filter((bound) => bound !== null);
  if (scale.type === "log") {
    // Intervals that reach nought would need an axis without end.
    const least = scale.domain[0] / 3;
    return scaleOf([...means, ...bounds.map((bound) => Math.max(bound, least))], "log");
  }
  // One interval of two wild runs would press all others into a line: it is cut at the frame.
  const reach =
    3 * medianOf(points.flatMap(({ low, high }) => (low === null || high === null ? [] : [(high - low) / 2])));
  const [least, most] = [smallestOf(means) - reach, largestOf(means) + reach];
  return scaleOf([...means, ...bounds.map((bound) => Math.min(most, Math.max(least, bound)))], "linear");
}

function medianOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : quantileOf(Float64Array.from(values), 0.5);
}
