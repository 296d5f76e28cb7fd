/** A training on augmented patches that is paused in the middle of epochs sees the samples of one that never was. */

import { Generator, nn, optim, type Tensor } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { type TrainerState, type TrainResult, train } from "@ml-mosaic/training";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BceLoss } from "../losses/bce.ts";
import "../losses/built-in.ts";
import { writeMaps } from "./map-examples.ts";
import { PatchesData } from "./patches-data.ts";

let folder: string;
let data: PatchesData;
beforeAll(async () => {
  folder = temporaryFolder();
  data = PatchesData.fromConfig({
    source: await writeMaps(folder, { height: 48, width: 48 }),
    patch_size: 8,
    folds: { k: 3, k_train: 1, area_size: 16 },
    train: {
      data_augmentations: [{ type: "random_rotation" }, { type: "random_vertical_flip" }, { type: "noise" }],
    },
  });
});
afterAll(async () => {
  await data.close();
});

/** @param calls after how many calls of training it is paused */
async function trainFrom(resumeFrom: TrainerState | undefined, calls = Number.POSITIVE_INFINITY): Promise<TrainResult> {
  const pause = new AbortController();
  let left = calls;
  const net = new nn.Conv2d(1, 1, 3, { padding: 1 }).initialize(new Generator(1));
  const { train: trainLoader, valid } = await data.loaders({ split: 0, batchSize: 4, generator: new Generator(0) });
  return train({
    model: {
      parameters: net.parameters(),
      forward: (patch: Tensor) => net.forward(patch),
      train: (mode) => void net.train(mode),
    },
    loss: BceLoss.fromConfig({}),
    optimizer: optim.Adam({ lr: 0.01 }),
    trainLoader,
    evaluationLoader: valid,
    epochs: 3,
    generator: new Generator(2),
    resumeFrom,
    pause: pause.signal,
    onProgress({ phase }) {
      // An evaluation that is paused begins again.
      if (phase === "train" && --left <= 0) pause.abort();
    },
  });
}

test("paused and resumed, bit for bit", async () => {
  const whole = await trainFrom(undefined);
  const places: number[] = [];
  let result: TrainResult | undefined;
  while (result === undefined || result.paused) {
    result = await trainFrom(result?.state, 1 + (places.length % 3));
    if (result.paused) places.push(result.state.within?.batches ?? 0);
  }
  expect(result.state.training).toEqual(whole.state.training);
  expect(places.filter((batches) => batches > 0).length).toBeGreaterThan(2);
});
