/** On a map of the training: each place by the models that have never seen it, as the out-of-fold map says it. */

import { Trainer } from "@ml-mosaic/training";
import { findCalibration } from "../calibration/calibration-file.ts";
import { calibrated } from "../calibration/calibrator.ts";
import type { FoldModel } from "../cross-validation/out-of-fold.ts";
import { splitSnapshots } from "../cross-validation/split-snapshots.ts";
import { type PartPatches, PatchesData, patchesOfMap } from "../datasets/patches-data.ts";
import { BigsfError } from "../errors.ts";
import { fileDigest } from "../file-digest.ts";
import { paddedPlane } from "../maps/padded-plane.ts";
import type { PixelBox } from "../maps/region.ts";
import { type CutRules, cutImage } from "../patches/patch-rules.ts";
import type { PatchedMap } from "../patches/patch-source.ts";
import { sameMap } from "../segmentation/seen-map.ts";
import type { MapRows } from "../segmentation/segment-rows.ts";
import { rangeFor, type SegmentationPlan } from "../segmentation/segmentation-plan.ts";
import { grown } from "./overlay.ts";
import type { Reprediction } from "./reprediction.ts";

/** A model, and the patches of the map that it was neither trained nor chosen on, in raster order. */
interface Tester extends FoldModel {
  readonly patches: PartPatches;
}

/**
 * @param folder of `bigsf train-k-fold`
 * @throws BigsfError where the data of the training are gone
 */
export async function unseenReprediction(
  folder: string,
  plan: SegmentationPlan,
  { batchSize }: { readonly batchSize: number },
  resources: AsyncDisposableStack,
): Promise<Reprediction> {
  const snapshots = await splitSnapshots(folder);
  const [first] = snapshots;
  const { data } = await Trainer.fromSnapshot(first?.path ?? folder);
  if (!(data instanceof PatchesData)) throw new BigsfError("MODEL", `${folder} was not trained on patches of a map`);
  resources.defer(() => data.close());
  const { source } = await data.open();
  const map = mapIn(source.maps, await plan.map.digest());
  if (map === undefined) throw new BigsfError("MODEL", `${folder} was not trained on ${plan.map.path}`);
  if (plan.patchSize !== source.patchSize)
    throw new BigsfError(
      "MODEL",
      `patch_size is ${plan.patchSize}, and what its models say of a map that they were trained on is said of patches of ${source.patchSize}; leave patch_size out`,
    );
  const testers: Tester[] = [];
  for (const { split, path } of snapshots) {
    const predictor = plan.predictors[plan.models.findIndex((model) => model.path === path)];
    if (predictor === undefined) throw new BigsfError("MODEL", `${path} has come while ${folder} was read; try again`);
    const found = plan.calibration === undefined ? undefined : await findCalibration(path, await fileDigest(path));
    const calibrator = found?.ownCalibrator ?? found?.calibrator;
    testers.push({
      split,
      predictor,
      ...(calibrator === undefined ? {} : { calibrate: (each: number) => calibrated(calibrator, each) }),
      patches: patchesOfMap(await data.patches(split, "test"), map),
    });
  }
  const { patchSize, normalization = plan.normalization } = source;
  const range = source.range ?? (await rangeFor(plan.models[0].snapshot, plan.map, await trustedIn(map, plan)));
  const rules: CutRules = { patchSize, normalization, range };
  return {
    reach: patchSize,
    models: testers.length,
    async predict(given, touched, signal) {
      const image = paddedPlane(given, patchSize);
      const box = grown(touched, patchSize - 1, given.shape);
      const around = grown(box, patchSize - 1, image.shape);
      const pixels = await image.section(around.y0, around.y1, around.x0, around.x1);
      const finite = pixels.map((value) => (Number.isFinite(value) ? value : 0));
      const said = new Means(box);
      for (const tester of testers) {
        said.begin();
        const starts = startsIn(tester.patches, box, patchSize);
        for (let from = 0; from < starts.length; from += batchSize) {
          signal?.throwIfAborted();
          const batch = starts.slice(from, from + batchSize);
          const patches = new Float32Array(batch.length * patchSize ** 2);
          const positions = new Int32Array(4 * batch.length);
          for (const [place, [y, x]] of batch.entries()) {
            const at = (y - around.y0) * (around.x1 - around.x0) + x - around.x0;
            cutImage(finite, around.x1 - around.x0, at, rules, patches, place * patchSize ** 2);
            positions.set([y, y + patchSize, x, x + patchSize], 4 * place);
          }
          const predicted = await tester.predictor.predict({ patches, positions, count: batch.length });
          for (const [place, [y, x]] of batch.entries())
            said.add(predicted.subarray(place * patchSize ** 2, (place + 1) * patchSize ** 2), y, x, patchSize);
        }
        said.end(tester.calibrate);
      }
      return { box, values: await said.finish(given) };
    },
  };
}

