import { BigsfError } from "../errors.ts";

/** Where patches may lie in a map: first pixels at multiples of `stride`, as far as whole patches fit. */
export interface PatchGrid {
  readonly mapShape: readonly [height: number, width: number];
  /** P: patches are P x P pixels. */
  readonly patchSize: number;
  readonly stride: number;
  /** Positions along each axis. */
  readonly rows: number;
  readonly columns: number;
  readonly candidates: number;
}

export interface PatchGridOptions {
  readonly patchSize: number;
  readonly stride: number;
}

/** @throws BigsfError `MAP` where the map is smaller than a patch */
export function patchGrid(
  mapShape: readonly [height: number, width: number],
  { patchSize, stride }: PatchGridOptions,
): PatchGrid {
  const [height, width] = mapShape;
  if (height < patchSize || width < patchSize) {
    throw new BigsfError(
      "MAP",
      `The map has ${height} rows of ${width} pixels: no patch of ${patchSize} x ${patchSize} fits into it. Give a patch_size of ${Math.min(height, width)} or less, or a larger map.`,
    );
  }
  const rows = 1 + Math.floor((height - patchSize) / stride);
  const columns = 1 + Math.floor((width - patchSize) / stride);
  return { mapShape, patchSize, stride, rows, columns, candidates: rows * columns };
}
