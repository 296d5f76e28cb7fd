import { type FoldModel, type OutOfFoldOptions, outOfFoldRows } from "../cross-validation/out-of-fold.ts";
import type { PatchesData } from "../datasets/patches-data.ts";
import { type AreaCounts, binOf, emptyCounts } from "./area-counts.ts";

export interface CountPixelsOptions extends Pick<OutOfFoldOptions, "part" | "batchSize" | "onPatches" | "signal"> {
  readonly data: PatchesData;
  readonly models: readonly FoldModel[];
}

/**
 * Counts the labelled pixels of a part of each split by what the split's model says of them, which is the mean over
 * overlapping patches. Areas are those that folds are made of.
 */
export async function countPixels({ data, models, ...options }: CountPixelsOptions): Promise<readonly AreaCounts[]> {
  const { source, unit } = await data.open();
  const counts: AreaCounts[] = [];
  for (const model of models) {
    for (const [index, map] of source.maps.entries()) {
      const size = unit === "map" ? Number.POSITIVE_INFINITY : data.folds.area_size;
      const found = new Map<string, AreaCounts>();
      const areaAt = (y: number, x: number) => {
        const area = `${index}:${Math.floor(y / size)}:${Math.floor(x / size)}`;
        const known = found.get(area) ?? { area, split: model.split, ...emptyCounts() };
        found.set(area, known);
        return known;
      };
      const width = map.inside[1];
      for await (const rows of outOfFoldRows({ ...options, data, map, models: [model] })) {
        const { firstRow, rowCount, probability, truth, labelled } = rows;
        for (let row = 0; row < rowCount; row++) {
          let area: AreaCounts | undefined;
          let end = 0;
          for (let x = 0; x < width; x++) {
            const pixel = row * width + x;
            const said = probability[pixel] ?? Number.NaN;
            if (labelled[pixel] !== 1 || Number.isNaN(said)) continue;
            if (area === undefined || x >= end) {
              area = areaAt(firstRow + row, x);
              end = size === Number.POSITIVE_INFINITY ? size : (Math.floor(x / size) + 1) * size;
            }
            const kind = truth[pixel] === 1 ? area.hits : area.misses;
            const bin = binOf(said);
            kind[bin] = (kind[bin] ?? 0) + 1;
          }
        }
      }
      counts.push(...found.values());
    }
  }
  return counts;
}
