import { expectFloat32 } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Generator } from "../random/generator.ts";
import type { Device } from "../runtime/device.ts";
import type { Tensor } from "../tensor.ts";
import type { Parameter, Variable } from "../variable.ts";
import {
  chunkFields,
  type FieldSpec,
  fieldEntries,
  fieldFeeds,
  gatherFields,
  rowFeed,
  type SampleArray,
  type SampleChunk,
} from "./batches.ts";
import { compileLoop } from "./compile-loop.ts";
import {
  checkState,
  type Layout,
  segmentsOf,
  stateSource,
  storeState,
  type TrainingState,
  takeState,
} from "./layout.ts";
import type { LoopProgram } from "./loop.ts";
import { keyEntries, keyFeeds, keyNames } from "./random-keys.ts";
import {
  bindLayout,
  constantEntries,
  constantFeeds,
  layoutEntries,
  layoutFeeds,
  present,
  type StepBuilder,
  type StepValues,
  type TracedStep,
  traceStep,
} from "./step.ts";
import {
  type LearningRate,
  scalarEntries,
  scalarFeeds,
  slotEntries,
  slotFeeds,
  slotName,
  type UpdateOptions,
  updateSegments,
  updateSlots,
} from "./update.ts";

/** Parameters with an optimizer of their own, such as biases without weight decay. */
export interface ParameterGroup {
  readonly parameters: readonly Parameter[];
  readonly optimizer: Optimizer;
}

export interface TrainingOptions extends UpdateOptions {
  /** The samples, of which a step sees rows; or what they will be, where each chunk brings its own. */
  readonly fields: readonly (FieldSpec | SampleArray)[];
  /** What to train; parameters that the loss does not depend on stay as they are. */
  readonly parameters: readonly Parameter[];
  readonly optimizer: Optimizer;
  /** Exceptions: these parameters, listed above or not, are trained by the optimizer that stands here. */
  readonly groups?: readonly ParameterGroup[] | undefined;
  /** Builds one step; called once for each size of batch. */
  readonly step: StepBuilder;
  /** The usual number of samples of a batch. */
  readonly batchSize: number;
  readonly device?: Device | undefined;
}

