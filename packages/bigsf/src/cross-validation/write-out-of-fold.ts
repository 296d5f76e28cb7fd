import { createFits, emptyHeader } from "@ml-mosaic/fits";
import { labelText } from "../metrics/label-figures.ts";
import { drawMap } from "../pictures/draw-map.ts";
import { insideCells } from "../pictures/inside-cells.ts";
import { startPreview } from "../pictures/preview.ts";
import { resultHeader } from "../segmentation/result-header.ts";
import { type OutOfFoldOptions, outOfFoldRows } from "./out-of-fold.ts";
import { type PixelScores, PixelTally } from "./pixel-scores.ts";

export interface OutOfFoldMap {
  readonly scores: PixelScores;
  /** PNG. */
  readonly picture: Uint8Array;
}

/**
 * Writes the probabilities that models give for what they have not seen, as float32, NaN where no split tests a pixel or the image has no data.
 * The file has the header of the image, and so its coordinates, where the patches know it.
 *
 * @param pooled counts the pixels of all maps
 * @throws FitsError, BigsfError
 */
export async function writeOutOfFold(
  path: string,
  pooled: PixelTally,
  options: OutOfFoldOptions,
): Promise<OutOfFoldMap> {
  const { map, models } = options;
  await using writer = await createFits(path, { overwrite: true, checksum: true });
  const history = [
    "probability of a filament, predicted by models that were not trained on the pixel",
    `mean over overlapping patches; ${models.length} models; NaN: tested by none, or no data`,
  ];
  const rows = await writer.startImage({
    shape: map.inside,
    type: "float32",
    header: resultHeader(map.header ?? emptyHeader, { meaning: "probability", history }),
    name: "PROBABILITY",
  });
  const tally = new PixelTally();
  const preview = startPreview(map.inside);
  const filaments = insideCells(preview.layout, map.inside);
  for await (const { firstRow, probability, truth, labelled } of outOfFoldRows(options)) {
    await rows.write(probability);
    tally.add(probability, truth, labelled);
    pooled.add(probability, truth, labelled);
    preview.add(firstRow, probability);
    filaments.add(firstRow, truth);
  }
  await rows.end();
  const scores = tally.scores();
  const picture = await drawMap({
    preview: preview.finish(),
    header: map.header,
    title: `Out-of-fold probability of a filament${map.name === "" ? "" : `, ${map.name}`}`,
    subtitle: `${models.length} models, each on what it was not trained on; Dice ${scores.dice.toFixed(3)}, average precision ${scores.average_precision.toFixed(3)}`,
    note: labelText(scores.labelled, scores.unlabelled_found),
    colours: "inferno",
    quantity: "probability",
    range: [0, 1],
    missingLabel: "tested by no model, or no data",
    overlays: [
      { kind: "outline", cells: filaments.cells, label: "filaments of the target", colour: "#56b4e9", width: 1.5 },
    ],
  });
  await writer.close();
  return { scores, picture };
}
