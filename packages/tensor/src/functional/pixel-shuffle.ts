import { TensorError } from "../errors.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Channels become pixels (Shi et al. 2016): [batch, channels * factor^2, height, width] to [batch, channels, height * factor, width * factor]. */
export function pixelShuffle(input: Tensor, factor: number): Tensor {
  const [batch, channels, height, width] = checked(
    "pixelShuffle",
    input,
    factor,
    (size) => size[1] % factor ** 2 === 0,
  );
  const inner = channels / factor ** 2;
  return input
    .reshape([batch, inner, factor, factor, height, width])
    .permute([0, 1, 4, 2, 5, 3])
    .reshape([batch, inner, height * factor, width * factor]);
}

/** Pixels become channels: what `pixelShuffle` has done, undone. */
export function pixelUnshuffle(input: Tensor, factor: number): Tensor {
  const fits = (size: Size) => size[2] % factor === 0 && size[3] % factor === 0;
  const [batch, channels, height, width] = checked("pixelUnshuffle", input, factor, fits);
  const [h, w] = [height / factor, width / factor];
  return input
    .reshape([batch, channels, h, factor, w, factor])
    .permute([0, 1, 3, 5, 2, 4])
    .reshape([batch, channels * factor ** 2, h, w]);
}

type Size = readonly [batch: number, channels: number, height: number, width: number];

function checked(name: string, input: Tensor, factor: number, fits: (size: Size) => boolean): Size {
  const [batch = 0, channels = 0, height = 0, width = 0] = input.shape;
  const size = [batch, channels, height, width] as const;
  if (Number.isInteger(factor) && factor > 0 && input.ndim === 4 && fits(size)) return size;
  throw new TensorError(
    "TENSOR_SHAPE",
    `${name}: input ${showShape(input.shape)} does not fit the factor ${factor}: it must be [batch, channels, height, width], with ${name === "pixelShuffle" ? "channels that its square divides" : "height and width that it divides"}`,
  );
}
