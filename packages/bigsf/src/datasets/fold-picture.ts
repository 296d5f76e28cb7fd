import { basename } from "node:path";
import { countText } from "@ml-mosaic/base";
import { getString, type Header } from "@ml-mosaic/fits";
import { foldOverlay } from "../folds/fold-map.ts";
import type { Split } from "../folds/splits.ts";
import { openPlane } from "../maps/plane.ts";
import { cutPlane, regionBox } from "../maps/region.ts";
import type { SourceMap } from "../maps/source-map.ts";
import { labelledNote } from "../metrics/label-figures.ts";
import type { PatchedMap } from "../patches/patch-source.ts";
import { drawMap } from "../pictures/draw-map.ts";
import { type Preview, startPreview } from "../pictures/preview.ts";
import { quantityText } from "../pictures/quantity.ts";
import type { FoldedPatches } from "./patches-data.ts";

/** What the folds are drawn over. */
export interface FoldBackground {
  readonly preview: Preview;
  readonly header?: Header | undefined;
  /** What the shades mean. */
  readonly quantity: string;
}

/** The folds of a split's sets; its number counts from 1. */
export interface NumberedSplit {
  readonly number: number;
  readonly count: number;
  readonly sets: Split;
}

const blockRows = 256;

/** The image that patches are cut from. */
export async function mapBackground({ image, region }: SourceMap): Promise<FoldBackground> {
  const whole = await openPlane(image);
  try {
    const plane = region === undefined ? whole : cutPlane(whole, regionBox(region, whole));
    const [height, width] = plane.shape;
    const builder = startPreview(plane.shape);
    for (let y = 0; y < height; y += blockRows)
      builder.add(y, await plane.section(y, Math.min(height, y + blockRows), 0, width));
    const quantity = quantityText(getString(plane.header, "BUNIT"));
    return { preview: builder.finish(), header: plane.header, quantity };
  } finally {
    await whole.close();
  }
}

/**
 * A map, coloured by fold, or by the sets of a split; what no patch of an area covers has no colour. PNG.
 */
export function drawFolds(
  { source, assignment, unit }: FoldedPatches,
  map: PatchedMap,
  { preview, header, quantity }: FoldBackground,
  split?: NumberedSplit,
): Promise<Uint8Array> {
  const { patchSize } = source;
  const positions = source.positions.subarray(2 * map.start, 2 * map.stop);
  const areaOf = assignment.areaOf.subarray(map.start, map.stop);
  const areas = new Set(areaOf.filter((area) => area >= 0)).size;
  const what = split === undefined ? `${assignment.folds} folds` : `split ${split.number} of ${split.count}`;
  return drawMap({
    preview,
    header,
    title: `${source.maps.length > 1 ? map.name : basename(source.name)}, ${what}`,
    subtitle: `${unit === "map" ? "one fold for the whole map" : countText(areas, "area")}; pixels without colour are in no patch that is used`,
    note: map.labelledShare === undefined ? undefined : labelledNote(map.labelledShare),
    colours: "grey",
    quantity,
    overlays: [foldOverlay({ ...assignment, areaOf }, split?.sets, { positions, patchSize, layout: preview.layout })],
  });
}
