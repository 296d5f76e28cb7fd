/** Pages and cut-outs of single filaments. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createFits } from "@ml-mosaic/fits";
import type { Plane } from "../maps/plane.ts";
import { cutPlane } from "../maps/region.ts";
import { resultHeader } from "../segmentation/result-header.ts";
import { significanceOf } from "./columns.ts";
import { cutAcross } from "./cuts.ts";
import type { Filament } from "./filament.ts";
import { filamentName } from "./filament-name.ts";
import { type FoundFilament, spineOfFound } from "./find-filaments.ts";
import type { Inputs } from "./inputs.ts";
import { flag, type MaskPlane, placeOf } from "./mask-plane.ts";
import { resampled } from "./polyline.ts";

export interface AtlasFilament {
  readonly filament: Filament;
  readonly found: FoundFilament;
}

export interface AtlasOptions {
  readonly folder: string;
  /** How many, those that stand out most; without an image the longest. */
  readonly count: number;
  readonly inputs: Inputs;
  readonly plane: MaskPlane;
  readonly filaments: readonly AtlasFilament[];
  readonly history: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Pixels around a filament that are shown. */
const leastMargin = 16;

/**
 * Writes of each a picture, and a FITS file with three images that have the map's coordinates: the image (if there is one), the
 * probabilities, and the pixels of its spine.
 */
export async function writeAtlas({
  folder,
  count,
  inputs,
  plane,
  filaments,
  history,
  signal,
}: AtlasOptions): Promise<void> {
  const { map, image, imageUnit, measuring } = inputs;
  const rank = ({ filament }: AtlasFilament) =>
    image === undefined ? filament.length : (significanceOf(filament) ?? 0);
  const chosen = filaments.toSorted((a, b) => rank(b) - rank(a)).slice(0, count);
  await mkdir(folder);
  // The library that draws is heavy: only who wants pictures loads it.
  const { drawFilament } = await import("./draw-filament.ts");
  for (const { filament, found } of chosen) {
    signal?.throwIfAborted();
    const spine = spineOfFound(found);
    const { halfWidth } = filament;
    const cuts =
      measuring.image && (await cutAcross(spine, plane, measuring.image, { halfWidth, reach: measuring.reach }));
    const box = boxAround(found, Math.max(leastMargin, Math.ceil(cuts?.offsets.at(-1) ?? 0)), map.shape);
    const cutout = cutPlane(image ?? map, box);
    const name = `${String(filament.id).padStart(5, "0")}_${filamentName(filament)}`;
    const inBox = spine.points.map(({ x, y }) => ({ x: x - box.x0, y: y - box.y0 }));
    const page = {
      filament,
      cutout,
      unit: image === undefined ? "" : imageUnit,
      spine: inBox,
      mask: maskIn(plane, box),
      cuts,
    };
    await writeFile(join(folder, `${name}.png`), await drawFilament(page));
    await writeCutouts(join(folder, `${name}.fits`), {
      map: cutPlane(map, box),
      image: image && cutout,
      found,
      box,
      history,
    });
  }
}

interface Box {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

function boxAround({ places }: FoundFilament, margin: number, [height, width]: readonly [number, number]): Box {
  const [xs, ys] = [places.filter((_, i) => i % 2 === 0), places.filter((_, i) => i % 2 === 1)];
  const low = (values: Float32Array) => Math.max(0, Math.floor(values.reduce((a, b) => Math.min(a, b))) - margin);
  const high = (values: Float32Array, most: number) =>
    Math.min(most, Math.ceil(values.reduce((a, b) => Math.max(a, b))) + margin + 1);
  return { x0: low(xs), x1: high(xs, width), y0: low(ys), y1: high(ys, height) };
}

function maskIn(plane: MaskPlane, { x0, x1, y0, y1 }: Box): Uint8Array {
  const width = x1 - x0;
  return Uint8Array.from({ length: width * (y1 - y0) }, (_, i) => {
    const place = placeOf(plane, x0 + (i % width), y0 + Math.floor(i / width));
    return (plane.flags[place] ?? 0) & flag.mask;
  });
}

interface CutoutParts {
  readonly map: Plane;
  readonly image: Plane | undefined;
  readonly found: FoundFilament;
  readonly box: Box;
  readonly history: readonly string[];
}

async function writeCutouts(path: string, { map, image, found, box, history }: CutoutParts): Promise<void> {
  const [height, width] = map.shape;
  await using writer = await createFits(path, { checksum: true });
  const whole = async (plane: Plane) => Float32Array.from(await plane.section(0, height, 0, width));
  if (image !== undefined)
    await writer.image({ shape: image.imageShape, data: await whole(image), header: image.header, name: "IMAGE" });
  await writer.image({ shape: map.imageShape, data: await whole(map), header: map.header, name: "PROBABILITY" });
  const spine = new Uint8Array(width * height);
  for (const { x, y } of resampled(spineOfFound(found).points, 0.5))
    spine[(Math.round(y) - box.y0) * width + Math.round(x) - box.x0] = 1;
  const header = resultHeader(map.header, { meaning: "1 on the spine", history });
  await writer.image({ shape: map.imageShape, data: spine, header, name: "SPINE" });
  await writer.close();
}
