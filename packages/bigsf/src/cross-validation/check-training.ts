import { machineTrouble, messageOf } from "@ml-mosaic/base";
import { Generator, Tensor, zeros } from "@ml-mosaic/tensor";
import type { Trainer } from "@ml-mosaic/training";
import { BigsfError } from "../errors.ts";

/**
 * Tries whether data, model, loss and metrics fit together, for every split that is to be trained, before time is spent.
 * The data stay open.
 *
 * @throws BigsfError with everything that does not fit
 */
export async function checkTraining({ data, model, settings }: Trainer, splits: readonly number[]): Promise<void> {
  const problems: string[] = [];
  const attempt = async (what: () => unknown) => {
    try {
      await what();
      return true;
    } catch (error) {
      if (machineTrouble(error) !== undefined) throw error;
      const message = messageOf(error);
      if (!problems.includes(message)) problems.push(message);
      return false;
    }
  };
  let example: readonly Tensor[] | undefined;
  for (const split of splits) {
    const isUsable = await attempt(() => data.check(split));
    if (isUsable && example === undefined) await attempt(async () => (example = await exampleBatch(data, split)));
  }
  if (example !== undefined) {
    const features = example.slice(0, -1);
    const target = example.at(-1);
    await attempt(() => {
      const output = model.forward(...features);
      if (target === undefined) return;
      for (const prediction of output instanceof Tensor ? [output] : output) settings.loss.forward(prediction, target);
      const prediction = output instanceof Tensor ? output : output.at(-1);
      if (prediction !== undefined) for (const metric of settings.namedMetrics()) metric.step(prediction, target);
    });
  }
  const [first, ...others] = problems;
  if (first === undefined) return;
  await data.close();
  if (others.length === 0) throw new BigsfError("TRAINING", first);
  throw new BigsfError("TRAINING", `${problems.length} problems:\n${problems.map((each) => `  ${each}`).join("\n")}`);
}

/** A batch of two samples of the shapes that the loader gives, all 0. */
async function exampleBatch(data: Trainer["data"], split: number): Promise<readonly Tensor[]> {
  const { train } = await data.loaders({ split, batchSize: 2, generator: new Generator(0) });
  const { fields } = await train.peek();
  return fields.map(({ shape, dtype }) => zeros([2, ...shape.slice(1)]).to(dtype));
}
