/**
 * What it costs to feed a U-Net with augmented patches, from maps and from patches.h5: the time to read an epoch beside
 * that of its steps with all samples in memory. At most 5 % of the sum may be waiting, in the first epoch too.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { compileTraining, DataLoader, type Dataset, Generator, optim, type Tensor } from "@ml-mosaic/tensor";
import { BaseAugmentation } from "../packages/bigsf/src/datasets/augmentations/base-augmentation.ts";
import { writeMaps } from "../packages/bigsf/src/datasets/map-examples.ts";
import { openSource, type SourceOptions } from "../packages/bigsf/src/datasets/open-source.ts";
import { PatchDataset } from "../packages/bigsf/src/datasets/patch-dataset.ts";
import { BceLoss } from "../packages/bigsf/src/losses/bce.ts";
import { UNet } from "../packages/bigsf/src/models/unet.ts";
import "../packages/bigsf/src/components.ts";
import { preprocess } from "../packages/bigsf/src/patches/preprocess.ts";

const limitPercent = 5;
const batchSize = 16;
const patchSize = 32;
/** Of what stays in memory, for the cases in which not all does. */
const smallCacheBytes = 16 * 2 ** 20;

const folder = await mkdtemp(join(tmpdir(), "patch-feed-"));
try {
  console.log(`${cpus()[0]?.model.trim()}, Node ${process.versions.node}`);
  const maps = await writeMaps(folder, {
    height: 1200,
    width: 1200,
    image: (y, x) => 2 + Math.sin(y / 9) * Math.cos(x / 13) + ((y * 7919 + x * 104_729) % 97) / 97,
    target: (y, x) => (Math.sin(y / 9) * Math.cos(x / 13) > 0.8 ? 1 : 0),
  });
  const rules = { patchSize, stride: 8, normalization: "minmax" } as const;
  await preprocess({
    maps: [maps],
    rules,
    folder,
    compression: 4,
    overwrite: true,
    allowLarge: false,
    configuration: "",
  });
  const stored: SourceOptions = { path: join(folder, "patches.h5") };
  const cut: SourceOptions = { maps: [maps], ...rules };
  const stepSeconds = await measureStep();
  console.log(`a step of ${batchSize} patches of ${patchSize} x ${patchSize}: ${(1000 * stepSeconds).toFixed(1)} ms`);
  for (const [name, options, cache] of [
    ["maps", cut, undefined],
    ["patches.h5", stored, undefined],
    ["maps, little memory", cut, smallCacheBytes],
    ["patches.h5, little memory", stored, smallCacheBytes],
  ] as const) {
    const { source, orderFor } = await openSource(options, cache);
    const indices = Int32Array.from({ length: source.length }, (_, patch) => patch);
    const augmentations = ["random_rotation", "random_horizontal_flip", "random_vertical_flip", "noise"].map((type) =>
      BaseAugmentation.fromConfig({ type }),
    );
    const dataset = new PatchDataset({ source, indices, augmentations, shuffled: orderFor(indices) });
    const first = await readEpoch(dataset);
    const later = Math.min(await readEpoch(dataset), await readEpoch(dataset));
    const share = (seconds: number) => (100 * seconds) / (seconds + stepSeconds / batchSize);
    console.log(
      `${name}: ${source.length} patches; ${(1e6 * first).toFixed(0)} us to read and augment one in the first epoch, ${(1e6 * later).toFixed(0)} us in later ones: ` +
        `${share(first).toFixed(1)} % and ${share(later).toFixed(1)} % waiting; limit ${limitPercent} %`,
    );
    if (share(first) > limitPercent) process.exitCode = 1;
    await source.close();
  }
} finally {
  await rm(folder, { recursive: true });
}

/** Seconds a sample, over all of them. */
async function readEpoch(dataset: Dataset): Promise<number> {
  const loader = new DataLoader(dataset, { batchSize, shuffle: true });
  const start = performance.now();
  for await (const _ of loader.chunks(new Generator(0)));
  return (performance.now() - start) / 1000 / dataset.length;
}

/** Seconds a training step of a U-Net takes by itself: the least of some. */
async function measureStep(): Promise<number> {
  const model = UNet.fromConfig({ features: 16, num_blocks: 3 }).initialize(new Generator(0));
  const loss = BceLoss.fromConfig({});
  const shapes = [
    [batchSize, 1, patchSize, patchSize],
    [batchSize, 2, patchSize, patchSize],
  ];
  const fields = shapes.map((shape) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return { shape, dtype: "float32" as const, data: Float32Array.from({ length }, (_, index) => index % 2) };
  });
  const program = await compileTraining({
    fields,
    parameters: model.parameters(),
    optimizer: optim.Adam(),
    batchSize,
    step: ([patch, target]: readonly Tensor[]) => {
      if (patch === undefined || target === undefined) throw new Error("two fields are needed");
      return { loss: loss.forward(model.forward(patch), target) };
    },
  });
  const steps = 10;
  const rows = Int32Array.from({ length: steps * batchSize }, (_, index) => index % batchSize);
  let state = program.initialState;
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 6; turn++) {
    const start = performance.now();
    ({ state } = await program.run(state, { rows, batchSize, lr: 1e-3, generator: new Generator(0) }));
    least = Math.min(least, (performance.now() - start) / 1000 / steps);
  }
  program.release();
  return least;
}
