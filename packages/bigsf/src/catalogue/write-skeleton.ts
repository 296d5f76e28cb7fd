import { createFits } from "@ml-mosaic/fits";
import type { Plane } from "../maps/plane.ts";
import { resultHeader } from "../segmentation/result-header.ts";
import type { Filament } from "./filament.ts";
import type { FoundFilament } from "./find-filaments.ts";
import { resampled } from "./polyline.ts";

const bandRows = 256;

/** The map of all spines: the number of the filament on its pixels, 0 elsewhere. Memory is a band of rows. */
export async function writeSkeleton(
  path: string,
  { header, shape: [height, width], imageShape }: Pick<Plane, "header" | "shape" | "imageShape">,
  filaments: readonly { readonly filament: Filament; readonly found: FoundFilament }[],
  history: readonly string[],
): Promise<void> {
  const pixels = filaments
    // Through nodes it goes from one pixel to another that it does not touch.
    .flatMap(({ filament: { id }, found: { line } }) =>
      resampled(line.points, 0.5).map(({ x, y }) => ({ id, x: Math.round(x), y: Math.round(y) })),
    )
    .sort((a, b) => a.y - b.y);
  await using writer = await createFits(path);
  const cards = resultHeader(header, { meaning: "number of the filament", history });
  const rows = await writer.startImage({ shape: imageShape, type: "int32", header: cards, name: "SKELETON" });
  let next = 0;
  for (let y0 = 0; y0 < height; y0 += bandRows) {
    const y1 = Math.min(height, y0 + bandRows);
    const band = new Int32Array((y1 - y0) * width);
    for (let pixel = pixels[next]; pixel !== undefined && pixel.y < y1; pixel = pixels[++next])
      band[(pixel.y - y0) * width + pixel.x] = pixel.id;
    await rows.write(band);
  }
  await rows.end();
  await writer.close();
}
