/** Gradients against central differences, and any shape; nn.torch.test.ts has what PyTorch says. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectCentralDifferences, spreadInputs } from "../../test/central-differences.ts";
import { required } from "../../test/fixtures.ts";
import { fromNumbers, toNumbers } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { Buffer } from "../variable.ts";
import { embedding } from "./embedding.ts";
import type { Attributes, Op } from "./op.ts";
import * as recurrent from "./recurrent.ts";

const floats = (shape: Shape) =>
  new Buffer(shape, "float32", () =>
    Float32Array.from({ length: sizeOf(shape) }, (_, index) => ((index * 37) % 64) / 32 - 1),
  );

/** Steps 3, batch 2, features 2, hidden 2. */
const recurrentShapes = (gates: number, states: number): readonly Shape[] => [
  [3, 2, 2],
  [gates * 2, 2],
  [gates * 2, 2],
  [gates * 2],
  [gates * 2],
  ...Array.from({ length: states }, (): Shape => [2, 2]),
];

/** The gradients themselves as a function, to differentiate a second time. */
function firstGradients(build: (operands: readonly Tensor[]) => Tensor): (operands: readonly Tensor[]) => Tensor {
  return (operands) => {
    const y = build(operands);
    const loss = y
      .mul(y)
      .mul(
        y.newTensor(
          Array.from({ length: y.numel }, (_, at) => Math.fround(Math.cos(at + 2))),
          y.shape,
        ),
      )
      .sum();
    const flat = grad(loss, operands).map((gradient) => required(gradient).reshape([-1]));
    return required(flat[0]).concat(flat.slice(1));
  };
}

const apply = (op: Op, [x, ...others]: readonly Tensor[], attributes: Attributes) =>
  required(x).apply(op, others, attributes);
const lstm =
  (reverse: boolean, result: "hidden" | "cell") =>
  (operands: readonly Tensor[]): Tensor =>
    apply(recurrent.lstm, operands, { reverse, result });
const gru = (reverse: boolean) => (operands: readonly Tensor[]) => apply(recurrent.gru, operands, { reverse });
const rnn = (reverse: boolean) => (operands: readonly Tensor[]) =>
  apply(recurrent.rnn, operands, { reverse, nonlinearity: "tanh" });

type Probe = readonly [name: string, shapes: readonly Shape[], build: (operands: readonly Tensor[]) => Tensor];

const probes = [false, true].flatMap((reverse): Probe[] => [
  [`lstm, hidden ${reverse}`, recurrentShapes(4, 2), lstm(reverse, "hidden")],
  [`lstm, cell ${reverse}`, recurrentShapes(4, 2), lstm(reverse, "cell")],
  [`lstm twice ${reverse}`, recurrentShapes(4, 2), firstGradients(lstm(reverse, "hidden"))],
  [`gru ${reverse}`, recurrentShapes(3, 1), gru(reverse)],
  [`gru twice ${reverse}`, recurrentShapes(3, 1), firstGradients(gru(reverse))],
  [`rnn ${reverse}`, recurrentShapes(1, 1), rnn(reverse)],
  [`rnn twice ${reverse}`, recurrentShapes(1, 1), firstGradients(rnn(reverse))],
]);

describe("central differences", () => {
  test.each(probes)("%s", async (_name, shapes, build) => {
    await expectCentralDifferences(spreadInputs(shapes, [-1.5, 1.5]), build);
  });

  test("of cumsum, twice", async () => {
    const build = firstGradients(([x]) => required(x).cumsum(0));
    await expectCentralDifferences(spreadInputs([[2, 3]], [-1.5, 1.5]), build);
  });

  test("of an embedding", async () => {
    const indices = constant(fromNumbers("int64", [2, 0, 2]), [3], "int64");
    await expectCentralDifferences(spreadInputs([[3, 2]], [-1.5, 1.5]), ([x]) =>
      required(x).exp().apply(embedding, [indices], { padding: -1 }),
    );
  });
});

test("recurrent ops give a state for each step, or refuse sequences of none", async () => {
  const size = fc.integer({ min: 0, max: 3 });
  const property = fc.asyncProperty(size, size, size, fc.integer({ min: 1, max: 3 }), fc.boolean(), async (...all) => {
    const [steps, batch, features, hidden, reverse] = all;
    const make = (gates: number, states: number) =>
      [
        [steps, batch, features],
        [gates * hidden, features],
        [gates * hidden, hidden],
        [gates * hidden],
        [gates * hidden],
        ...Array.from({ length: states }, () => [batch, hidden]),
      ].map(floats);
    const build = () => [lstm(reverse, "hidden")(make(4, 2)), gru(reverse)(make(3, 1)), rnn(reverse)(make(1, 1))];
    if (steps * features === 0) {
      expect(build).toThrow(TensorError);
      return;
    }
    const outputs = build();
    for (const data of await evaluate(outputs)) {
      expect(data.length).toBe(steps * batch * hidden);
      expect(toNumbers(data).every((value) => Math.abs(value) <= 1)).toBe(true);
    }
  });
  await fc.assert(property, { numRuns: 60 });
});
