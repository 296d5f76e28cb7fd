/** Maps as the board's page draws them. */
import type { MapPlane } from "@ml-mosaic/board";
import { openPlane } from "../maps/plane.ts";
import type { Overlay } from "../pictures/draw-map.ts";
import { insideCells } from "../pictures/inside-cells.ts";
import { type Preview, startPreview } from "../pictures/preview.ts";
import { asinhStretch } from "../pictures/stretch.ts";

/** What is drawn over a map. */
export interface PlaneMarks {
  readonly outline?: { readonly label: string; readonly cells: Uint8Array<ArrayBuffer> } | undefined;
  readonly areas?: Extract<Overlay, { readonly kind: "areas" }> | undefined;
}

/** @param range of the colours; by default those of maps of intensities, between percentiles */
export function planeOf(
  { mapShape, layout, values }: Preview,
  { outline, areas }: PlaneMarks,
  range?: readonly [low: number, high: number],
): MapPlane {
  const [height, width] = mapShape;
  const { factor, rows, columns } = layout;
  const { low, high } = range === undefined ? asinhStretch(values) : { low: range[0], high: range[1] };
  return {
    height,
    width,
    factor,
    rows,
    columns,
    range: [low, high],
    stretch: range === undefined ? "asinh" : "linear",
    outlined: outline?.label ?? "",
    classes: areas?.classes ?? [],
    values: Float32Array.from(values),
    outline: outline?.cells ?? new Uint8Array(),
    areas: Uint8Array.from(areas?.cells ?? []),
  };
}

const blockRows = 256;

/** Reads a map once, block by block. */
export async function previewOf(path: string): Promise<Preview> {
  const plane = await openPlane(path);
  try {
    const builder = startPreview(plane.shape);
    for await (const { firstRow, rows } of rowsOf(plane)) builder.add(firstRow, rows);
    return builder.finish();
  } finally {
    await plane.close();
  }
}

/** Cells that a mask reaches. */
export async function maskCells(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const plane = await openPlane(path);
  try {
    const inside = insideCells(startPreview(plane.shape).layout, plane.shape);
    for await (const { firstRow, rows } of rowsOf(plane))
      inside.add(
        firstRow,
        Uint8Array.from(rows, (value) => (value > 0 ? 1 : 0)),
      );
    return Uint8Array.from(inside.cells);
  } finally {
    await plane.close();
  }
}

async function* rowsOf(plane: Awaited<ReturnType<typeof openPlane>>) {
  const [height, width] = plane.shape;
  for (let firstRow = 0; firstRow < height; firstRow += blockRows)
    yield { firstRow, rows: await plane.section(firstRow, Math.min(height, firstRow + blockRows), 0, width) };
}
