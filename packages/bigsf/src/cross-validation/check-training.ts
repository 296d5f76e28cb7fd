import { messageOf } from "@ml-mosaic/base";
import { Tensor, zeros } from "@ml-mosaic/tensor";
import type { Trainer } from "@ml-mosaic/training";
import { encodedBy } from "../datasets/data-options.ts";
import { PatchesData } from "../datasets/patches-data.ts";
import { BigsfError } from "../errors.ts";

/**
 * Tries whether data, model, loss and metrics fit together, for every split that is to be trained, before time is spent.
 *
 * @returns the data, which stays open
 * @throws BigsfError with everything that does not fit
 */
export async function checkTraining(
  { data, model, settings }: Trainer,
  splits: readonly number[],
): Promise<PatchesData> {
  if (!(data instanceof PatchesData))
    throw new BigsfError("PATCHES", "data.type: bigsf trains on patches; leave type out, or write patches");
  const { source } = await data.open();
  const problems: string[] = [];
  const attempt = async (what: () => unknown) => {
    try {
      await what();
    } catch (error) {
      const message = messageOf(error);
      if (!problems.includes(message)) problems.push(message);
    }
  };
  await attempt(() => {
    const { patchSize } = source;
    const position = encodedBy(data, "train").includes("positions") ? [zeros([2, 2, 2])] : [];
    const output = model.forward(zeros([2, 1, patchSize, patchSize]), ...position);
    const target = zeros([2, 2, patchSize, patchSize]);
    for (const prediction of output instanceof Tensor ? [output] : output) settings.loss.forward(prediction, target);
    const prediction = output instanceof Tensor ? output : output.at(-1);
    if (prediction !== undefined) for (const metric of settings.namedMetrics()) metric.step(prediction, target);
  });
  for (const split of splits) await attempt(() => data.check(split));
  const [first, ...others] = problems;
  if (first === undefined) return data;
  await data.close();
  if (others.length === 0) throw new BigsfError("TRAINING", first);
  throw new BigsfError("TRAINING", `${problems.length} problems:\n${problems.map((each) => `  ${each}`).join("\n")}`);
}
