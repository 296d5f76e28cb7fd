/** Curves of runs, a line each, and of groups of runs, a band each. */
import { tQuantile } from "@ml-mosaic/statistics";
import type { CurveTimes, RunCurves } from "ml-mosaic/reading";
import type { Band, Curve } from "../wire/curves.ts";
import type { RunGroup } from "../wire/groups.ts";
import { thinPoints } from "./thin-points.ts";

export interface CurveWishes {
  readonly series: readonly string[];
  readonly x: "epoch" | "seconds";
  readonly pixels: number;
}

/** Reads curves of these runs, in their order. */
export type ReadCurves = (
  runIds: readonly number[],
  series: readonly string[],
  times: CurveTimes,
) => AsyncIterable<RunCurves>;

export async function linesOf(
  read: ReadCurves,
  runIds: readonly number[],
  wishes: CurveWishes,
): Promise<readonly Curve[]> {
  const lines: Curve[] = [];
  const whole = new WholeCurves();
  for await (const run of read(runIds, wishes.series, { seconds: wishes.x === "seconds" }))
    lines.push(...curvesOf(run, wishes, whole));
  return lines;
}

/** Curves that are not thinned have x that others have too, which are then sent once. */
class WholeCurves {
  readonly #known = new Map<Float64Array, Float32Array<ArrayBuffer>>();

  x(values: Float64Array): Float32Array<ArrayBuffer> {
    const known = this.#known.get(values) ?? new Float32Array(values);
    this.#known.set(values, known);
    return known;
  }
}

/** Those of one run, of what it has values of. */
export function curvesOf(
  { runId, epochs, seconds, series: values }: RunCurves,
  { series, x: abscissa, pixels }: CurveWishes,
  whole: WholeCurves = new WholeCurves(),
): readonly Curve[] {
  const x = abscissa === "epoch" ? epochs : seconds;
  return series.flatMap((name, index): readonly Curve[] => {
    const y = values[index];
    if (y === undefined || y.every(Number.isNaN)) return [];
    const stated = { run: runId, series: name, points: y.length };
    if (y.length <= 2 * pixels) return [{ ...stated, x: whole.x(x), y: new Float32Array(y) }];
    const places = thinPoints(x, y, pixels);
    return [{ ...stated, x: picked(x, places), y: picked(y, places) }];
  });
}

function picked(values: Float64Array, places: readonly number[]): Float32Array<ArrayBuffer> {
  return Float32Array.from(places, (place) => values[place] ?? Number.NaN);
}

/** Mean and squared deviations of what has been added, epoch by epoch. */
class EpochMeans {
  readonly n: number[] = [];
  readonly mean: number[] = [];
  readonly seconds: number[] = [];
  readonly #squares: number[] = [];
  /** How many have a time: one without it leaves that of the others. */
  readonly #timed: number[] = [];

  /** Source: Welford, Note on a method for calculating corrected sums of squares and products, Technometrics 4 (1962). */
  add(epochs: Float64Array, values: Float64Array, seconds: Float64Array): void {
    for (const [index, epoch] of epochs.entries()) {
      const value = values[index] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      const n = (this.n[epoch] ?? 0) + 1;
      const before = this.mean[epoch] ?? 0;
      const mean = before + (value - before) / n;
      this.n[epoch] = n;
      this.mean[epoch] = mean;
      this.#squares[epoch] = (this.#squares[epoch] ?? 0) + (value - before) * (value - mean);
      const time = seconds[index] ?? Number.NaN;
      if (!Number.isFinite(time)) continue;
      const timed = (this.#timed[epoch] ?? 0) + 1;
      const meanTime = this.seconds[epoch] ?? 0;
      this.#timed[epoch] = timed;
      this.seconds[epoch] = meanTime + (time - meanTime) / timed;
    }
  }

  /** Half of the 95 % t interval of the mean; NaN for one value. */
  reach(epoch: number): number {
    const n = this.n[epoch] ?? 0;
    if (n < 2) return Number.NaN;
    return tQuantile(0.975, n - 1) * Math.sqrt((this.#squares[epoch] ?? 0) / (n - 1) / n);
  }
}

/** @param idOf the id of a row */
export async function bandsOf(
  read: ReadCurves,
  groups: readonly RunGroup[],
  idOf: (row: number) => number,
  { series, x, pixels }: CurveWishes,
): Promise<readonly Band[]> {
  const bands: Band[] = [];
  for (const { values: group, rows } of groups) {
    const means = series.map(() => new EpochMeans());
    const runs = read(Array.from(rows, idOf), series, { seconds: x === "seconds" });
    for await (const { epochs, seconds, series: values } of runs)
      for (const [index, each] of means.entries()) each.add(epochs, values[index] ?? new Float64Array(0), seconds);
    for (const [index, name] of series.entries()) {
      const of = means[index];
      if (of === undefined) continue;
      const epochs = Object.keys(of.n).map(Number);
      const step = Math.max(1, Math.ceil(epochs.length / pixels));
      const kept = epochs.filter((_, place) => place % step === 0 || place === epochs.length - 1);
      if (kept.length === 0) continue;
      const floats = (value: (epoch: number) => number) => Float32Array.from(kept, value);
      const meanAt = (epoch: number) => of.mean[epoch] ?? Number.NaN;
      bands.push({
        group,
        series: name,
        x: floats((epoch) => (x === "epoch" ? epoch : (of.seconds[epoch] ?? Number.NaN))),
        mean: floats(meanAt),
        low: floats((epoch) => meanAt(epoch) - of.reach(epoch)),
        high: floats((epoch) => meanAt(epoch) + of.reach(epoch)),
        n: Uint32Array.from(kept, (epoch) => of.n[epoch] ?? 0),
      });
    }
  }
  return bands;
}
