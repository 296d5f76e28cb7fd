import { expect, test } from "vitest";
import { grad } from "../graph/gradient.ts";
import { compileTraining, Generator, nn, optim, randn, type Tensor } from "../index.ts";
import type { TrainingState } from "../program/layout.ts";
import { channelBlock } from "../runtime/channel-block.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { depthwiseGradient } from "./depthwise-weight-gradient.ts";
import { weightGradient } from "./weight-gradient.ts";

type Options = NonNullable<ConstructorParameters<typeof nn.Conv2d>[3]>;

const [batch, channels, height, width] = [3, 32, 12, 11];

/** The state after three steps, and their losses, of two convolutions one behind the other. */
async function trained(executor: "onnx" | "wasm", options: Options, kernel: readonly [number, number]) {
  const generator = new Generator(0);
  const make = () => new nn.Conv2d(channels, channels, kernel, options);
  const model = new nn.Sequential(make(), new nn.Tanh(), make()).initialize(generator);
  const samples = await randn([batch, channels, height, width], { generator }).data();
  const program = await compileTraining({
    fields: [{ data: Float32Array.from(samples, Number), shape: [batch, channels, height, width], dtype: "float32" }],
    batchSize: batch,
    executor,
    parameters: model.parameters(),
    optimizer: optim.SGD({ lr: 0.5 }),
    step: ([x]: readonly Tensor[]) => ({
      loss: model
        .forward(x ?? randn([1]))
        .pow(2)
        .mean(),
    }),
  });
  const rows = Int32Array.from({ length: 3 * batch }, (_, index) => index % batch);
  const { state, values } = await program.run(program.initialState, { rows, batchSize: batch, generator });
  program.release();
  return { state, losses: [...(values.loss ?? [])] };
}

const flat = ({ parameters }: TrainingState) => parameters.flatMap((values) => [...values]);

test.each<[string, Options, readonly [number, number]]>([
  ["as many outputs", { padding: 1 }, [3, 3]],
  ["without padding or bias", { bias: false }, [3, 3]],
  ["with stride", { padding: 1, stride: 2 }, [3, 3]],
  ["a kernel that is no square", { padding: [0, 2] }, [1, 5]],
  ["with dilation", { padding: 2, dilation: 2 }, [3, 3]],
  ["each channel by itself", { padding: 1, groups: channels }, [3, 3]],
  ["each by itself with stride", { padding: 1, stride: 2, groups: channels }, [3, 3]],
  ["each by itself with dilation", { padding: 2, dilation: 2, groups: channels, bias: false }, [3, 3]],
  ["each by itself, the last rows not reached", { stride: 2, groups: channels }, [2, 3]],
  ["in four groups", { padding: 1, groups: 4 }, [3, 3]],
])("convolutions in blocks of channels train as those on WebAssembly: %s", async (_, options, kernel) => {
  // Where ONNX Runtime has no blocks this compares its usual kernels.
  expect([0, 8, 16]).toContain(await channelBlock());
  const [onnx, wasm] = [await trained("onnx", options, kernel), await trained("wasm", options, kernel)];
  for (const [index, loss] of onnx.losses.entries()) expect(loss).toBeCloseTo(wasm.losses[index] ?? 0, 5);
  const others = flat(wasm.state);
  for (const [index, value] of flat(onnx.state).entries()) expect(value).toBeCloseTo(others[index] ?? 0, 5);
});

test("the gradient of a single channel's weight has gradients", async () => {
  const generator = new Generator(0);
  const x = randn([2, 16, 6, 5], { generator });
  const outer = randn([2, 16, 6, 5], { generator });
  const attributes = { stride: [1, 1], before: [1, 1], after: [1, 1], dilation: [1, 1], groups: 16 } as const;
  const slopes = (gradient: Tensor | undefined) =>
    gradient === undefined ? [] : grad(gradient.pow(3).sum(), [x, outer]).flatMap((found) => found ?? []);
  const own = slopes(depthwiseGradient(x, outer, [16, 1, 3, 3], attributes));
  const others = slopes(weightGradient(x, outer, [16, 1, 3, 3], attributes));
  expect(own).toHaveLength(2);
  const found = await evaluate([...own, ...others]);
  for (const index of [0, 1])
    for (const [place, value] of (found[index] ?? new Float32Array()).entries())
      expect(Math.abs(Number(value) - Number(found[index + 2]?.[place]))).toBeLessThan(
        1e-3 * (1 + Math.abs(Number(value))),
      );
});
