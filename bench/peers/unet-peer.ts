/** Our side of unet.ts: reads one case a line, answers as unet_torch.py does. */
import { createInterface } from "node:readline";
import { compileTraining, Generator, optim, rand, type SampleArray, type Tensor } from "@ml-mosaic/tensor";
import { BaseLoss } from "@ml-mosaic/training";
import "../../packages/bigsf/src/losses/built-in.ts";
import "../../packages/bigsf/src/models/built-in.ts";
import { UNet } from "../../packages/bigsf/src/models/unet.ts";
import type { UNetCase } from "../unet.ts";

async function field(tensor: Tensor): Promise<SampleArray> {
  const values = await tensor.data();
  return { data: Float32Array.from(values, Number), shape: tensor.shape, dtype: "float32" };
}

async function prepare({ batch, patch, features, blocks }: UNetCase) {
  const generator = new Generator(1);
  const model = UNet.fromConfig({ features, num_blocks: blocks }).initialize(generator);
  const loss = BaseLoss.fromConfig({ type: "bce_dice" });
  const shape = [batch, 2, patch, patch];
  const shares = rand(shape, { generator }).newTensor([0.2, 0.8], [2, 1, 1]);
  const program = await compileTraining({
    fields: [
      await field(rand([batch, 1, patch, patch], { generator })),
      await field(rand(shape, { generator }).lt(shares)),
    ],
    parameters: model.parameters(),
    optimizer: optim.Adam({ lr: 1e-3 }),
    batchSize: batch,
    step: ([patches, target]: readonly Tensor[]) => {
      if (patches === undefined || target === undefined) throw new RangeError("a batch has patches and targets");
      return { loss: loss.forward(model.forward(patches), target) };
    },
  });
  let state = program.initialState;
  const run = async (steps: number) => {
    const rows = Int32Array.from({ length: steps * batch }, (_, index) => index % batch);
    ({ state } = await program.run(state, { rows, batchSize: batch, lr: 1e-3, generator, donate: true }));
  };
  return { run, release: () => program.release() };
}

console.log(JSON.stringify({ version: `node ${process.versions.node}` }));
// Rounds of one case go on with one training: the process has the memory of that.
let last: { readonly line: string; readonly prepared: Awaited<ReturnType<typeof prepare>> } | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const unet: UNetCase = JSON.parse(line);
  if (last?.line !== line) {
    last?.prepared.release();
    last = { line, prepared: await prepare(unet) };
  }
  const { run } = last.prepared;
  await run(2);
  const start = process.cpuUsage();
  await run(unet.steps);
  const microseconds = process.cpuUsage(start).user / unet.steps;
  console.log(JSON.stringify({ microseconds, megabytes: process.resourceUsage().maxRSS / 1024 }));
}
last?.prepared.release();
