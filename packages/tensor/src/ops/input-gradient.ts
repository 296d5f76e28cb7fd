import { lengthAt, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { isDepthwise } from "./channel-blocks.ts";
import type { ConvolutionAttributes } from "./convolution.ts";
import { batchFirst, suitsOneProduct, unfolded } from "./unfold.ts";

/** Gradient of a convolution's input, which has the shape `input`. */
export function inputGradient(
  input: Shape,
  weight: Tensor,
  gradient: Tensor,
  attributes: ConvolutionAttributes,
): Tensor {
  const { stride, before, after, dilation, groups } = attributes;
  const reach = pair((axis) => dilation[axis] * (lengthAt(weight.shape, axis + 2) - 1));
  const fullBefore = pair((axis) => reach[axis] - before[axis]);
  const fullAfter = pair((axis) => reach[axis] - after[axis]);
  const isSimple = groups === 1 || isDepthwise(weight.shape, groups);
  const isPlain =
    isSimple && stride.every((step) => step === 1) && [...fullBefore, ...fullAfter].every((amount) => amount >= 0);
  if (isPlain && groups === 1 && suitsOneProduct(input, gradient.shape)) {
    const inChannels = weight.size(1);
    const size = [lengthAt(input, 2), lengthAt(input, 3)] as const;
    // The kernel is turned round by where it finds its inputs: turning the weights would take longer.
    const under = unfolded(gradient, {
      kernel: [weight.size(2), weight.size(3)],
      stride,
      dilation: pair((axis) => -dilation[axis]),
      before: pair((axis) => -before[axis]),
      output: size,
    });
    const turned = weight.permute([1, 0, 2, 3]).reshape([inChannels, weight.numel / inChannels]);
    return batchFirst(turned.product(under, false, false), gradient.size(0), size);
  }
  if (isPlain) {
    // A convolution of the gradient with the kernel turned round: ONNX Runtime does it faster than the transposed one.
    const turned = (groups === 1 ? weight.permute([1, 0, 2, 3]) : weight).flip([2, 3]);
    return gradient.convolution(turned, undefined, { stride, before: fullBefore, after: fullAfter, dilation, groups });
  }
  // Rows and columns at the end that no stride reached get no gradient, but must be there.
  const outputPadding = pair(
    (axis) =>
      lengthAt(input, axis + 2) +
      before[axis] +
      after[axis] -
      reach[axis] -
      1 -
      (lengthAt(gradient.shape, axis + 2) - 1) * stride[axis],
  );
  return gradient.transposedConvolution(weight, undefined, { ...attributes, outputPadding });
}

function pair(value: (axis: 0 | 1) => number): readonly [number, number] {
  return [value(0), value(1)];
}
