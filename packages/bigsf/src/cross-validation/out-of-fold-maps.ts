import { join } from "node:path";
import { replaceFile } from "@ml-mosaic/base";
import type { PatchesData } from "../datasets/patches-data.ts";
import { fileOfMap } from "../maps/source-map.ts";
import { type FoldFigure, figureOf } from "./fold-figures.ts";
import type { FoldModel } from "./out-of-fold.ts";
import { type PixelScores, PixelTally, pixelShares } from "./pixel-scores.ts";
import { writeOutOfFold } from "./write-out-of-fold.ts";

export interface OutOfFoldSummary {
  /** Every pixel of every map counted once. */
  readonly pooled: PixelScores;
  readonly maps: readonly MapResult[];
  /** What the maps say together, each counted once; none where there is only one. */
  readonly overMaps: readonly FoldFigure[];
}

/** The out-of-fold map of one of the maps. */
export interface MapResult {
  readonly name: string;
  readonly scores: PixelScores;
  readonly outOfFold: string;
  readonly picture: string;
}

export interface OutOfFoldMapsOptions {
  readonly data: PatchesData;
  readonly models: readonly FoldModel[];
  readonly batchSize: number;
  /** Test samples of a split divided by those that it has for training and test. */
  readonly testShare: number;
  readonly folder: string;
  /** Of one map; several have their own names in it. */
  readonly names: { readonly outOfFold: string; readonly picture: string };
  readonly signal: AbortSignal;
  readonly onPredicted: (done: number, total: number) => void;
}

/** Writes the out-of-fold map of each map, and a picture of it. */
export async function writeOutOfFoldMaps(options: OutOfFoldMapsOptions): Promise<OutOfFoldSummary> {
  const { data, models, batchSize, testShare, folder, names, signal, onPredicted } = options;
  const { source } = await data.open();
  const pooled = new PixelTally();
  let [done, total] = [0, 0];
  for (const { split } of models) total += (await data.patches(split, "test")).indices.length;
  const onPatches = (count: number) => {
    done += count;
    onPredicted(done, total);
  };
  const maps: MapResult[] = [];
  for (const map of source.maps) {
    const outOfFold = join(folder, fileOfMap(names.outOfFold, map, source.maps.length));
    const picture = join(folder, fileOfMap(names.picture, map, source.maps.length));
    const written = await writeOutOfFold(outOfFold, pooled, { data, map, models, batchSize, onPatches, signal });
    await replaceFile(picture, written.picture);
    maps.push({ name: map.name, scores: written.scores, outOfFold, picture });
  }
  return { pooled: pooled.scores(), maps, overMaps: maps.length > 1 ? mapFigures(maps, testShare) : [] };
}

/** Scores over maps, each of which counts once. */
function mapFigures(maps: readonly MapResult[], testShare: number): readonly FoldFigure[] {
  return pixelShares.map((name) =>
    figureOf(
      name,
      maps.map(({ scores }) => scores[name]),
      { testShare, isShare: true },
    ),
  );
}
