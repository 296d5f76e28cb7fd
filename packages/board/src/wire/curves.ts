/** Curves over epochs or seconds: `api/curves`. Thinned to the pixels asked for, with minima and maxima kept. */
import { decodeBlock, encodeBlock } from "./block.ts";

/** By ids or by groups; all that is left out is not narrowed down. */
export interface CurveQuery {
  /** Such as `1-5,9`; of many runs the first `most`. */
  readonly ids?: string;
  readonly where?: string;
  /** One band for each combination of these columns' values, instead of a line for each run. */
  readonly by?: readonly string[];
  readonly series: readonly string[];
  readonly x: "epoch" | "seconds";
  readonly pixels: number;
  readonly most?: number;
}

/** Of more runs a picture shows the first. */
export const mostLines = 1000;

/** What one looks at first, of the names that there are. */
export function firstSeries(all: readonly string[]): readonly string[] {
  const losses = all.filter((name) => name === "train_loss" || name === "test_loss");
  return losses.length > 0 ? losses : all.slice(0, 1);
}

/** One line, its points in the order in which they are drawn. */
export interface Curve {
  readonly run: number;
  readonly series: string;
  /** One array for all lines that have the same. */
  readonly x: Float32Array<ArrayBuffer>;
  readonly y: Float32Array<ArrayBuffer>;
  /** How many points it has unthinned. */
  readonly points: number;
}

/** What the runs of a group have at each x: mean, interval of the mean, and how many runs there are. */
export interface Band {
  readonly group: readonly (string | number | null)[];
  readonly series: string;
  readonly x: Float32Array<ArrayBuffer>;
  readonly mean: Float32Array<ArrayBuffer>;
  readonly low: Float32Array<ArrayBuffer>;
  readonly high: Float32Array<ArrayBuffer>;
  readonly n: Uint32Array<ArrayBuffer>;
}

export interface Curves {
  readonly lines: readonly Curve[];
  readonly bands: readonly Band[];
  /** Runs that match in all, of which `lines` shows the first. */
  readonly runs: number;
  /** What the bands are, such as "95 % interval of the mean (t)". */
  readonly interval: string;
}

interface CurvesHeader {
  readonly runs: number;
  readonly interval: string;
  /** Lengths of the x that lines have; most have the same, which is sent once. */
  readonly abscissae: readonly number[];
  readonly lines: readonly {
    readonly run: number;
    readonly series: string;
    readonly points: number;
    /** Which of the abscissae. */
    readonly x: number;
  }[];
  readonly bands: readonly { readonly group: Band["group"]; readonly series: string; readonly length: number }[];
}

export function encodeCurves({ lines, bands, runs, interval }: Curves): Uint8Array<ArrayBuffer> {
  const abscissae = new Map<Float32Array<ArrayBuffer>, number>();
  for (const { x } of lines) if (!abscissae.has(x)) abscissae.set(x, abscissae.size);
  const header: CurvesHeader = {
    runs,
    interval,
    abscissae: Array.from(abscissae.keys(), ({ length }) => length),
    lines: lines.map(({ run, series, points, x }) => ({ run, series, points, x: abscissae.get(x) ?? 0 })),
    bands: bands.map(({ group, series, x }) => ({ group, series, length: x.length })),
  };
  const floats = (arrays: readonly Float32Array<ArrayBuffer>[]) => {
    const joined = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const array of arrays) {
      joined.set(array, at);
      at += array.length;
    }
    return joined;
  };
  const counts = new Uint32Array(bands.flatMap(({ n }) => [...n]));
  return encodeBlock({
    header,
    arrays: [
      floats([...abscissae.keys()]),
      floats(lines.map(({ y }) => y)),
      floats(bands.map(({ x }) => x)),
      floats(bands.map(({ mean }) => mean)),
      floats(bands.map(({ low }) => low)),
      floats(bands.map(({ high }) => high)),
      counts,
    ],
  });
}

export function decodeCurves(bytes: ArrayBuffer): Curves {
  const { header, arrays } = decodeBlock<CurvesHeader>(bytes);
  const floats = (index: number) => {
    const array = arrays[index];
    if (!(array instanceof Float32Array)) throw new Error("curves are not as their header says");
    return array;
  };
  const [lineX, lineY, bandX, mean, low, high] = [0, 1, 2, 3, 4, 5].map(floats);
  const n = arrays[6];
  if (!(n instanceof Uint32Array) || !lineX || !lineY || !bandX || !mean || !low || !high)
    throw new Error("curves are not as their header says");
  let at = 0;
  const abscissae = header.abscissae.map((length) => {
    at += length;
    return lineX.subarray(at - length, at);
  });
  at = 0;
  const lines = header.lines.map(({ run, series, points, x: which }): Curve => {
    const x = abscissae[which] ?? new Float32Array();
    at += x.length;
    return { run, series, points, x, y: lineY.subarray(at - x.length, at) };
  });
  at = 0;
  const bands = header.bands.map(({ group, series, length }): Band => {
    const [from, to] = [at, at + length];
    at = to;
    return {
      group,
      series,
      x: bandX.subarray(from, to),
      mean: mean.subarray(from, to),
      low: low.subarray(from, to),
      high: high.subarray(from, to),
      n: n.subarray(from, to),
    };
  });
  return { lines, bands, runs: header.runs, interval: header.interval };
}
