/** Curves drawn with characters. */
import { numberText } from "./text.ts";

export interface Curve {
  readonly name: string;
  /** One character. */
  readonly mark: string;
  /** One value a step; null and NaN leave a gap. */
  readonly values: readonly (number | null)[];
}

export interface ChartSize {
  readonly columns: number;
  readonly rows: number;
}

const both = "◆";

/**
 * The curves over their steps, 1 to the longest one's length, with a legend below; logarithmic where the values span more
 * than a factor of 50. Empty where no value is finite.
 */
export function chartText(curves: readonly Curve[], { columns, rows }: ChartSize): string {
  const steps = Math.max(0, ...curves.map(({ values }) => values.length));
  const width = Math.min(columns, steps);
  const drawn = curves.map((curve) => ({ ...curve, points: resample(curve.values, steps, width) }));
  const finite = drawn.flatMap(({ points }) => points).filter((value) => Number.isFinite(value));
  if (finite.length === 0) return "";
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const isLogarithmic = low > 0 && high / low > 50;
  const scale = (value: number) => (isLogarithmic ? Math.log(value) : value);
  const span = scale(high) - scale(low);
  const rowOf = (value: number) =>
    span === 0 ? Math.floor(rows / 2) : Math.round(((scale(high) - scale(value)) / span) * (rows - 1));

  const cells = Array.from({ length: rows }, () => Array.from({ length: width }, () => " "));
  for (const { points, mark } of drawn)
    points.forEach((value, column) => {
      if (!Number.isFinite(value)) return;
      const row = cells[rowOf(value)];
      if (row !== undefined) row[column] = row[column] === " " || row[column] === mark ? mark : both;
    });

  const middle = isLogarithmic ? Math.sqrt(low * high) : (low + high) / 2;
  const labels = new Map([
    [0, numberText(high)],
    [rowOf(middle), numberText(middle)],
    [rows - 1, numberText(low)],
  ]);
  // One value only: its row has the label.
  const labelOf = (row: number) => (span > 0 ? (labels.get(row) ?? "") : row === rowOf(high) ? numberText(high) : "");
  const margin = Math.max(...Array.from({ length: rows }, (_, row) => labelOf(row).length));
  const lines = cells.map((row, index) => `${labelOf(index).padStart(margin)} ┤${row.join("")}`.trimEnd());
  const gap = " ".repeat(Math.max(1, width - 1 - String(steps).length));
  const axis = steps === 1 ? "1" : `1${gap}${steps}`;
  const legend = [...curves.map(({ name, mark }) => `${mark} ${name}`), ...(curves.length > 1 ? [`${both} both`] : [])];
  return [
    ...lines,
    `${" ".repeat(margin)} └${"─".repeat(width)}`,
    `${" ".repeat(margin)}  ${axis}`,
    `${" ".repeat(margin)}  ${legend.join("   ")}${isLogarithmic ? "   (logarithmic)" : ""}`,
  ].join("\n");
}

/** Mean of the finite values that fall into each column; NaN where there is none. */
function resample(values: readonly (number | null)[], steps: number, width: number): readonly number[] {
  return Array.from({ length: width }, (_, column) => {
    const part = values
      .slice(Math.floor((column * steps) / width), Math.floor(((column + 1) * steps) / width))
      .filter((value) => value !== null && Number.isFinite(value));
    return part.reduce<number>((sum, value) => sum + (value ?? 0), 0) / part.length;
  });
}
