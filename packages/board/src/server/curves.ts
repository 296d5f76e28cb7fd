/** Curves of runs, a line each, and of groups of runs, a band each. */
import { setImmediate as otherWork } from "node:timers/promises";
import { tQuantile } from "@ml-mosaic/statistics";
import type { RunCurves, StoreReader } from "ml-mosaic/reading";
import type { Band, Curve } from "../wire/curves.ts";
import type { RunGroup } from "../wire/groups.ts";
import { thinPoints } from "./thin-points.ts";

export interface CurveWishes {
  readonly series: readonly string[];
  readonly x: "epoch" | "seconds";
  readonly pixels: number;
}

export async function linesOf(
  reader: StoreReader,
  runIds: readonly number[],
  wishes: CurveWishes,
): Promise<readonly Curve[]> {
  const lines: Curve[] = [];
  let read = 0;
  let last = new Float32Array();
  for await (const run of reader.curves(runIds, wishes.series, 0, { seconds: wishes.x === "seconds" })) {
    for (const line of curvesOf(run, wishes)) {
      // Most runs have the same epochs, which are then sent once.
      if (!isSame(line.x, last)) last = line.x;
      lines.push({ ...line, x: last });
    }
    // Other questions are not to wait for a thousand curves.
    if (++read % 100 === 0) await otherWork();
  }
  return lines;
}

/** Those of one run, of what it has values of. */
export function curvesOf(
  { runId, epochs, seconds, series: values }: RunCurves,
  { series, x: abscissa, pixels }: CurveWishes,
): readonly Curve[] {
  const x = abscissa === "epoch" ? epochs : seconds;
  return series.flatMap((name, index): readonly Curve[] => {
    const y = values[index];
    if (y === undefined || y.every(Number.isNaN)) return [];
    const places = y.length <= 2 * pixels ? undefined : thinPoints(x, y, pixels);
    return [{ run: runId, series: name, points: y.length, x: picked(x, places), y: picked(y, places) }];
  });
}

function isSame(one: Float32Array, other: Float32Array): boolean {
  if (one.length !== other.length) return false;
  for (let place = 0; place < one.length; place++) if (!Object.is(one[place], other[place])) return false;
  return true;
}

function picked(values: Float64Array, places: readonly number[] | undefined): Float32Array<ArrayBuffer> {
  return places === undefined
    ? new Float32Array(values)
    : Float32Array.from(places, (place) => values[place] ?? Number.NaN);
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
  reader: StoreReader,
  groups: readonly RunGroup[],
  idOf: (row: number) => number,
  { series, x, pixels }: CurveWishes,
): Promise<readonly Band[]> {
  const bands: Band[] = [];
  let read = 0;
  for (const { values: group, rows } of groups) {
    const means = series.map(() => new EpochMeans());
    const runs = reader.curves(Array.from(rows, idOf), series, 0, { seconds: x === "seconds" });
    for await (const { epochs, seconds, series: values } of runs) {
      for (const [index, each] of means.entries()) each.add(epochs, values[index] ?? new Float64Array(0), seconds);
      if (++read % 100 === 0) await otherWork();
    }
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
