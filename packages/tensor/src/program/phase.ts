import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Tensor } from "../tensor.ts";
import type { Buffer, Parameter } from "../variable.ts";
import type { Updater } from "./segment.ts";
import { type StepBuilder, type TracedStep, traceStep } from "./step.ts";
import { type UpdateOptions, updateSlots } from "./update.ts";

/** Parameters with an optimizer of their own, such as biases without weight decay. */
export interface ParameterGroup {
  readonly parameters: readonly Parameter[];
  readonly optimizer: Optimizer;
}

/** What a minibatch trains: a loss, and how it changes which parameters. */
export interface TrainingPhase extends UpdateOptions {
  /** Builds one step; called once for each size of batch. */
  readonly step: StepBuilder;
  /** What to train; parameters that the loss does not depend on stay as they are. */
  readonly parameters: readonly Parameter[];
  readonly optimizer: Optimizer;
  /** Exceptions: these parameters, listed above or not, are trained by the optimizer that stands here. */
  readonly groups?: readonly ParameterGroup[] | undefined;
}

/** A phase whose step is built for a size of batch. */
export interface TracedPhase {
  readonly name: string;
  readonly phase: TrainingPhase;
  readonly traced: TracedStep;
  /** What each optimizer is to change. */
  readonly groups: readonly UpdatedGroup[];
}

/** Parameters, and what changes them. */
export interface UpdatedGroup {
  readonly updater: Updater;
  readonly parameters: readonly Parameter[];
}

/** A phase with the gradients of its loss. */
export interface DifferentiatedPhase extends TracedPhase {
  /** Of the parameters that the loss depends on. */
  readonly gradients: ReadonlyMap<Parameter, Tensor>;
  /** Which of them each optimizer changes. */
  readonly reached: readonly UpdatedGroup[];
}

/** The parameters and buffers that a phase changes. */
export type Changed = ReadonlySet<Parameter | Buffer>;

/** @throws TensorError if the loss is no scalar */
export function tracePhase(
  name: string,
  phase: TrainingPhase,
  batch: readonly Tensor[],
  firstRandomId: number,
): TracedPhase {
  const traced = traceStep(batch, phase.step, firstRandomId);
  const groups = groupsOf(phase).map(({ parameters, optimizer }) => ({
    updater: { phase: name, optimizer, slots: { ...optimizer.slots, ...updateSlots(phase) } },
    parameters,
  }));
  return { name, phase, traced, groups };
}

/** @throws TensorError if no parameter has a gradient */
export function differentiate(turn: TracedPhase): DifferentiatedPhase {
  const { name, phase, traced, groups } = turn;
  const trained = groups.flatMap(({ parameters }) => parameters);
  const found = grad(traced.loss, trained);
  const gradients = new Map(
    trained.flatMap((parameter, index): [Parameter, Tensor][] => {
      const gradient = found[index];
      return gradient === undefined ? [] : [[parameter, gradient]];
    }),
  );
  if (gradients.size === 0) {
    const where = name === "" ? "" : `phase ${name}: `;
    throw new TensorError(
      "TENSOR_GRADIENT",
      `${where}the loss depends on none of the ${phase.parameters.length} parameters: there is nothing to train. Does forward use them, and is requiresGrad true?`,
    );
  }
  return { ...turn, gradients, reached: groupsWith(groups, (parameter) => gradients.has(parameter)) };
}

/** The groups with those of their parameters that are wanted. */
export function groupsWith(
  groups: readonly UpdatedGroup[],
  isWanted: (parameter: Parameter) => boolean,
): readonly UpdatedGroup[] {
  return groups.map(({ updater, parameters }) => ({ updater, parameters: parameters.filter(isWanted) }));
}

export function changedBy({ traced }: TracedPhase, reached: readonly UpdatedGroup[]): Changed {
  return new Set([...reached.flatMap(({ parameters }) => parameters), ...traced.updates.keys()]);
}

/** Every parameter that is to be trained, once, with its optimizer. */
function groupsOf({ parameters, optimizer, groups = [] }: TrainingPhase): readonly ParameterGroup[] {
  const trained = (listed: readonly Parameter[]) => [...new Set(listed.filter(({ requiresGrad }) => requiresGrad))];
  const own = groups.map((group) => ({ parameters: trained(group.parameters), optimizer: group.optimizer }));
  const grouped = own.flatMap((group) => group.parameters);
  const exceptions = new Set(grouped);
  const repeated = grouped.length - exceptions.size;
  if (repeated > 0) {
    throw new TensorError(
      "TENSOR_VALUE",
      `${repeated} ${repeated === 1 ? "parameter stands" : "parameters stand"} in two groups; each belongs to one`,
    );
  }
  return [{ parameters: trained(parameters).filter((parameter) => !exceptions.has(parameter)), optimizer }, ...own];
}
