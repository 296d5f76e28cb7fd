/** Numbers, times and sizes as people read them; tables and files have them in full beside that. */
import type { Cell } from "../../wire/run-table.ts";

export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "∞").replace("-", "−");
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-4 ? value.toExponential(3) : value.toPrecision(5);
  // Zeros at the end say nothing.
  return text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
}

export function cellText(cell: Cell): string {
  return typeof cell === "number" ? numberText(cell) : (cell ?? "");
}

/** The unit of columns that are points in time. */
export const timeUnit = "ms since 1970";

/** A cell of a column with a unit: times as dates. */
export function columnText(cell: Cell, unit: string | undefined): string {
  if (unit !== timeUnit || typeof cell !== "number" || !Number.isFinite(cell)) return cellText(cell);
  const date = new Date(cell);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function differenceText(value: number): string {
  return Number.isNaN(value) ? "" : `${value > 0 ? "+" : value < 0 ? "−" : "±"}${numberText(Math.abs(value))}`;
}

/** By hand: the browser's own format takes longer to be made than the page's first view. */
export function wholeText(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

export function runsText(count: number): string {
  return `${wholeText(count)} ${count === 1 ? "run" : "runs"}`;
}

const units = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
] as const;

export function durationText(seconds: number): string {
  for (const [unit, size] of units) {
    if (seconds < size) continue;
    const count = Math.round(seconds / size);
    return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  const count = Math.ceil(seconds);
  return `${count} second${count === 1 ? "" : "s"}`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${numberText(Number((bytes / 1e3).toPrecision(3)))} kB`;
  return `${numberText(Number((bytes / 1e6).toPrecision(3)))} MB`;
}