/** Where the training has trusted the map; what the segmentation says of it where a file of patches does not tell. */
async function trustedIn(
  map: PatchedMap,
  { missing }: SegmentationPlan,
): Promise<Pick<MapRows, "section"> | undefined> {
  if ((await map.valid(0, 1)) === undefined) return missing;
  const [, width] = map.shape;
  return {
    async section(y0, y1, x0, x1) {
      const valid = (await map.valid(y0, y1)) ?? new Uint8Array((y1 - y0) * width);
      const columns = x1 - x0;
      return Float64Array.from(
        { length: (y1 - y0) * columns },
        (_, i) => valid[Math.floor(i / columns) * width + x0 + (i % columns)] ?? 0,
      );
    },
  };
}

/** A file of patches that does not tell of what it was made has one map. */
function mapIn(maps: readonly PatchedMap[], digest: string): PatchedMap | undefined {
  const named = maps.flatMap((map) => (map.imageDigest === undefined ? [] : [{ ...map, image: map.imageDigest }]));
  const same = sameMap(named, digest);
  return maps.find(({ name }) => name === same?.name) ?? (maps.length === 1 ? maps[0] : undefined);
}

/** First row and column of the patches that share a pixel with a box. */
function startsIn({ positions }: PartPatches, box: PixelBox, size: number): readonly (readonly [number, number])[] {
  const count = positions.length / 2;
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[2 * middle] ?? 0) > box.y0 - size) high = middle;
    else low = middle + 1;
  }
  const found: (readonly [number, number])[] = [];
  for (let patch = low; patch < count; patch++) {
    const [y, x] = [positions[2 * patch] ?? 0, positions[2 * patch + 1] ?? 0];
    if (y >= box.y1) break;
    if (x > box.x0 - size && x < box.x1) found.push([y, x]);
  }
  return found;
}

/** Each patch counts once, whichever model has predicted it. */
class Means {
  readonly #box: PixelBox;
  readonly #width: number;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;
  #own = new Float64Array();
  #patches = new Uint32Array();

  constructor(box: PixelBox) {
    this.#box = box;
    this.#width = box.x1 - box.x0;
    this.#sums = new Float64Array((box.y1 - box.y0) * this.#width);
    this.#counts = new Uint32Array(this.#sums.length);
  }

  begin(): void {
    this.#own = new Float64Array(this.#sums.length);
    this.#patches = new Uint32Array(this.#sums.length);
  }

  add(patch: Float32Array, top: number, left: number, size: number): void {
    const { y0, y1, x0, x1 } = this.#box;
    for (let y = Math.max(y0, top); y < Math.min(y1, top + size); y++) {
      for (let x = Math.max(x0, left); x < Math.min(x1, left + size); x++) {
        const at = (y - y0) * this.#width + x - x0;
        this.#own[at] = (this.#own[at] ?? 0) + (patch[(y - top) * size + x - left] ?? 0);
        this.#patches[at] = (this.#patches[at] ?? 0) + 1;
      }
    }
  }

  end(calibrate: FoldModel["calibrate"]): void {
    for (const [at, patches] of this.#patches.entries()) {
      if (patches === 0) continue;
      const own = this.#own[at] ?? 0;
      this.#sums[at] = (this.#sums[at] ?? 0) + (calibrate === undefined ? own : calibrate(own / patches) * patches);
      this.#counts[at] = (this.#counts[at] ?? 0) + patches;
    }
  }

  async finish(image: MapRows): Promise<Float32Array> {
    const { y0, y1, x0, x1 } = this.#box;
    const values = await image.section(y0, y1, x0, x1);
    return Float32Array.from(this.#sums, (sum, at) =>
      Number.isFinite(values[at]) && (this.#counts[at] ?? 0) > 0 ? sum / (this.#counts[at] ?? 1) : Number.NaN,
    );
  }
}
