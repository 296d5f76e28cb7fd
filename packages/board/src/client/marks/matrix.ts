/** A matrix of pairs: who beats whom. */
import { fitted } from "./intervals.ts";
import type { Surface } from "./picture.ts";

export interface MatrixCell {
  readonly kind: "better" | "worse" | "same" | "undecided";
  readonly text: string;
}

export interface MatrixPlace {
  readonly left: number;
  readonly top: number;
  readonly size: number;
}

const headHeight = 22;

export function matrixPlace({ width, context }: Surface, labels: readonly string[]): MatrixPlace {
  const left = Math.min(
    width * 0.36,
    Math.max(30, ...labels.map((label) => context.measureText(`${labels.length}  ${label}`).width)) + 10,
  );
  return { left, top: headHeight, size: Math.max(8, Math.min(44, (width - left - 4) / Math.max(1, labels.length))) };
}

export function matrixHeight(count: number, width: number): number {
  return headHeight + count * Math.max(8, Math.min(44, (width * 0.64) / Math.max(1, count))) + 6;
}

/** A row compared with each column; numbers stand for the columns' names. */
export function drawMatrix(
  surface: Surface,
  labels: readonly string[],
  cell: (row: number, column: number) => MatrixCell | undefined,
  marked: readonly [number, number] | undefined,
): void {
  const { context, theme } = surface;
  const { left, top, size } = matrixPlace(surface, labels);
  const colors = { better: theme.good, worse: theme.bad, same: theme.other, undecided: theme.grid };
  context.textBaseline = "middle";
  for (const [row, label] of labels.entries()) {
    const y = top + row * size;
    context.fillStyle = theme.ink;
    if (size >= 11) {
      context.textAlign = "left";
      context.fillText(fitted(context, `${row + 1}  ${label}`, left - 8), 0, y + size / 2);
      context.textAlign = "center";
      context.fillText(String(row + 1), left + row * size + size / 2, headHeight / 2);
    }
    for (const [column] of labels.entries()) {
      const shown = cell(row, column);
      if (shown === undefined) continue;
      context.fillStyle = colors[shown.kind];
      context.fillRect(left + column * size + 1, y + 1, size - 2, size - 2);
      // Not by colour alone.
      context.fillStyle = shown.kind === "better" || shown.kind === "worse" ? theme.paper : theme.ink;
      context.textAlign = "center";
      if (size >= 16) context.fillText(shown.text, left + column * size + size / 2, y + size / 2);
    }
  }
  if (marked === undefined) return;
  context.strokeStyle = theme.ink;
  context.lineWidth = 2;
  context.strokeRect(left + marked[1] * size, top + marked[0] * size, size, size);
  context.lineWidth = 1;
}
