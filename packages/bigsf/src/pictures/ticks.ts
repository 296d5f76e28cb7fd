/** Round numbers along an axis. */

export interface Tick {
  /** Along the axis, in the unit of whoever asked. */
  readonly at: number;
  readonly label: string;
}

/** Round values from `low` to `high`, at most about `most` of them. */
export function roundValues(low: number, high: number, most: number): { values: readonly number[]; decimals: number } {
  const range = high - low;
  if (!(range > 0) || !Number.isFinite(range)) return { values: [], decimals: 0 };
  const rough = range / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const values = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { values, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** With a minus sign instead of a hyphen, and no negative zero. */
export function numeral(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 22 as ²². */
export function superscript(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return exponent < 0 ? `⁻${digits}` : digits;
}

/** The power of ten that values up to `largest` are best written with; 0 for ordinary numbers. */
export function exponentOf(largest: number): number {
  if (largest === 0 || !Number.isFinite(largest)) return 0;
  const exponent = Math.floor(Math.log10(Math.abs(largest)));
  return exponent >= 4 || exponent <= -3 ? exponent : 0;
}
