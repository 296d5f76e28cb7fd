import { cat } from "../methods/movement.ts";
import type { Optimizer, SlotStart } from "../optim/optimizer.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Parameter } from "../variable.ts";

/**
 * Parameters that are stored and updated together. Small ones share one flat vector: an optimizer's step over it is a
 * few kernels instead of a few for each parameter. A large one is on its own, which saves joining and cutting.
 */
export interface Segment {
  readonly parameters: readonly Parameter[];
  /** [elements] for a flat vector of several, the parameter's own shape for a single one. */
  readonly shape: Shape;
  readonly optimizer: Optimizer;
  /** What is remembered of each element besides its value. */
  readonly slots: Readonly<Record<string, SlotStart>>;
}

/** Parameters above this many elements are not joined. Measured: joining gains up to some thousands of elements. */
const maxJoined = 8192;

/** A segment and the gradient of the loss with respect to its vector. */
export interface ReachedSegment {
  readonly segment: Segment;
  readonly gradient: Tensor;
}

/**
 * @param reached parameters with their gradients
 * @param extraSlots what the program itself remembers of each element, besides the optimizer
 */
export function segmentsOf(
  reached: readonly (readonly [Parameter, Tensor])[],
  optimizer: Optimizer,
  extraSlots: Readonly<Record<string, SlotStart>>,
): readonly ReachedSegment[] {
  const slots = { ...optimizer.slots, ...extraSlots };
  const small = reached.filter(([parameter]) => parameter.numel <= maxJoined);
  const large = reached.filter(([parameter]) => parameter.numel > maxJoined);
  const alone = ([parameter, gradient]: readonly [Parameter, Tensor]): ReachedSegment => ({
    segment: { parameters: [parameter], shape: parameter.shape, optimizer, slots },
    gradient,
  });
  if (small.length < 2) return [...small, ...large].map(alone);
  const parameters = small.map(([parameter]) => parameter);
  const elements = parameters.reduce((sum, parameter) => sum + parameter.numel, 0);
  const joined: ReachedSegment = {
    segment: { parameters, shape: [elements], optimizer, slots },
    gradient: cat(small.map(([, gradient]) => gradient.reshape([-1]))),
  };
  return [joined, ...large.map(alone)];
}
