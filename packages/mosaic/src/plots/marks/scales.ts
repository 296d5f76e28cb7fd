/** Which scale shows values best, and where its ticks are. */

export interface AxisScale {
  readonly type: "linear" | "log";
  readonly domain: [number, number];
  /** Where ticks are; undefined lets Vega choose. */
  readonly ticks: number[] | undefined;
}

/** Values that span more are shown on a logarithmic scale. */
const linearUpTo = 50;

/** @param values finite ones */
export function scaleOf(values: readonly number[], wanted?: "linear" | "log"): AxisScale {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return { type: "linear", domain: [0, 1], ticks: [] };
  if (low > 0 && (wanted ?? (high / low > linearUpTo ? "log" : "linear")) === "log") return logScale(low, high);
  if (low === high) {
    const around = low === 0 ? 1 : Math.abs(low) / 10;
    return { type: "linear", domain: [low - around, high + around], ticks: undefined };
  }
  const room = (high - low) * 0.05;
  // Values near nought are seen from nought.
  const start = low >= 0 && low < high / 3 ? 0 : low - room;
  return { type: "linear", domain: [start, high + room], ticks: undefined };
}

function logScale(low: number, high: number): AxisScale {
  const room = Math.max(1.15, (high / low) ** 0.04);
  const domain: [number, number] = [low / room, high * room];
  return { type: "log", domain, ticks: logTicks(...domain) };
}

/** Powers of ten, or 1, 2 and 5 of each where there are few; all inside the domain. */
export function logTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const inside = (ticks: readonly number[]) => ticks.filter((tick) => tick >= low && tick <= high);
  const exponents = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const decades = inside(exponents.map((exponent) => 10 ** exponent));
  if (decades.length > 2) {
    const step = Math.ceil(decades.length / 7);
    return inside(exponents.filter((exponent) => exponent % step === 0).map((exponent) => 10 ** exponent));
  }
  const fine = inside(exponents.flatMap((exponent) => [1, 2, 5].map((digit) => digit * 10 ** exponent)));
  if (fine.length > 2) return fine;
  const finest = exponents.flatMap((exponent) =>
    Array.from({ length: 90 }, (_, index) => (index + 10) * 10 ** (exponent - 1)),
  );
  const near = inside(finest);
  const step = Math.ceil(near.length / 5);
  return near.filter((_, index) => index % step === 0);
}

/** About five round places from `low` to `high`, both of them finite. */
export function linearTicks(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= rough) ?? 10 * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
}

/** Where a value lies between the ends of a scale, 0 and 1. */
export function placeOn(value: number, { type, domain: [low, high] }: AxisScale): number {
  const scale = type === "log" ? Math.log : (one: number) => one;
  return (scale(value) - scale(low)) / (scale(high) - scale(low));
}

/** The value at a place. */
export function valueAt(place: number, { type, domain: [low, high] }: AxisScale): number {
  return type === "log" ? low * (high / low) ** place : low + (high - low) * place;
}
