import { Generator } from "@ml-mosaic/tensor";
import { BigsfError } from "../errors.ts";
import { type AreaAssignment, assignAreas } from "./areas.ts";
import { checkFoldOptions, type FoldOptions, type FoldStrategy, numberOfFolds, shareFor } from "./fold-options.ts";

export interface FoldAssignment extends Omit<AreaAssignment, "mapOfArea"> {
  /** Number of folds; they are numbered from 1. */
  readonly folds: number;
  /** The fold of each area: [areas]. */
  readonly foldOfArea: Int32Array<ArrayBuffer>;
}

/**
 * Assigns patches to areas, and areas to folds.
 *
 * @param positions first row and column of each patch in its map: [patches * 2]
 * @param mapStarts first patch of each map
 * @throws BigsfError if the options are impossible, or there are fewer areas than folds; it says what works
 */
export function assignFolds(
  positions: Int32Array,
  options: FoldOptions,
  mapStarts: readonly number[] = [0],
): FoldAssignment {
  checkFoldOptions(options);
  const { areas, mapOfArea, areaOf } = assignAreas(positions, options, mapStarts);
  const folds = numberOfFolds(options);
  if (mapOfArea.length < folds) {
    if (options.by === "map") throw tooFewMaps(options, mapOfArea.length);
    throw tooFewAreas(positions, options, { areas: mapOfArea.length, mapStarts });
  }
  const foldOfArea = strategies[options.type]({ areas, mapOfArea }, folds, options.seed ?? 0);
  return { areas, areaOf, folds, foldOfArea };
}

/** The fold of each area, from its map, row and column. */
type Strategy = (
  areas: Pick<AreaAssignment, "areas" | "mapOfArea">,
  folds: number,
  seed: number,
) => Int32Array<ArrayBuffer>;

const strategies: Readonly<Record<FoldStrategy, Strategy>> = {
  random: ({ mapOfArea }, folds) => mapOfArea.map((_, area) => 1 + (area % folds)),
  /** Where k divides the areas of a row, turns in raster order make stripes. */
  shuffled({ mapOfArea }, folds, seed) {
    const foldOfArea = new Int32Array(mapOfArea.length);
    const order = new Generator(seed).stream("folds").permutation(foldOfArea.length);
    for (const [place, area] of order.entries()) foldOfArea[area] = 1 + (place % folds);
    return foldOfArea;
  },
  /** Equal parts of the areas in raster order; the last one also takes what is left over. */
  naive({ areas, mapOfArea }, folds) {
    const count = mapOfArea.length;
    const raster = Int32Array.from({ length: count }, (_, area) => area).sort(
      (a, b) =>
        (mapOfArea[a] ?? 0) - (mapOfArea[b] ?? 0) ||
        (areas[2 * a] ?? 0) - (areas[2 * b] ?? 0) ||
        (areas[2 * a + 1] ?? 0) - (areas[2 * b + 1] ?? 0),
    );
    const share = Math.floor(count / folds);
    const foldOfArea = new Int32Array(count);
    for (const [place, area] of raster.entries()) foldOfArea[area] = Math.min(folds, 1 + Math.floor(place / share));
    return foldOfArea;
  },
};

function tooFewMaps(options: FoldOptions, maps: number): BigsfError {
  const folds = numberOfFolds(options);
  const has = maps === 1 ? "is 1 map" : `are ${maps} maps`;
  const remedy =
    maps < 3
      ? "What works: by: area, or 3 maps or more"
      : `What works: k ${maps}, k_train ${shareFor(maps - 2, maps)}, which leaves each map out once; a smaller k; or by: area`;
  const asked = options.k === 1 ? `k 1 stands for ${folds} folds` : `there are ${folds} folds`;
  return new BigsfError("FOLDS", `folds: there ${has}; ${asked}, which by: map need a map each. ${remedy}`);
}

interface FoundAreas {
  readonly areas: number;
  readonly mapStarts: readonly number[];
}

function tooFewAreas(positions: Int32Array, options: FoldOptions, { areas, mapStarts }: FoundAreas): BigsfError {
  const { k, area_size: areaSize, patch_size: patchSize, overlap } = options;
  const folds = numberOfFolds(options);
  const has = areas === 0 ? "no area" : areas === 1 ? "only 1 area" : `only ${areas} areas`;
  const smaller = workingAreaSize(positions, options, mapStarts);
  const remedies = [
    ...(smaller === undefined ? [] : [`area_size ${smaller}`]),
    ...(k > 1 && areas >= 3 ? [`k ${areas} or less`] : []),
  ];
  return new BigsfError(
    "FOLDS",
    `folds: the patches lie in ${has} of ${areaSize} x ${areaSize} pixels; ${k === 1 ? "k 1 stands for" : "there are"} ${folds} folds, which need an area each.` +
      ` ${remedies.length > 0 ? `What works: ${remedies.join(", or ")}` : `Take a larger map, or smaller patches than ${patchSize} x ${patchSize}${overlap > 0 ? "" : " (or an overlap)"}`}`,
  );
}

/** A size that gives as many areas as there are folds, near the largest; patches enough to say that it works. */
function workingAreaSize(
  positions: Int32Array,
  options: FoldOptions,
  mapStarts: readonly number[],
): number | undefined {
  const folds = numberOfFolds(options);
  const { patch_size: patchSize, overlap } = options;
  const nth = Math.max(1, Math.ceil(positions.length / 2 / maxSample));
  const sample = everyNth(positions, nth);
  const starts = mapStarts.map((start) => Math.ceil(start / nth));
  const next = (size: number) => Math.min(size - 1, Math.floor(0.97 * size));
  for (let size = next(options.area_size); size > overlap && size + overlap >= patchSize; size = next(size)) {
    if (assignAreas(sample, { ...options, area_size: size }, starts).mapOfArea.length >= folds) return size;
  }
  return undefined;
}

const maxSample = 100_000;

function everyNth(positions: Int32Array, n: number): Int32Array {
  return Int32Array.from(
    { length: 2 * Math.ceil(positions.length / 2 / n) },
    (_, index) => positions[2 * n * Math.floor(index / 2) + (index % 2)] ?? 0,
  );
}
