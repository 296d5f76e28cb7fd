import { createFits, emptyHeader, type Header } from "@ml-mosaic/fits";
import type { PatchesData } from "../datasets/patches-data.ts";
import { openPlane, type Plane } from "../maps/plane.ts";
import { drawMap } from "../pictures/draw-map.ts";
import { startPreview } from "../pictures/preview.ts";
import { resultHeader } from "../segmentation/result-header.ts";
import { type OutOfFoldOptions, outOfFoldRows } from "./out-of-fold.ts";
import { type PixelScores, PixelTally } from "./pixel-scores.ts";

export interface OutOfFoldMap {
  readonly scores: PixelScores;
  /** PNG. */
  readonly picture: Uint8Array;
  /** Pixels that have a probability. */
  readonly predicted: number;
}

/**
 * Writes the probabilities that models give for what they have not seen, as float32, NaN where no split tests a pixel.
 * With `source` in the data's configuration the file has the header of the image, and so its coordinates.
 *
 * @throws FitsError, BigsfError
 */
export async function writeOutOfFold(path: string, options: OutOfFoldOptions): Promise<OutOfFoldMap> {
  const { data, models } = options;
  const { source } = await data.open();
  await using image = await openImage(data);
  const header = image.header ?? emptyHeader;
  await using writer = await createFits(path);
  const history = [
    "probability of a filament, predicted by models that were not trained on the pixel",
    `mean over overlapping patches; ${models.length} models; NaN: tested by none`,
  ];
  const rows = await writer.startImage({
    shape: source.mapShape,
    type: "float32",
    header: resultHeader(header, history),
    name: "PROBABILITY",
  });
  const tally = new PixelTally();
  const preview = startPreview(source.mapShape);
  let predicted = 0;
  for await (const { firstRow, probability, truth, labelled } of outOfFoldRows(options)) {
    await rows.write(probability);
    tally.add(probability, truth, labelled);
    preview.add(firstRow, probability);
    for (const value of probability) if (!Number.isNaN(value)) predicted++;
  }
  await rows.end();
  const scores = tally.scores();
  const picture = await drawMap({
    preview: preview.finish(),
    header: image.header,
    title: "Out-of-fold probability of a filament",
    subtitle: `${models.length} models, each on what it was not trained on; Dice ${scores.dice.toFixed(3)}, average precision ${scores.average_precision.toFixed(3)}`,
    colours: "inferno",
    quantity: "probability",
    overlays: [],
  });
  await writer.close();
  return { scores, picture, predicted };
}

/** The header is that of a plane of two axes, as the probabilities are. */
async function openImage(data: PatchesData): Promise<{ header: Header | undefined } & AsyncDisposable> {
  const plane: Plane | undefined = data.source === undefined ? undefined : await openPlane(data.source.image);
  return { header: plane?.header, [Symbol.asyncDispose]: async () => plane?.close() };
}
