/**
 * Curves of an export for bands: of runs that differ in nothing by which one groups, mean and squared deviations at some epochs.
 * Bands of all groups that are made of whole cells come out of them, exactly.
 */
import { decodeBlock, encodeBlock } from "./block.ts";
import type { Band } from "./curves.ts";
import type { RunGroup } from "./groups.ts";

export interface BandCells {
  readonly series: readonly string[];
  readonly epochs: Uint32Array<ArrayBuffer>;
  /** Of each row of the table of runs. */
  readonly cellOf: Uint32Array<ArrayBuffer>;
  /** [cells * series * epochs], as the next ones. */
  readonly n: Uint32Array<ArrayBuffer>;
  readonly mean: Float32Array<ArrayBuffer>;
  /** Sums of squared deviations from the mean. */
  readonly squares: Float32Array<ArrayBuffer>;
  /** Mean time since the run began, of the runs whose time is known; NaN of none. */
  readonly seconds: Float32Array<ArrayBuffer>;
}

interface CellsHeader {
  readonly series: readonly string[];
}

export function encodeBandCells({ series, epochs, cellOf, n, mean, squares, seconds }: BandCells) {
  return encodeBlock<CellsHeader>({ header: { series }, arrays: [epochs, cellOf, n, mean, squares, seconds] });
}

export function decodeBandCells(bytes: ArrayBuffer): BandCells {
  const { header, arrays } = decodeBlock<CellsHeader>(bytes);
  const [epochs, cellOf, n] = arrays.slice(0, 3).filter((array) => array instanceof Uint32Array);
  const [mean, squares, seconds] = arrays.slice(3).filter((array) => array instanceof Float32Array);
  if (!epochs || !cellOf || !n || !mean || !squares || !seconds)
    throw new Error("the cells of bands are not as their header says");
  return { series: header.series, epochs, cellOf, n, mean, squares, seconds };
}

interface BandWishes {
  readonly series: readonly string[];
  readonly x: "epoch" | "seconds";
  /** Half of a 95 % t interval in standard errors. */
  readonly quantileOf: (degreesOfFreedom: number) => number;
}

/** undefined where a group has some runs of a cell and not the others. */
export function bandsOfCells(
  cells: BandCells,
  groups: readonly RunGroup[],
  wishes: BandWishes,
): readonly Band[] | undefined {
  const sizes = new Map<number, number>();
  for (const cell of cells.cellOf) sizes.set(cell, (sizes.get(cell) ?? 0) + 1);
  const bands: Band[] = [];
  for (const { values, rows } of groups) {
    const taken = new Map<number, number>();
    for (const row of rows) {
      const cell = cells.cellOf[row] ?? 0;
      taken.set(cell, (taken.get(cell) ?? 0) + 1);
    }
    for (const [cell, count] of taken) if (sizes.get(cell) !== count) return undefined;
    for (const series of wishes.series) {
      const band = bandOf(cells, [...taken.keys()], { ...wishes, series });
      if (band !== undefined) bands.push({ group: values, series, ...band });
    }
  }
  return bands;
}

interface Points {
  readonly x: number[];
  readonly mean: number[];
  readonly low: number[];
  readonly high: number[];
  readonly n: number[];
}

function bandOf(
  cells: BandCells,
  chosen: readonly number[],
  { series, x: abscissa, quantileOf }: Omit<BandWishes, "series"> & { readonly series: string },
): Omit<Band, "group" | "series"> | undefined {
  const place = cells.series.indexOf(series);
  if (place < 0) return undefined;
  const points: Points = { x: [], mean: [], low: [], high: [], n: [] };
  for (const [index, epoch] of cells.epochs.entries()) {
    let [n, mean, squares, seconds, timed] = [0, 0, 0, Number.NaN, 0];
    for (const cell of chosen) {
      const at = (cell * cells.series.length + place) * cells.epochs.length + index;
      const more = cells.n[at] ?? 0;
      if (more === 0) continue;
      // Source: Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm for computing sample variances (1979).
      const [difference, all] = [(cells.mean[at] ?? 0) - mean, n + more];
      mean += (difference * more) / all;
      squares += (cells.squares[at] ?? 0) + (difference ** 2 * n * more) / all;
      const time = cells.seconds[at] ?? Number.NaN;
      if (Number.isFinite(time)) {
        timed += more;
        seconds = timed === more ? time : seconds + ((time - seconds) * more) / timed;
      }
      n = all;
    }
    if (n === 0) continue;
    const reach = n < 2 ? Number.NaN : quantileOf(n - 1) * Math.sqrt(squares / (n - 1) / n);
    points.x.push(abscissa === "epoch" ? epoch : seconds);
    points.mean.push(mean);
    points.low.push(mean - reach);
    points.high.push(mean + reach);
    points.n.push(n);
  }
  if (points.n.length === 0) return undefined;
  const floats = (values: readonly number[]) => Float32Array.from(values);
  return {
    x: floats(points.x),
    mean: floats(points.mean),
    low: floats(points.low),
    high: floats(points.high),
    n: Uint32Array.from(points.n),
  };
}
