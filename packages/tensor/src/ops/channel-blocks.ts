/**
 * Convolutions over images whose channels lie in blocks, [batch, channels / block, height, width, block], as many in each as a
 * processor's vector holds. ONNX Runtime lays out constant weights for these kernels of its own; those of a training
 * change in each step, so here their layout is a part of the program. Measured with the changes of layout, on one core with
 * AVX-512: 3 x 3 over 64 channels 118 GFLOP/s instead of 91 (which are a matrix product of the unfolded image), over 16
 * channels 82 instead of 48, over 128 channels of 8 x 8 144 instead of 112; one channel at a time 2.6 ms instead of 6.5.
 */
import { lengthAt, type Shape, sizeOf } from "../shape.ts";
import type { Emitter, OnnxAttribute, TensorType, Value } from "./op.ts";

/** The operator set of ONNX Runtime's that has them. */
export const blocksDomain = "com.microsoft.nchwc";

/** Images of fewer positions are convolved faster without: the changes of layout take longer than they save. */
const minPositions = 64;

/** Whether each channel is convolved by itself. */
export function isDepthwise(weight: Shape, groups: number): boolean {
  return groups === lengthAt(weight, 0) && lengthAt(weight, 1) === 1;
}

/** @param image the larger one of what is convolved and what comes out */
export function suitsBlocks(
  { channelBlock: block, purpose }: Emitter,
  weight: Shape,
  groups: number,
  image: TensorType,
): boolean {
  if (block === 0 || purpose !== "program") return false;
  const [outChannels, inChannels] = [lengthAt(weight, 0), lengthAt(weight, 1)];
  const isWhole = groups === 1 ? inChannels % block === 0 : isDepthwise(weight, groups);
  const [positions, kernel] = [sizeOf(image.shape.slice(2)), sizeOf(weight.slice(2))];
  // A kernel of one position is a product of matrices as it lies.
  return isWhole && outChannels % block === 0 && positions >= minPositions && kernel > 1;
}

/** Blocks of what has all its channels: written once for all that read them. */
export function emitBlocks(emitter: Emitter, { name }: Value): string {
  return emitter.nodeOnce(name, "ReorderInput", [name], { channels_last: 0 }, blocksDomain);
}

export function emitBlockedConvolution(
  emitter: Emitter,
  [input, weight, bias]: readonly [Value, Value, Value?],
  attributes: Readonly<Record<string, OnnxAttribute>>,
  { shape }: TensorType,
): string {
  const given = [emitBlocks(emitter, input), weightBlocks(emitter, weight)];
  if (bias !== undefined) given.push(bias.name);
  const blocked = emitter.node("Conv", given, attributes, blocksDomain);
  return emitter.node("ReorderOutput", [blocked], { channels: lengthAt(shape, 1), channels_last: 0 }, blocksDomain);
}

/** [out / block, in / block, rows, columns, block of in, block of out], or of single channels [out / block, rows, columns, block]. */
function weightBlocks(emitter: Emitter, { name, shape }: Value): string {
  const { channelBlock: block } = emitter;
  const [out, own] = [lengthAt(shape, 0), lengthAt(shape, 1)];
  const kernel = sizeOf(shape.slice(2));
  const [apart, perm] =
    own === 1
      ? [
          [out / block, block, kernel],
          [0, 2, 1],
        ]
      : [
          [out / block, block, own / block, block, kernel],
          [0, 2, 4, 3, 1],
        ];
  const cut = emitter.node("Reshape", [name, emitter.shape(apart)]);
  return emitter.node("Reshape", [emitter.node("Transpose", [cut], { perm }), emitter.shape(shape)]);
}
