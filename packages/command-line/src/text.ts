/** How commands write numbers and tables. */
import { oneLine } from "./one-line.ts";
import { textWidth } from "./text-width.ts";

/** Four significant digits; NaN and infinities by name, nothing for nothing. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(3) : String(Number(value.toPrecision(4)));
}

/** Columns lined up, numbers to the right, each row on one line whatever its texts hold. */
export function tableText(
  header: readonly string[],
  texts: readonly (readonly string[])[],
  rightAligned: readonly number[],
): string {
  const rows = texts.map((row) => row.map(oneLine));
  const widths = header.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, textWidth(row[column] ?? "")), textWidth(title)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const gap = " ".repeat(Math.max(0, (widths[column] ?? 0) - textWidth(cell)));
        return rightAligned.includes(column) ? gap + cell : cell + gap;
      })
      .join("  ")
      .trimEnd();
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** A bar of `width` characters, filled up to `share`. */
export function barText(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

/** Cut to `width` columns with an ellipsis. */
export function shortenText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return `${Array.from(text)
    .slice(0, Math.max(0, width - 1))
    .join("")}…`;
}
