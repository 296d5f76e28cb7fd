import { expectNear } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { readFixture, required } from "../../test/fixtures.ts";
import { type Calls, torchCases } from "../../test/torch-cases.ts";
import { full, ones, tensor, zeros } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import { CrossEntropyLoss, NLLLoss } from "./classification.ts";
import { BCELoss, BCEWithLogitsLoss, KLDivLoss } from "./probability.ts";
import { HuberLoss, L1Loss, MSELoss, SmoothL1Loss } from "./regression.ts";

const elementwise = { MSELoss, L1Loss, SmoothL1Loss, HuberLoss, BCELoss, BCEWithLogitsLoss, KLDivLoss };
const losses = { ...elementwise, NLLLoss, CrossEntropyLoss };

/** The options in a fixture; `tensors` are the names of those that stand among the inputs. */
interface Options {
  readonly tensors: readonly string[];
  readonly reduction: string;
}

const calls: Calls<Options> = Object.fromEntries(
  Object.entries(losses).map(([name, Loss]) => [
    name,
    ([prediction, target, ...given]: readonly Tensor[], { tensors = [], ...options }: Partial<Options>) => {
      const named = Object.fromEntries(tensors.map((option, index) => [option, given[index]]));
      return new Loss(Object({ ...options, ...named })).forward(required(prediction), required(target));
    },
  ]),
);

// float32 against float64: relative above 1, absolute below.
torchCases<Options>(readFixture("losses"), calls, { usual: { absolute: 1e-6, relative: 1e-6 } });

describe("what must be refused", () => {
  const labels = (...values: readonly number[]) => tensor(values, { dtype: "int64" });
  const message = (build: () => unknown): string => {
    try {
      build();
    } catch (error) {
      expect(error).toBeInstanceOf(TensorError);
      return String(error);
    }
    throw new Error("nothing was thrown");
  };

  test.each(Object.entries(elementwise))("%s shows both shapes, and does not broadcast", (_, Loss) => {
    const text = message(() => new Loss().forward(zeros([32, 1]), zeros([32])));
    expect(text).toContain("[32, 1]");
    expect(text).toContain("[32]");
  });

  test.each([
    [
      "a target with a class axis",
      () => new CrossEntropyLoss().forward(zeros([4, 3]), zeros([4, 1], { dtype: "int64" })),
      ["[4, 3]", "[4, 1]", "[4]"],
    ],
    [
      "class indices of float32",
      () => new CrossEntropyLoss().forward(zeros([4, 3]), zeros([4])),
      ["[4, 3]", "[4]", "float32", "int64"],
    ],
    ["a scalar prediction", () => new CrossEntropyLoss().forward(zeros([]), labels(1)), ["[]", "[1]"]],
    ["NLLLoss: float32 labels", () => new NLLLoss().forward(zeros([4, 3]), zeros([4])), ["float32", "int64"]],
    ["NLLLoss: other batch", () => new NLLLoss().forward(zeros([4, 3]), labels(1, 2)), ["[4, 3]", "[2]"]],
    [
      "too few weights",
      () => new NLLLoss({ weight: ones([2]) }).forward(zeros([4, 3]), labels(0, 0, 0, 0)),
      ["[2]", "[3]"],
    ],
    [
      "one weight for probabilities",
      () => new CrossEntropyLoss({ weight: ones([1]) }).forward(zeros([4, 3]), zeros([4, 3])),
      ["[1]", "[3]"],
    ],
    ["label smoothing above 1", () => new CrossEntropyLoss({ labelSmoothing: 1.5 }), ["1.5", "between 0 and 1"]],
    ["a negative beta", () => new SmoothL1Loss({ beta: -1 }), ["-1"]],
    ["delta 0", () => new HuberLoss({ delta: 0 }), ["0"]],
    [
      "batchmean of a scalar",
      () => new KLDivLoss({ reduction: "batchmean" }).forward(zeros([]), zeros([])),
      ["batchmean"],
    ],
  ])("%s", (_, build, texts) => {
    const text = message(build);
    for (const part of texts) expect(text).toContain(part);
  });

  test.each([-1, -3, 3, 99])(
    "class %i of 3 fails when it is computed, and does not count from the end",
    async (label) => {
      await expect(new CrossEntropyLoss().forward(zeros([1, 3]), labels(label)).data()).rejects.toThrow(TensorError);
      await expect(new NLLLoss({ weight: ones([3]) }).forward(zeros([1, 3]), labels(label)).data()).rejects.toThrow(
        TensorError,
      );
    },
  );
});

test("labels may be int32 and targets bool", async () => {
  const logits = tensor([[1, 2, 3]]);
  const asInt32 = await new CrossEntropyLoss().forward(logits, tensor([1], { dtype: "int32" })).item();
  expect(asInt32).toBe(await new CrossEntropyLoss().forward(logits, tensor([1], { dtype: "int64" })).item());
  const half = full([2], 0.25);
  expect(await new BCELoss().forward(half, tensor([true, false])).item()).toBe(
    await new BCELoss().forward(half, tensor([1, 0])).item(),
  );
});

test("BCELoss has PyTorch's gradient for its target too", async () => {
  const target = parameter(Float32Array.of(0, 0.5, 1), [3]);
  const [slope] = grad(new BCELoss({ reduction: "sum" }).forward(tensor([0.25, 0.5, 0.9]), target), [target]);
  const [values] = await evaluate(slope === undefined ? [] : [slope]);
  expectNear(values ?? [], [Math.log(3), 0, Math.log(1 / 9)], { absolute: 1e-5 });
});