export interface Chunk extends SampleChunk {
  /**
   * Learning rate of all steps of the chunk; optimizers of groups keep their ratio to the main one. A function gives the
   * rate of each optimizer at each optimizer step.
   */
  readonly lr: number | LearningRate;
  /** Keys the random ops; step n draws the same whatever ran before. */
  readonly generator: Generator;
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

/** A traced step with its gradients: what the loop's body is made of. */
interface Plan {
  readonly traced: TracedStep;
  readonly gradients: ReadonlyMap<Parameter, Tensor>;
  readonly layout: Layout;
  readonly constants: readonly Variable[];
}

/** @throws TensorError if the loss is no scalar, or no parameter has a gradient */
export async function compileTraining(options: TrainingOptions): Promise<TrainingProgram> {
  const { fields, optimizer } = options;
  const loops = new Map<number, { readonly plan: Plan; readonly scan: Promise<LoopProgram> }>();
  const addLoop = (batchSize: number, plan: Plan) => {
    const loop = { plan, scan: compilePlan(options, plan, batchSize) };
    loops.set(batchSize, loop);
    return loop;
  };
  const first = addLoop(options.batchSize, planStep(options, options.batchSize));
  await first.scan;
  const { layout } = first.plan;
  const makeInitialState = stateSource(layout);
  const loopFor = (batchSize: number) => {
    const known = loops.get(batchSize);
    if (known !== undefined) return known;
    const plan = planStep(options, batchSize);
    checkSameVariables(layout, plan.layout, batchSize);
    return addLoop(batchSize, plan);
  };
  return {
    layout,
    get initialState() {
      return makeInitialState();
    },
    async run(given, { rows, batchSize, fields: samplesGiven, lr, generator, donate = false }) {
      const samples = chunkFields(fields, samplesGiven);
      const chosen = rowFeed(samples, rows, batchSize);
      const steps = rows.length / batchSize;
      const { plan, scan } = loopFor(batchSize);
      const { traced, constants } = plan;
      const loop = await scan;
      checkState(layout, given);
      const state = donate ? takeState(given) : given;
      const feeds = {
        ...fieldFeeds(samples),
        ...constantFeeds(constants),
        ...layoutFeeds(layout, state),
        ...slotFeeds(layout.segments, state),
        ...scalarFeeds(layout.segments, options, state.step, steps, rateOf(lr, optimizer)),
        ...keyFeeds(traced.randomOps, generator, state.step, steps),
        rows: chosen,
      };
      const result = await loop.run(feeds, { overwrite: donate });
      const carried = (name: string) => expectFloat32(result.carried(name), name);
      return {
        values: Object.fromEntries(
          Object.keys(traced.reported).map((name) => [name, expectFloat32(result.collected(name), name)]),
        ),
        state: {
          step: state.step + steps,
          parameters: layout.segments.map((_, index) => carried(`parameters${index}`)),
          slots: layout.segments.map(({ slots }, index) =>
            Object.fromEntries(Object.keys(slots).map((slot) => [slot, carried(slotName(index, slot))])),
          ),
          buffers: layout.buffers.map((_, index) => result.carried(`buffer${index}`)),
        },
      };
    },
    store: (state) => storeState(state, layout),
    release() {
      for (const { scan } of loops.values()) {
        scan.then(
          (ready) => ready.release(),
          () => undefined,
        );
      }
    },
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

function planStep(options: TrainingOptions, batchSize: number): Plan {
  const traced = traceStep(options.fields, options.step, batchSize);
  const groups = groupsOf(options);
  const trained = groups.flatMap(({ parameters }) => parameters);
  const found = grad(traced.loss, trained);
  const gradients = new Map<Parameter, Tensor>();
  for (const [index, parameter] of trained.entries()) {
    const gradient = found[index];
    if (gradient !== undefined) gradients.set(parameter, gradient);
  }
  if (gradients.size === 0) {
    throw new TensorError(
      "TENSOR_GRADIENT",
      `the loss depends on none of the ${options.parameters.length} parameters: there is nothing to train. Does forward use them, and is requiresGrad true?`,
    );
  }
  const changing = new Set<Variable>([...gradients.keys(), ...traced.updates.keys()]);
  const segments = groups.flatMap(({ parameters, optimizer }) => {
    const reached = parameters.filter((parameter) => gradients.has(parameter));
    return reached.length === 0 ? [] : segmentsOf(reached, optimizer, updateSlots(options));
  });
  return {
    traced,
    gradients,
    layout: { segments, buffers: [...traced.updates.keys()] },
    constants: traced.leaves.filter((leaf) => !changing.has(leaf)),
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

function compilePlan(
  options: TrainingOptions,
  { traced, gradients, layout, constants }: Plan,
  batchSize: number,
): Promise<LoopProgram> {
  const { fields } = options;
  return compileLoop(
    {
      name: "training",
      fixed: [...fieldEntries(fields), ...constantEntries(constants)],
      carried: [...layoutEntries(layout), ...slotEntries(layout.segments)],
      perStep: [
        { name: "rows", shape: [batchSize], dtype: "int32" },
        ...scalarEntries(layout.segments, options),
        ...keyEntries(traced.randomOps),
      ],
      randomKey: keyNames,
      body(inputs) {
        const { entry, bind } = inputs;
        bindLayout(layout, inputs);
        for (const [index, leaf] of constants.entries()) bind(leaf, entry(`constant${index}`));
        for (const [index, rows] of gatherFields(fields, entry, entry("rows")).entries())
          bind(present(traced.batch[index]), rows);
        const carried: Record<string, Tensor> = { ...updateSegments(layout.segments, gradients, options, entry) };
        for (const [index, buffer] of layout.buffers.entries())
          carried[`buffer${index}`] = present(traced.updates.get(buffer));
        return { carried, collected: traced.reported };
      },
    },
    options.device ?? "cpu",
  );
}
