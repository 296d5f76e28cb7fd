import { expectFloat32 } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Tensor } from "../tensor.ts";
import type { Parameter, Variable } from "../variable.ts";
import {
  bufferEntry,
  checkState,
  type Layout,
  stateSource,
  storeState,
  type TrainingState,
  takeState,
} from "./layout.ts";
import type { Carried } from "./loop.ts";
import { segmentsOf } from "./segment.ts";
import type { StepValues, TracedStep } from "./step.ts";
import { type Plan, type StepChunk, type StepOptions, type StepsResult, stepProgram } from "./step-program.ts";
import { type LearningRate, type UpdateOptions, type UpdateRun, updatePart, updateSlots } from "./update.ts";

/** Parameters with an optimizer of their own, such as biases without weight decay. */
export interface ParameterGroup {
  readonly parameters: readonly Parameter[];
  readonly optimizer: Optimizer;
}

export interface TrainingOptions extends StepOptions, UpdateOptions {
  /** What to train; parameters that the loss does not depend on stay as they are. */
  readonly parameters: readonly Parameter[];
  readonly optimizer: Optimizer;
  /** Exceptions: these parameters, listed above or not, are trained by the optimizer that stands here. */
  readonly groups?: readonly ParameterGroup[] | undefined;
  /** The usual number of samples of a batch. */
  readonly batchSize: number;
}

export interface Chunk extends StepChunk {
  /**
   * Learning rate of all steps of the chunk; optimizers of groups keep their ratio to the main one. A function gives the
   * rate of each optimizer at each optimizer step.
   */
  readonly lr: number | LearningRate;
  /**
   * Gives the state away: the new one takes its memory, and its arrays are empty afterwards, also if the run fails. Saves
   * as much memory as a state has, and the waiting for garbage collection. JAX's `donate_argnums`.
   */
  readonly donate?: boolean;
}

/**
 * Training as a compiled program: many steps run in one call, with parameters and optimizer state staying inside ONNX
 * Runtime meanwhile. One loop is compiled for each size of batch, when it is first seen.
 */
export interface TrainingProgram {
  readonly layout: Layout;
  /** The values that parameters and buffers had at compilation, with optimizers that have seen nothing. Made when asked for. */
  readonly initialState: TrainingState;
  /** Runs a chunk of steps from `state` and returns the new state; `state` itself stays valid, unless it is donated. */
  run(state: TrainingState, chunk: Chunk): Promise<{ readonly state: TrainingState; readonly values: StepValues }>;
  /** Writes the state into the parameters and buffers of the model. */
  store(state: TrainingState): void;
  /** Gives the compiled loops back. */
  release(): void;
}

interface TrainingPlan extends Plan<UpdateRun> {
  readonly layout: Layout;
  /** The state after the steps of a run. */
  stateAfter(step: number, result: StepsResult): TrainingState;
}

/** @throws TensorError if the loss is no scalar, or no parameter has a gradient */
export async function compileTraining(options: TrainingOptions): Promise<TrainingProgram> {
  let first: Layout | undefined;
  const program = stepProgram<UpdateRun, TrainingPlan>("training", options, (traced, batchSize) => {
    const plan = planTraining(options, traced);
    first ??= plan.layout;
    checkSameVariables(first, plan.layout, batchSize);
    return plan;
  });
  const { layout } = program.plan(options.batchSize);
  await program.compile(options.batchSize);
  const makeInitialState = stateSource(layout);
  return {
    layout,
    get initialState() {
      return makeInitialState();
    },
    async run(given, { lr, donate = false, ...chunk }) {
      const { plan, steps, run } = await program.prepare(chunk);
      checkState(layout, given);
      const state = donate ? takeState(given) : given;
      const firstStep = state.step;
      const result = await run({ state, firstStep, steps, lr: rateOf(lr, options.optimizer) }, { overwrite: donate });
      return { values: result.values, state: plan.stateAfter(firstStep + steps, result) };
    },
    store: (state) => storeState(state, layout),
    release: () => program.release(),
  };
}

/** A state fits the loops of all sizes of batch only if they change the same variables. */
function checkSameVariables(one: Layout, other: Layout, batchSize: number): void {
  const [variables, others] = [one, other].map(({ segments, buffers }): readonly Variable[] => [
    ...segments.flatMap(({ parameters }) => parameters),
    ...buffers,
  ]);
  if (variables?.length !== others?.length || variables?.some((variable, index) => variable !== others?.[index])) {
    throw new TensorError(
      "TENSOR_VALUE",
      `the step for batches of ${batchSize} changes other parameters or buffers than the first one did; it must build the same computation for every size`,
    );
  }
}

function planTraining(options: TrainingOptions, traced: TracedStep): TrainingPlan {
  const groups = groupsOf(options);
  const trained = groups.flatMap(({ parameters }) => parameters);
  const found = grad(traced.loss, trained);
  const gradients = new Map(trained.map((parameter, index) => [parameter, found[index]]));
  const reached = groups.flatMap(({ parameters, optimizer }) =>
    segmentsOf(
      parameters.flatMap((parameter): [Parameter, Tensor][] => {
        const gradient = gradients.get(parameter);
        return gradient === undefined ? [] : [[parameter, gradient]];
      }),
      optimizer,
      updateSlots(options),
    ),
  );
  if (reached.length === 0) {
    throw new TensorError(
      "TENSOR_GRADIENT",
      `the loss depends on none of the ${options.parameters.length} parameters: there is nothing to train. Does forward use them, and is requiresGrad true?`,
    );
  }
  const { part, updates } = updatePart(reached, options);
  const buffers = Array.from(
    traced.updates,
    ([buffer, next], index): Carried<UpdateRun> => ({ ...bufferEntry(buffer, index), next }),
  );
  return {
    layout: { segments: reached.map(({ segment }) => segment), buffers: [...traced.updates.keys()] },
    parts: [part, { carried: buffers }],
    stateAfter(step, { last }) {
      const values = (entry: Carried<UpdateRun>) => expectFloat32(last(entry), `${entry.tensor}`);
      return {
        step,
        parameters: updates.map(({ parameters }) => values(parameters)),
        slots: updates.map(({ slots }) =>
          Object.fromEntries(Object.entries(slots).map(([slot, entry]) => [slot, values(entry)])),
        ),
        buffers: buffers.map(last),
      };
    },
  };
}

/** Every parameter that is to be trained, once, with its optimizer. */
function groupsOf({ parameters, optimizer, groups = [] }: TrainingOptions): readonly ParameterGroup[] {
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

function rateOf(lr: number | LearningRate, main: Optimizer): LearningRate {
  // The main optimizer gets the very number.
  return typeof lr === "function" ? lr : (baseLr) => lr * (baseLr / main.lr);
}
