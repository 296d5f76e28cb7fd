/** The maps of a training: which folds its patches are in, and what its target is, read from the patches once. */
import { sourceMaps } from "../datasets/data-options.ts";
import { mapBackground } from "../datasets/fold-picture.ts";
import { startPatchPreview } from "../datasets/patch-preview.ts";
import type { FoldedPatches, PatchesData } from "../datasets/patches-data.ts";
import { onGrid } from "../datasets/select-patches.ts";
import { foldOverlay } from "../folds/fold-map.ts";
import type { PatchedMap, PatchSource } from "../patches/patch-source.ts";
import { layOutPicture } from "../pictures/picture-layout.ts";
import type { Preview } from "../pictures/preview.ts";

/** More patches than these are read on a grid, on which they just touch. */
const mostPatches = 20_000;
const blockLength = 512;

export interface TrainingMap {
  readonly name: string;
  readonly preview: Preview;
  readonly quantity: string;
  /** Cells that the target reaches, in the layout of `shape`. */
  readonly target: Uint8Array<ArrayBuffer>;
  readonly shape: readonly [height: number, width: number];
}

export async function readTrainingMap(data: PatchesData, map: PatchedMap): Promise<TrainingMap> {
  const opened = await data.open();
  const { source } = opened;
  const image = sourceMaps(data)[source.maps.indexOf(map)];
  const shape = map.inside;
  if (image !== undefined) {
    const { preview, quantity } = await mapBackground(image);
    return { name: map.name, preview, quantity, shape, target: await targetCells(source, map, undefined) };
  }
  const { add, finish } = startPatchPreview(source, map);
  const target = await targetCells(source, map, add);
  return { name: map.name, preview: finish(), quantity: "mean of normalised patches", shape, target };
}

async function targetCells(
  source: PatchSource,
  map: PatchedMap,
  onPatches: ((numbers: Int32Array, patches: Float32Array) => void) | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const { patchSize, positions } = source;
  const { factor, rows, columns } = layOutPicture(map.inside);
  const [height, width] = map.inside;
  const cells = new Uint8Array(rows * columns);
  const all = Int32Array.from({ length: map.stop - map.start }, (_, index) => map.start + index);
  const read = all.length > mostPatches ? onGrid(all, source, patchSize) : all;
  const pixels = patchSize ** 2;
  const patches = new Float32Array(blockLength * pixels);
  const spines = new Float32Array(blockLength * pixels);
  const labelled = new Float32Array(blockLength * pixels);
  for (let start = 0; start < read.length; start += blockLength) {
    const block = read.subarray(start, start + blockLength);
    await source.read(block, { patches, spines, labelled });
    onPatches?.(block, patches.subarray(0, block.length * pixels));
    for (const [index, patch] of block.entries()) {
      const [top, left] = [positions[2 * patch] ?? 0, positions[2 * patch + 1] ?? 0];
      for (let pixel = 0; pixel < pixels; pixel++) {
        if (!((spines[index * pixels + pixel] ?? 0) > 0)) continue;
        const [y, x] = [top + Math.floor(pixel / patchSize), left + (pixel % patchSize)];
        if (y < height && x < width) cells[Math.floor(y / factor) * columns + Math.floor(x / factor)] = 1;
      }
    }
    // Others are served in between.
    await new Promise(setImmediate);
  }
  return cells;
}

/** Areas by fold, or by the sets of a split, counted from 0. */
export function foldAreas(opened: FoldedPatches, map: PatchedMap, { preview }: TrainingMap, split?: number) {
  const { source, assignment, splits } = opened;
  const { start, stop } = map;
  const overlay = foldOverlay(
    { ...assignment, areaOf: assignment.areaOf.subarray(start, stop) },
    split === undefined ? undefined : splits[split],
    {
      positions: source.positions.subarray(2 * start, 2 * stop),
      patchSize: source.patchSize,
      layout: preview.layout,
    },
  );
  return overlay.kind === "areas" ? overlay : undefined;
}
