/** Where values lie on an axis, and what is written there. */
import { numberText } from "../parts/number-text.ts";

export interface Tick {
  readonly value: number;
  readonly text: string;
}

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly isLogarithmic: boolean;
  /** From the start of the axis (0) to its end (1). */
  at(value: number): number;
  /** The same for a million values: `into` gets where they lie on an axis that goes from one place to another. */
  put(values: ArrayLike<number>, axis: readonly [from: number, to: number], into: Float64Array): void;
  /** The value at a place. */
  value(at: number): number;
  ticks(most: number): readonly Tick[];
}

/** A logarithmic scale of what is not all positive is linear. */
export function scaleOf(low: number, high: number, isLogarithmic = false): Scale {
  if (!(low <= high)) return scaleOf(0, 1);
  if (low === high) {
    const around = low === 0 ? 1 : Math.abs(low) * 0.1;
    return scaleOf(low - around, high + around, isLogarithmic && low > around);
  }
  if (!isLogarithmic || low <= 0)
    return {
      low,
      high,
      isLogarithmic: false,
      at: (value) => (value - low) / (high - low),
      put(values, [from, to], into) {
        const size = (to - from) / (high - low);
        for (let index = 0; index < values.length; index += 1)
          into[index] = from + ((values[index] ?? Number.NaN) - low) * size;
      },
      value: (at) => low + at * (high - low),
      ticks: (most) => linearTicks(low, high, most).map((value) => ({ value, text: numberText(value) })),
    };
  const [first, last] = [Math.log(low), Math.log(high)];
  return {
    low,
    high,
    isLogarithmic: true,
    at: (value) => (Math.log(value) - first) / (last - first),
    put(values, [from, to], into) {
      const size = (to - from) / (last - first);
      for (let index = 0; index < values.length; index += 1)
        into[index] = from + (Math.log(values[index] ?? Number.NaN) - first) * size;
    },
    value: (at) => Math.exp(first + at * (last - first)),
    ticks: (most) => logTicks(low, high, most).map((value) => ({ value, text: numberText(value) })),
  };
}

/** The same with room at both ends, so that no point lies on the edge. */
export function roomyScale(low: number, high: number, isLogarithmic = false, room = 0.04): Scale {
  const scale = scaleOf(low, high, isLogarithmic);
  return scaleOf(scale.value(-room), scale.value(1 + room), scale.isLogarithmic);
}

/** Of what is counted: nothing is written between whole numbers. */
export function countScale(low: number, high: number): Scale {
  return wholeTicks(roomyScale(low, high), low, high);
}

/** @param low the smallest number there is, as `high` is the largest: an axis may go beyond them */
export function wholeTicks(scale: Scale, low: number, high: number): Scale {
  return {
    ...scale,
    ticks: (most) => scale.ticks(Math.min(most, high - low + 1)).filter(({ value }) => Number.isInteger(value)),
  };
}

/** About as many as there is room for: two at least, where there is room for two. */
export function linearTicks(low: number, high: number, most: number): readonly number[] {
  const raw = (high - low) / Math.max(1, most);
  const size = 10 ** Math.floor(Math.log10(raw));
  const steps = [10, 5, 2, 1, 0.5, 0.2].map((each) => each * size);
  const finer = steps.slice(
    Math.max(
      0,
      steps.findLastIndex((step) => step >= raw * 0.999),
    ),
  );
  const ticks = finer.map((step) => multiplesOf(step, low, high));
  return ticks.find(({ length }) => length >= Math.min(2, most)) ?? [];
}

function multiplesOf(step: number, low: number, high: number): readonly number[] {
  const multiples: number[] = [];
  for (
    let index = Math.ceil(low / step - 1e-9);
    index * step <= high + step * 1e-9 && multiples.length < 100;
    index += 1
  )
    multiples.push(Number((index * step).toPrecision(12)));
  return multiples;
}

/** Powers of ten; between few of them also 2 and 5, and within one decade what a linear axis has. */
export function logTicks(low: number, high: number, most: number): readonly number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const widest = Math.max(1, Math.ceil((last - first) / Math.max(1, most)));
  const digits = last - first <= most / 2 ? [1, 2, 5] : [1];
  for (let stride = widest; stride >= 1; stride -= 1) {
    const ticks: number[] = [];
    for (let power = Math.ceil(first / stride) * stride; power <= last; power += stride)
      for (const digit of digits) {
        const value = Number(`${digit}e${power}`);
        if (value >= low * 0.9999 && value <= high * 1.0001) ticks.push(value);
      }
    if (ticks.length >= 2) return ticks;
  }
  return linearTicks(low, high, most);
}

/** Smallest and largest of what is finite, and of what is positive for a logarithmic axis. */
export function extentOf(values: ArrayLike<number>, isLogarithmic = false): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? Number.NaN;
    if (!Number.isFinite(value) || (isLogarithmic && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
