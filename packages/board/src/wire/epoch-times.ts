/** When the epochs of runs ended, as an export has it: between some of them the times lie on a line, or nearly. */
import { decodeBlock, encodeBlock } from "./block.ts";

export interface EpochTimes {
  readonly epochs: Float32Array<ArrayBuffer>;
  readonly seconds: Float32Array<ArrayBuffer>;
}

/** Parts of a run's whole time by which a line may be wrong. */
const tolerance = 1 / 2000;
/** Of halving what is between two of them. */
const mostDepth = 6;

/** The first and the last epoch before any of unknown time, and those between them that are off the line. */
export function epochTimes(epochs: Float64Array, seconds: Float64Array): EpochTimes {
  const unknown = seconds.findIndex((each) => !Number.isFinite(each));
  const last = (unknown < 0 ? epochs.length : unknown) - 1;
  const kept = new Set(last < 0 ? [] : [0, last]);
  const wrong = tolerance * Math.abs((seconds[last] ?? 0) - (seconds[0] ?? 0));
  const divide = (from: number, to: number, depth: number): void => {
    if (depth === mostDepth) return;
    const slope = ((seconds[to] ?? 0) - (seconds[from] ?? 0)) / ((epochs[to] ?? 0) - (epochs[from] ?? 0));
    let [furthest, far] = [-1, wrong];
    for (let place = from + 1; place < to; place++) {
      const line = (seconds[from] ?? 0) + slope * ((epochs[place] ?? 0) - (epochs[from] ?? 0));
      const off = Math.abs((seconds[place] ?? 0) - line);
      if (off > far) [furthest, far] = [place, off];
    }
    if (furthest < 0) return;
    kept.add(furthest);
    divide(from, furthest, depth + 1);
    divide(furthest, to, depth + 1);
  };
  if (last > 1) divide(0, last, 0);
  const places = [...kept].sort((one, other) => one - other);
  return {
    epochs: Float32Array.from(places, (place) => epochs[place] ?? 0),
    seconds: Float32Array.from(places, (place) => seconds[place] ?? 0),
  };
}

/**
 * NaN after the last epoch whose time is known.
 *
 * @param epochs ascending
 */
export function secondsAt(times: EpochTimes, epochs: Float32Array): Float32Array<ArrayBuffer> {
  const last = times.epochs.at(-1) ?? Number.NEGATIVE_INFINITY;
  let after = 1;
  return Float32Array.from(epochs, (epoch) => {
    if (epoch > last) return Number.NaN;
    while (after < times.epochs.length - 1 && (times.epochs[after] ?? 0) < epoch) after++;
    const [from, to] = [times.epochs[after - 1] ?? 0, times.epochs[after] ?? times.epochs[after - 1] ?? 0];
    const [begun, ended] = [times.seconds[after - 1] ?? 0, times.seconds[after] ?? times.seconds[after - 1] ?? 0];
    return to === from ? begun : begun + ((ended - begun) * (epoch - from)) / (to - from);
  });
}

interface TimesHeader {
  readonly runs: readonly number[];
  readonly lengths: readonly number[];
}

export function encodeEpochTimes(of: ReadonlyMap<number, EpochTimes>): Uint8Array<ArrayBuffer> {
  const all = [...of.values()];
  const joined = (pick: (times: EpochTimes) => Float32Array) =>
    Float32Array.from(all.flatMap((times) => [...pick(times)]));
  return encodeBlock<TimesHeader>({
    header: { runs: [...of.keys()], lengths: all.map(({ epochs }) => epochs.length) },
    arrays: [joined(({ epochs }) => epochs), joined(({ seconds }) => seconds)],
  });
}

export function decodeEpochTimes(bytes: ArrayBuffer): ReadonlyMap<number, EpochTimes> {
  const { header, arrays } = decodeBlock<TimesHeader>(bytes);
  const [epochs, seconds] = arrays;
  if (!(epochs instanceof Float32Array && seconds instanceof Float32Array))
    throw new Error("the times of epochs are not as their header says");
  let at = 0;
  return new Map(
    header.runs.map((run, index) => {
      const [from, to] = [at, at + (header.lengths[index] ?? 0)];
      at = to;
      return [run, { epochs: epochs.subarray(from, to), seconds: seconds.subarray(from, to) }];
    }),
  );
}
