/** What an export has of curves: lines, thinned and rounded, when their epochs ended, and cells of which bands are made. */
import type { StoreReader } from "ml-mosaic/reading";
import { type BandCells, encodeBandCells } from "../wire/band-cells.ts";
import type { ColumnData } from "../wire/columns.ts";
import { type Curve, encodeCurves } from "../wire/curves.ts";
import { type EpochTimes, encodeEpochTimes, epochTimes } from "../wire/epoch-times.ts";
import { groupRows, meanInterval } from "../wire/groups.ts";
import { curvesOf } from "./curves.ts";

/** Columns of pixels of which the first, last, lowest and highest point stay, which are two pairs each. */
const curveColumns = { fewest: 4, most: 32 };
/** What goes into 10 MB with all else. */
const mostPoints = 3_400_000;
/** Bits of a value's fraction that stay: one part in four thousand, which no picture shows. */
const keptBits = 12;
/** Of a band; fewer where there are very many cells. */
const bandEpochs = { fewest: 4, most: 64 };
const mostCellValues = 300_000;
/** Epochs at which runs end, where these are so few, are among those of bands. */
const mostEnds = 8;

interface ExportedCurves {
  readonly curves: Uint8Array<ArrayBuffer>;
  readonly times: Uint8Array<ArrayBuffer>;
  readonly cells: Uint8Array<ArrayBuffer>;
  /** What was rounded or thinned. */
  readonly note: string | undefined;
}

/** @param by columns by which runs may be grouped */
export async function exportedCurves(
  reader: StoreReader,
  runIds: Float64Array,
  { series, by }: { readonly series: readonly string[]; readonly by: readonly ColumnData[] },
): Promise<ExportedCurves> {
  const affordable = Math.floor(mostPoints / (4 * Math.max(1, runIds.length * series.length)));
  const pixels = Math.max(curveColumns.fewest, Math.min(curveColumns.most, affordable));
  const cells = await emptyCells(reader, runIds, { series, by });
  const epochAt = new Map(Array.from(cells.epochs, (epoch, place) => [epoch, place]));
  const rowOf = new Map(Array.from(runIds, (id, row) => [id, row]));
  const times = new Map<number, EpochTimes>();
  const lines: Curve[] = [];
  const timed = new Uint32Array(cells.n.length);
  for await (const run of reader.curves(runIds, series)) {
    lines.push(...curvesOf(run, { series, x: "epoch", pixels }).map(roundedCurve));
    if (run.epochs.length === 0) continue;
    times.set(run.runId, epochTimes(run.epochs, run.seconds));
    const cell = cells.cellOf[rowOf.get(run.runId) ?? -1] ?? 0;
    for (const [index, epoch] of run.epochs.entries()) {
      const place = epochAt.get(epoch);
      if (place === undefined) continue;
      for (const [name, values] of run.series.entries())
        addTo(
          { ...cells, timed },
          (cell * series.length + name) * cells.epochs.length + place,
          values[index],
          run.seconds[index],
        );
    }
  }
  const isThinned = lines.some(({ points, x }) => points > x.length);
  return {
    curves: encodeCurves({ lines, bands: [], runs: runIds.length, interval: meanInterval }),
    times: encodeEpochTimes(times),
    cells: encodeBandCells(cells),
    note:
      lines.length === 0
        ? undefined
        : `curves are rounded to one part in four thousand${isThinned ? `, and thinned to ${2 * pixels} pairs of minima and maxima` : ""}; bands are of ${cells.epochs.length} epochs`,
  };
}

async function emptyCells(
  reader: StoreReader,
  runIds: Float64Array,
  { series, by }: { readonly series: readonly string[]; readonly by: readonly ColumnData[] },
): Promise<BandCells> {
  const groups = groupRows(by, Array.from(runIds.keys()));
  const cellOf = new Uint32Array(runIds.length);
  for (const [cell, { rows }] of groups.entries()) for (const row of rows) cellOf[row] = cell;
  const ends = new Set<number>();
  for (const id of runIds) ends.add((await reader.lastEpoch(id))?.epoch ?? 0);
  ends.delete(0);
  const last = Math.max(0, ...ends);
  const affordable = Math.floor(mostCellValues / Math.max(1, groups.length * series.length));
  const count = Math.min(last, Math.max(bandEpochs.fewest, Math.min(bandEpochs.most, affordable)));
  const even = Array.from({ length: count }, (_, place) =>
    Math.round(1 + ((last - 1) * place) / Math.max(1, count - 1)),
  );
  const chosen = new Set([...even, ...(ends.size <= mostEnds ? ends : [])]);
  const epochs = Uint32Array.from(chosen).sort();
  const length = groups.length * series.length * epochs.length;
  return {
    series,
    epochs,
    cellOf,
    n: new Uint32Array(length),
    mean: new Float32Array(length),
    squares: new Float32Array(length),
    seconds: new Float32Array(length),
  };
}

interface GrowingCells extends BandCells {
  /** Of how many runs `seconds` are the mean: runs of unknown time have no part in it. */
  readonly timed: Uint32Array;
}

/** Source: Welford, Note on a method for calculating corrected sums of squares and products, Technometrics 4 (1962). */
function addTo(
  { n, mean, squares, seconds, timed }: GrowingCells,
  at: number,
  value = Number.NaN,
  time = Number.NaN,
): void {
  if (!Number.isFinite(value)) return;
  const count = (n[at] ?? 0) + 1;
  const before = mean[at] ?? 0;
  const next = before + (value - before) / count;
  n[at] = count;
  mean[at] = next;
  squares[at] = (squares[at] ?? 0) + (value - before) * (value - next);
  const known = (timed[at] ?? 0) + (Number.isFinite(time) ? 1 : 0);
  const timeBefore = timed[at] === 0 ? 0 : (seconds[at] ?? 0);
  if (known === 0) seconds[at] = Number.NaN;
  else if (Number.isFinite(time)) seconds[at] = timeBefore + (time - timeBefore) / known;
  timed[at] = known;
}

/** A view of the same bits, which are cut where the eye no longer follows: what is left takes half of the room. */
function roundedCurve(curve: Curve): Curve {
  const y = curve.y.slice();
  const bits = new Uint32Array(y.buffer);
  const dropped = 23 - keptBits;
  for (const [index, value] of bits.entries()) {
    if (!Number.isFinite(y[index])) continue;
    bits[index] = ((value + (1 << (dropped - 1))) >>> dropped) << dropped;
  }
  return { ...curve, y };
}
