import { expect, test } from "vitest";
import { arange } from "../creation.ts";
import { grad } from "../graph/gradient.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { parameter } from "../variable.ts";
import { type UnfoldAttributes, unfolded } from "./unfold.ts";

const kernels: readonly UnfoldAttributes[] = [
  { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], before: [1, 1], output: [4, 5] },
  { kernel: [3, 2], stride: [1, 1], dilation: [-2, -1], before: [-2, 0], output: [4, 5] },
  { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], before: [0, 0], output: [2, 2] },
  { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], before: [0, 0], output: [4, 5] },
];

test.each(kernels)("finds what is under the kernel: %j", async (attributes) => {
  const { kernel, stride, dilation, before, output } = attributes;
  const [batch, channels, height, width] = [3, 2, 4, 5];
  const image = Array.from({ length: batch * channels * height * width }, (_, index) => index + 1);
  const found = await unfolded(
    arange(1, image.length + 1)
      .float()
      .reshape([batch, channels, height, width]),
    attributes,
  ).data();
  const expected: number[] = [];
  for (let c = 0; c < channels; c++)
    for (let row = 0; row < kernel[0]; row++)
      for (let column = 0; column < kernel[1]; column++)
        for (let y = 0; y < output[0]; y++)
          for (let x = 0; x < output[1]; x++)
            for (let n = 0; n < batch; n++) {
              const inY = y * stride[0] + row * dilation[0] - before[0];
              const inX = x * stride[1] + column * dilation[1] - before[1];
              const inside = inY >= 0 && inY < height && inX >= 0 && inX < width;
              expected.push(inside ? (image[((n * channels + c) * height + inY) * width + inX] ?? 0) : 0);
            }
  expect(Array.from(found, Number)).toEqual(expected);
});

test.each(kernels)("its gradient counts how often the kernel sees each element: %j", async (attributes) => {
  const shape = [3, 2, 4, 5];
  const x = parameter(
    Float32Array.from({ length: 120 }, (_, index) => Math.sin(index)),
    shape,
  );
  const output = unfolded(x, attributes);
  const factors = output.newTensor(
    Array.from({ length: output.numel }, (_, index) => (index % 7) - 3),
    output.shape,
  );
  const [slope] = grad(output.mul(factors).sum(), [x]);
  if (slope === undefined) throw new Error("no gradient");
  // Linear: the gradient times any other input is what that input gives.
  const other = x.newTensor(
    Array.from({ length: 120 }, (_, index) => Math.cos(2 * index)),
    shape,
  );
  const [left, right] = await evaluate([slope.mul(other).sum(), unfolded(other, attributes).mul(factors).sum()]);
  expect(Number(left?.[0])).toBeCloseTo(Number(right?.[0]), 3);
});
