/** Which folds, or which sets, cover a map, for pictures of it. */
import { PALETTE } from "../pictures/colour-map.ts";
import type { Overlay } from "../pictures/draw-map.ts";
import type { PictureLayout } from "../pictures/picture-layout.ts";
import type { FoldAssignment } from "./assign-folds.ts";
import { parts, type Split } from "./splits.ts";

export interface CoverOptions {
  /** First row and column of each patch: [patches * 2]. */
  readonly positions: Int32Array;
  readonly patchSize: number;
  readonly areaOf: Int32Array;
  /** The class of each area, from 1; 0 for areas that are left out. */
  readonly classOfArea: ArrayLike<number>;
  readonly layout: Pick<PictureLayout, "factor" | "rows" | "columns">;
  /** The class of cells that patches of several classes cover. */
  readonly shared: number;
}

/**
 * Which class of patches covers each cell of a picture; where a cell is several pixels, the one in its middle counts.
 *
 * @returns [rows, columns]: a class from 1, 0 where there is none, `shared` where there are several
 */
export function coverCells(options: CoverOptions): Uint8Array {
  const { positions, patchSize, areaOf, classOfArea, layout, shared } = options;
  const { factor, rows, columns } = layout;
  const cells = new Uint8Array(rows * columns);
  const middle = Math.floor(factor / 2);
  // The first cell whose middle is not before this pixel.
  const cell = (pixel: number) => Math.max(0, Math.ceil((pixel - middle) / factor));
  const cover = (area: number, y: number, x0: number, x1: number) => {
    const own = classOfArea[area] ?? 0;
    if (own === 0) return;
    const [top, bottom] = [cell(y), Math.min(rows, cell(y + patchSize))];
    const [left, right] = [cell(x0), Math.min(columns, cell(x1))];
    for (let row = top; row < bottom; row++) {
      for (let at = row * columns + left; at < row * columns + right; at++) {
        const before = cells[at] ?? 0;
        if (before !== own) cells[at] = before === 0 ? own : shared;
      }
    }
  };
  // Neighbours in a row of the same area overlap nearly wholly: what they cover together is painted once.
  let [area, y, x0, x1] = [-1, 0, 0, 0];
  for (let patch = 0; patch < areaOf.length; patch++) {
    const next = areaOf[patch] ?? -1;
    const [row, column] = [positions[2 * patch] ?? 0, positions[2 * patch + 1] ?? 0];
    if (next === area && row === y && column <= x1) {
      x1 = column + patchSize;
      continue;
    }
    if (area >= 0) cover(area, y, x0, x1);
    [area, y, x0, x1] = [next, row, column, column + patchSize];
  }
  if (area >= 0) cover(area, y, x0, x1);
  return cells;
}

/** In no palette, so that it stands out. */
const sharedColour = "#e6007e";
const partColours = { train: PALETTE[0], valid: PALETTE[2], test: PALETTE[1] };

/** Colours of folds, or of the sets of a split, over a map. */
export function foldOverlay(
  { areaOf, foldOfArea, folds }: FoldAssignment,
  split: Split | undefined,
  place: Pick<CoverOptions, "positions" | "patchSize" | "layout">,
): Overlay {
  const classes =
    split === undefined
      ? Array.from({ length: Math.min(folds, PALETTE.length) }, (_, index) => ({
          label: foldLabel(index + 1, folds),
          colour: PALETTE[index] ?? sharedColour,
        }))
      : parts.map((part) => ({ label: `${part} (${foldsText(split[part])})`, colour: partColours[part] }));
  const classOfArea = Array.from(foldOfArea, (fold) =>
    split === undefined ? 1 + ((fold - 1) % PALETTE.length) : 1 + parts.findIndex((part) => split[part].includes(fold)),
  );
  const shared = classes.length + 1;
  const cells = coverCells({ ...place, areaOf, classOfArea, shared });
  const isShared = cells.includes(shared);
  return {
    kind: "areas",
    cells,
    classes: isShared
      ? [...classes, { label: `in several ${split === undefined ? "folds" : "sets"}`, colour: sharedColour }]
      : classes,
    opacity: 0.5,
  };
}

/** Where there are more folds than colours, several have the same. */
function foldLabel(fold: number, folds: number): string {
  const second = fold + PALETTE.length;
  if (second > folds) return `fold ${fold}`;
  return second + PALETTE.length > folds ? `folds ${fold}, ${second}` : `folds ${fold}, ${second}, …`;
}

export function foldsText(folds: readonly number[]): string {
  return `${folds.length === 1 ? "fold" : "folds"} ${folds.join(", ")}`;
}
