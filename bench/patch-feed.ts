/**
 * What it costs to feed a U-Net with augmented patches, from maps and from patches.h5: the share of an epoch's time in
 * which the runtime waits for samples, when the thread that drives it reads them and when another does. At most 2 %
 * with another thread, in the first epoch too.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import {
  compileTraining,
  DataLoader,
  Generator,
  optim,
  SampleThreads,
  type Tensor,
  type TrainingProgram,
} from "@ml-mosaic/tensor";
import { BaseAugmentation } from "../packages/bigsf/src/datasets/augmentations/base-augmentation.ts";
import { writeMaps } from "../packages/bigsf/src/datasets/map-examples.ts";
import { openSource, type SourceOptions } from "../packages/bigsf/src/datasets/open-source.ts";
import { PatchDataset } from "../packages/bigsf/src/datasets/patch-dataset.ts";
import { patchesOrigin } from "../packages/bigsf/src/datasets/threaded-patches.ts";
import { BceLoss } from "../packages/bigsf/src/losses/bce.ts";
import { UNet } from "../packages/bigsf/src/models/unet.ts";
import "../packages/bigsf/src/components.ts";
import { preprocess } from "../packages/bigsf/src/patches/preprocess.ts";
import { Pace, trainEpoch } from "../packages/training/src/epoch.ts";

const limitPercent = 2;
const batchSize = 16;
const patchSize = 32;
/** Of what stays in memory, for the cases in which not all does. */
const smallCacheBytes = 16 * 2 ** 20;
/** Of each epoch, so that all cases take some minutes. */
const batches = 400;

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
    for (const numWorkers of [0, 1]) {
      const threads = new SampleThreads({ numWorkers });
      const origin = patchesOrigin({ options, source, cache, indices, augmentations });
      const dataset = new PatchDataset({ source, indices, augmentations, shuffled: orderFor(indices), origin });
      const loader = new DataLoader(dataset, { batchSize, shuffle: true, threads });
      await loader.peek();
      // As in a training: while threads open the files.
      const program = await compileUNet();
      const epochs = [await measureEpoch(program, loader, 0), await measureEpoch(program, loader, 1)];
      program.release();
      await threads.close();
      const told = epochs.map(
        ({ waiting, seconds, processor }) =>
          `${(100 * waiting).toFixed(2)} % of ${seconds.toFixed(1)} s waiting, ${processor.toFixed(1)} s of processor`,
      );
      console.log(`${name}, ${numWorkers} other threads: first epoch ${told.join("; next ")}`);
      if (numWorkers === 1 && epochs.some(({ waiting }) => 100 * waiting > limitPercent)) process.exitCode = 1;
    }
    await source.close();
  }
} finally {
  await rm(folder, { recursive: true });
}

/** The share of the time of an epoch's first batches that is not spent in the runtime. */
async function measureEpoch(program: TrainingProgram, loader: DataLoader<PatchDataset>, epoch: number) {
  const stop = new AbortController();
  const [start, used] = [performance.now(), process.cpuUsage()];
  let [working, seconds, processor] = [0, 0, 0];
  await trainEpoch({
    program,
    start: program.initialState,
    loader,
    lr: () => 1e-3,
    shuffle: new Generator(epoch),
    dropout: new Generator(0),
    pace: new Pace(),
    pause: stop.signal,
    onWork: (callSeconds = 0) => {
      working += callSeconds;
    },
    onPiece: (_training, within) => {
      if (stop.signal.aborted || within.batches < batches) return;
      seconds = (performance.now() - start) / 1000;
      const { user, system } = process.cpuUsage(used);
      processor = (user + system) / 1e6;
      stop.abort();
    },
  });
  return { waiting: 1 - working / seconds, seconds, processor };
}

function compileUNet(): Promise<TrainingProgram> {
  const model = UNet.fromConfig({ features: 16, num_blocks: 3 }).initialize(new Generator(0));
  const loss = BceLoss.fromConfig({});
  const fields = [1, 2].map((channels) => ({
    shape: [batchSize, channels, patchSize, patchSize],
    dtype: "float32" as const,
  }));
  return compileTraining({
    fields,
    parameters: model.parameters(),
    optimizer: optim.Adam(),
    batchSize,
    step: ([patch, target]: readonly Tensor[]) => {
      if (patch === undefined || target === undefined) throw new Error("two fields are needed");
      return { loss: loss.forward(model.forward(patch), target) };
    },
  });
}
