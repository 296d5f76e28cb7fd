import { basename } from "node:path";
import { wholeText } from "@ml-mosaic/base";
import { getString } from "@ml-mosaic/fits";
import { shareText } from "../maps/map-tally.ts";
import type { Maps } from "../maps/maps.ts";
import { labelledNote } from "../metrics/label-figures.ts";
import { drawMap } from "../pictures/draw-map.ts";
import { quantityText } from "../pictures/quantity.ts";
import type { PatchPlan } from "./plan-patches.ts";

/** The map with its filaments; what lies in no kept patch is dark. PNG. */
export function drawOverview(
  { grid, kept, pictures, tally }: PatchPlan,
  { header, paths }: Maps,
  name = basename(paths.image),
): Promise<Uint8Array> {
  const { patchSize, stride, candidates } = grid;
  return drawMap({
    preview: pictures.image,
    header,
    title: name,
    subtitle: `${wholeText(kept)} of ${wholeText(candidates)} positions kept (${shareText(kept, candidates)}); patches of ${patchSize} x ${patchSize} pixels, stride ${stride}`,
    note: labelledNote(tally.labelled / tally.pixels),
    colours: "inferno",
    quantity: quantityText(getString(header, "BUNIT")),
    overlays: [
      {
        kind: "areas",
        cells: pictures.kept.map((each) => 1 - each),
        classes: [{ label: "in no kept patch", colour: "#000000" }],
        opacity: 0.65,
      },
      // What is dropped is often dark anyway.
      { kind: "outline", cells: pictures.kept, label: "border of the kept area", colour: "#ffffff", width: 1.5 },
      { kind: "outline", cells: pictures.target, label: "filaments", colour: "#56b4e9", width: 1.5 },
    ],
  });
}
