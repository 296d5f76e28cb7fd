import { createFits } from "@ml-mosaic/fits";
import type { Plane } from "../maps/plane.ts";
import { resultHeader } from "../segmentation/result-header.ts";
import type { Filament } from "./filament.ts";
import { type FoundFilament, spineOfFound } from "./find-filaments.ts";
import { resampled } from "./polyline.ts";

const bandRows = 256;

/** The map of all spines: the number of the filament on its pixels, 0 elsewhere. Memory is a band of rows. */
export async function writeSkeleton(
  path: string,
  { header, shape: [height, width], imageShape }: Pick<Plane, "header" | "shape" | "imageShape">,
  filaments: readonly { readonly filament: Filament; readonly found: FoundFilament }[],
  history: readonly string[],
): Promise<void> {
  const placed = filaments.map(({ filament: { id }, found }) => ({ id, found, ...rowsOf(found) }));
  await using writer = await createFits(path);
  const cards = resultHeader(header, { meaning: "number of the filament", history });
  const rows = await writer.startImage({ shape: imageShape, type: "int32", header: cards, name: "SKELETON" });
  for (let y0 = 0; y0 < height; y0 += bandRows) {
    const y1 = Math.min(height, y0 + bandRows);
    const band = new Int32Array((y1 - y0) * width);
    for (const { id, found, first, last } of placed) {
      if (first >= y1 || last < y0) continue;
      // Through nodes it goes from one pixel to another that it does not touch.
      for (const point of resampled(spineOfFound(found).points, 0.5)) {
        const [x, y] = [Math.round(point.x), Math.round(point.y)];
        if (y >= y0 && y < y1) band[(y - y0) * width + x] = id;
      }
    }
    await rows.write(band);
  }
  await rows.end();
  await writer.close();
}

function rowsOf({ places }: FoundFilament): { readonly first: number; readonly last: number } {
  const rows = places.filter((_, i) => i % 2 === 1);
  return {
    first: Math.floor(rows.reduce((a, b) => Math.min(a, b))),
    last: Math.ceil(rows.reduce((a, b) => Math.max(a, b))),
  };
}
