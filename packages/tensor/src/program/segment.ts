import { cat } from "../methods/movement.ts";
import type { Optimizer, SlotStart } from "../optim/optimizer.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Parameter } from "../variable.ts";
import type { UpdatedGroup } from "./phase.ts";

/** What changes a group of parameters in a phase of training. */
export interface Updater {
  /** The name of the phase; empty where a program has but one. */
  readonly phase: string;
  readonly optimizer: Optimizer;
  /** What is remembered of each element: the optimizer's slots, and what the program itself needs. */
  readonly slots: Readonly<Record<string, SlotStart>>;
}

/**
 * Parameters that are stored and updated together. Small ones share one flat vector: an optimizer's step over it is a
 * few kernels instead of a few for each parameter. A large one is on its own, which saves joining and cutting.
 */
export interface Segment {
  readonly parameters: readonly Parameter[];
  /** [elements] for a flat vector of several, the parameter's own shape for a single one. */
  readonly shape: Shape;
  /** One, or one of each of the phases that share the parameters. */
  readonly updaters: readonly Updater[];
  /** What is remembered of each element besides its value, by `slotName`. */
  readonly slots: Readonly<Record<string, SlotStart>>;
}

/** Parameters above this many elements are not joined. Measured: joining gains up to some thousands of elements. */
const maxJoined = 8192;

/** The name of an updater's slot in a state: of several updaters each has its own. */
export function slotName({ updaters }: Pick<Segment, "updaters">, { phase }: Updater, slot: string): string {
  return updaters.length === 1 ? slot : `${phase}.${slot}`;
}

/** Parameters of the same updaters, in the order in which they first appear. */
export function segmentsOf(reached: readonly UpdatedGroup[]): readonly Segment[] {
  const updaters = new Map<Parameter, number[]>();
  for (const [index, { parameters }] of reached.entries())
    for (const parameter of parameters) updaters.set(parameter, [...(updaters.get(parameter) ?? []), index]);
  const together = Map.groupBy(updaters.keys(), (parameter) => updaters.get(parameter)?.join());
  return together
    .values()
    .flatMap((parameters) => {
      const [first] = parameters;
      const indices = first === undefined ? [] : (updaters.get(first) ?? []);
      const own = indices.flatMap((index) => reached[index]?.updater ?? []);
      // A vector has no rows.
      const isJoined = ({ numel }: Parameter) =>
        numel <= maxJoined && !own.some(({ optimizer }) => optimizer.takesRows);
      const small = parameters.filter(isJoined);
      const large = parameters.filter((parameter) => !isJoined(parameter));
      const single = (parameter: Parameter) => segment([parameter], parameter.shape, own);
      if (small.length < 2) return [...small, ...large].map(single);
      return [segment(small, [small.reduce((sum, { numel }) => sum + numel, 0)], own), ...large.map(single)];
    })
    .toArray();
}

function segment(parameters: readonly Parameter[], shape: Shape, updaters: readonly Updater[]): Segment {
  const slots = updaters.flatMap((updater) =>
    Object.entries(updater.slots).map(([slot, start]) => [slotName({ updaters }, updater, slot), start] as const),
  );
  return { parameters, shape, updaters, slots: Object.fromEntries(slots) };
}

/** The gradient of a segment's vector, from those of its parameters. */
export function segmentGradient({ parameters }: Segment, gradients: ReadonlyMap<Parameter, Tensor>): Tensor {
  const found = parameters.map((parameter) => gradients.get(parameter) ?? parameter.zerosLike());
  const [single] = found;
  return single !== undefined && found.length === 1 ? single : cat(found.map((gradient) => gradient.reshape([-1])));
}
