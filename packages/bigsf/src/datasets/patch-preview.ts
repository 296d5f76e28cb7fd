import type { PatchedMap, PatchSource } from "../patches/patch-source.ts";
import { layOutPicture } from "../pictures/picture-layout.ts";
import type { Preview } from "../pictures/preview.ts";

/** Puts a map together from its patches, small enough to be drawn: of each cell the mean over all patches. */
export function startPatchPreview(
  { positions, patchSize, channels }: Pick<PatchSource, "positions" | "patchSize" | "channels">,
  { shape: mapShape, start, stop }: Pick<PatchedMap, "shape" | "start" | "stop">,
): {
  /** Those of other maps are left alone. @param patches [count, channels, P, P], of which the first is shown */
  readonly add: (numbers: Int32Array, patches: Float32Array) => void;
  readonly finish: () => Preview;
} {
  const layout = layOutPicture(mapShape);
  const { factor, rows, columns } = layout;
  const sums = new Float64Array(rows * columns);
  const counts = new Uint32Array(rows * columns);
  return {
    add(numbers, patches) {
      for (const [place, patch] of numbers.entries()) {
        if (patch < start || patch >= stop) continue;
        const [y0, x0] = [positions[2 * patch] ?? 0, positions[2 * patch + 1] ?? 0];
        for (let y = 0; y < patchSize; y++) {
          const row = Math.floor((y0 + y) / factor) * columns;
          const from = (place * channels * patchSize + y) * patchSize;
          for (let x = 0; x < patchSize; x++) {
            const cell = row + Math.floor((x0 + x) / factor);
            sums[cell] = (sums[cell] ?? 0) + (patches[from + x] ?? 0);
            counts[cell] = (counts[cell] ?? 0) + 1;
          }
        }
      }
    },
    finish: () => ({ mapShape, layout, values: Float32Array.from(sums, (sum, cell) => sum / (counts[cell] ?? 0)) }),
  };
}
