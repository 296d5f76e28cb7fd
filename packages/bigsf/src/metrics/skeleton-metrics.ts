/** How well the middle of filaments is found, over the labelled pixels of an epoch: what is not labelled is no filament here. */
import { configurable, register } from "@ml-mosaic/configurable";
import { type metrics, tensor } from "@ml-mosaic/tensor";
import { BaseMetric } from "@ml-mosaic/training";
import { labelledPixels } from "../labelled/labelled-pixels.ts";
import { skeletonize, tubedSkeleton } from "../skeleton/skeletonize.ts";
import { found, nameAt, thresholdOptions } from "./threshold.ts";

/** Pixels of one patch: 1 where a filament is found, and where one is. */
type CountPatch = (found: Float32Array, there: Float32Array, width: number) => readonly number[];

/** A metric made of numbers of pixels of patches. */
function patchMetric(
  name: string,
  threshold: number,
  count: CountPatch,
  figure: (...sums: readonly number[]) => number,
): metrics.Metric<number> {
  return {
    name,
    isShare: true,
    join: { start: () => startCounting(count) },
    step(prediction, target) {
      const { logits, truth, labelled } = labelledPixels(`the metric ${name}`, prediction, target);
      return {
        found: found(logits, threshold).mul(labelled),
        there: truth.mul(labelled),
        sides: tensor([logits.size(2), logits.size(3)]),
      };
    },
    result: ({ sums = new Float64Array() }) => figure(...sums),
  };
}

function startCounting(count: CountPatch): metrics.Accumulator<"found" | "there" | "sides"> {
  const sums: number[] = [];
  return {
    add({ found, there, sides }) {
      const [height = 0, width = 0] = sides;
      const pixels = height * width;
      for (let from = 0; from < found.length; from += pixels) {
        const counted = count(found.subarray(from, from + pixels), there.subarray(from, from + pixels), width);
        for (const [place, number] of counted.entries()) sums[place] = (sums[place] ?? 0) + number;
      }
    },
    parts: () => ({ sums: Float64Array.from(sums) }),
  };
}

/**
 * 2 P S / (P + S), with P the share of the skeleton of what is found that lies on filaments, and S the share of the
 * filaments' skeleton that is found (Shit et al. 2021). NaN where nothing is found and nothing is there.
 */
export class ClDiceMetric extends configurable(thresholdOptions, BaseMetric) {
  static override readonly aliases = ["cldice"];
  override build(): metrics.Metric<number> {
    return patchMetric(
      nameAt("cldice", this.threshold),
      this.threshold,
      (found, there, width) => [
        ...overlap(skeletonize(found, width), there),
        ...overlap(skeletonize(there, width), found),
      ],
      (right = 0, foundLine = 0, hit = 0, thereLine = 0) =>
        // 2 / (1/P + 1/S), which is 0 where only one of them is nothing.
        foundLine + thereLine === 0 ? Number.NaN : right * hit === 0 ? 0 : 2 / (foundLine / right + thereLine / hit),
    );
  }
}

/**
 * Share of what lies around the skeletons of filaments that is found (Kirchhoff et al. 2024). NaN where there are no
 * filaments.
 */
export class SkeletonRecallMetric extends configurable(thresholdOptions, BaseMetric) {
  static override readonly aliases = ["skeleton_recall"];
  override build(): metrics.Metric<number> {
    return patchMetric(
      nameAt("skeleton_recall", this.threshold),
      this.threshold,
      (found, there, width) => overlap(tubedSkeleton(there, width), found),
      (hit = 0, line = 0) => hit / line,
    );
  }
}

/** How many pixels of a line lie on a mask, and how many it has. */
function overlap(line: Uint8Array, mask: Float32Array): readonly [inside: number, all: number] {
  let [inside, all] = [0, 0];
  for (const [pixel, isOn] of line.entries()) {
    all += isOn;
    inside += isOn * (mask[pixel] ?? 0);
  }
  return [inside, all];
}

register(ClDiceMetric, SkeletonRecallMetric);
