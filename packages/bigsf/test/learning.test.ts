/** On a small field of filaments the models learn: the loss falls, and Dice rises far above what any threshold reaches. */
import { DataLoader, fromArray, Generator, metrics, optim, type Tensor, TensorDataset } from "@ml-mosaic/tensor";
import { BaseLoss, BaseMetric, BaseModel, type EpochRecord, train } from "@ml-mosaic/training";
import { expect, test } from "vitest";
import "../src/components.ts";

const patch = 16;

/** Patches of wavy ridges under noise and a slope of brightness, of which about three quarters are labelled. */
function field(count: number, seed: number): readonly [images: Tensor, positions: Tensor, targets: Tensor] {
  const generator = new Generator(seed);
  const pixels = patch * patch;
  const images = new Float32Array(count * pixels);
  const targets = new Float32Array(2 * count * pixels);
  const positions = new Float32Array(4 * count);
  for (let sample = 0; sample < count; sample++) {
    const [angle, phase, wave] = [generator.uniform(0, 3.14), generator.uniform(0, 12), generator.uniform(0, 6)];
    const [slopeX, slopeY] = [generator.uniform(-0.1, 0.1), generator.uniform(-0.1, 0.1)];
    for (let pixel = 0; pixel < pixels; pixel++) {
      const [y, x] = [Math.floor(pixel / patch), pixel % patch];
      const along = x * Math.cos(angle) + y * Math.sin(angle);
      const across = y * Math.cos(angle) - x * Math.sin(angle) + 1.5 * Math.sin(along / 3 + wave) + phase;
      const distance = Math.abs((((across % 12) + 12) % 12) - 6);
      images[sample * pixels + pixel] =
        Math.exp(-(distance ** 2) / 2) + slopeX * x + slopeY * y + generator.normal(0, 0.35);
      targets[2 * sample * pixels + pixel] = distance < 1.5 ? 1 : 0;
      targets[(2 * sample + 1) * pixels + pixel] = generator.uniform() < 0.75 ? 1 : 0;
    }
    positions.set([sample, sample + patch, 0, patch], 4 * sample);
  }
  return [
    fromArray(images, [count, 1, patch, patch]),
    fromArray(positions, [count, 2, 2]),
    fromArray(targets, [count, 2, patch, patch]),
  ];
}

/** The largest Dice that a threshold on the intensity reaches on the evaluated patches. */
async function bestThreshold(): Promise<number> {
  const [images, , targets] = field(96, 2);
  let best = 0;
  for (let threshold = -1; threshold < 2; threshold += 0.05) {
    const dice = BaseMetric.fromConfig({ type: "dice" }).build();
    best = Math.max(best, Number(await metrics.compute(dice, images.sub(threshold), targets)));
  }
  return best;
}

test.each([
  [{ type: "unet", features: 8, num_blocks: 2 }, { type: "bce_dice" }],
  [
    { type: "unet", features: 8, num_blocks: 2, encoder: { type: "lin", height: 400 }, encoder_cat_position: "middle" },
    { type: "tversky" },
  ],
  [{ type: "unetpp", features: 6, num_blocks: 2 }, { type: "focal" }],
])("%j with %j", async (modelConfig, lossConfig) => {
  const model = BaseModel.fromConfig(modelConfig).initialize(new Generator(1));
  const history: EpochRecord[] = [];
  await train({
    model: {
      parameters: model.parameters(),
      forward: (...features) => model.forward(...features),
      train: (mode) => model.train(mode),
    },
    loss: BaseLoss.fromConfig(lossConfig),
    optimizer: optim.Adam({ lr: 0.005 }),
    trainLoader: new DataLoader(new TensorDataset(...field(320, 1)), { batchSize: 16, shuffle: true }),
    evaluationLoader: new DataLoader(new TensorDataset(...field(96, 2)), { batchSize: 32 }),
    metrics: ["dice", "roc_auc", "average_precision", "mssim"].map((type) => BaseMetric.fromConfig({ type }).build()),
    accuracy: false,
    epochs: 6,
    generator: new Generator(3),
    onEpoch: (record) => {
      history.push(record);
    },
  });
  const [first, last] = [history[0], history.at(-1)];
  if (first === undefined || last === undefined) throw new Error("no epoch was trained");
  expect(last.trainLoss).toBeLessThan(0.5 * first.trainLoss);
  expect(last.validLoss).toBeLessThan(0.5 * first.validLoss);
  const figure = (record: EpochRecord, name: string) => Number(record.metrics?.[name]);
  for (const name of ["dice", "roc_auc", "average_precision", "mssim"])
    expect(figure(last, name), name).toBeGreaterThan(figure(first, name));
  const baseline = await bestThreshold();
  expect(baseline).toBeLessThan(0.6);
  expect(figure(last, "dice")).toBeGreaterThan(baseline + 0.25);
});
