import { expectFloat32 } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Generator } from "../random/generator.ts";
import type { Feed } from "../runtime/session.ts";
import { cat, type Tensor } from "../tensor.ts";
import type { Parameter, Variable } from "../variable.ts";
import { fieldEntries, fieldFeeds, gatherFields, rowFeed, type SampleArray } from "./batches.ts";
import { initialState, type Layout, type Segment, segmentsOf, storeState, type TrainingState } from "./layout.ts";
import { keyEntries, keyFeeds, keyNames } from "./random-keys.ts";
import { compileScan, type Entry, type ScanProgram } from "./scan.ts";
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

export interface TrainingOptions {
  /** The samples; a step sees rows of each. */
  readonly fields: readonly SampleArray[];
  /** What to train; parameters that the loss does not depend on stay as they are. */
  readonly parameters: readonly Parameter[];
  readonly optimizer: Optimizer;
  /** Builds one step; called once for each size of batch. */
  readonly step: StepBuilder;
  /** The usual number of samples of a batch. */
  readonly batchSize: number;
}

export interface Chunk {
  /** Rows of the samples, batch after batch: [steps * batchSize]. */
  readonly rows: Int32Array;
  readonly batchSize: number;
  /** Learning rate of all steps of the chunk. */
  readonly lr: number;
  /** Keys the random ops; step n draws the same whatever ran before. */
  readonly generator: Generator;
}

/**
 * Training as a compiled program: many steps run in one call, with parameters and optimizer state staying inside ONNX
 * Runtime meanwhile. One loop is compiled for each size of batch, when it is first seen.
 */
export interface TrainingProgram {
  readonly layout: Layout;
  readonly initialState: TrainingState;
  /** Runs a chunk of steps from `state` and returns the new state; `state` itself stays valid. */
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
  const loops = new Map<number, { readonly plan: Plan; readonly scan: Promise<ScanProgram> }>();
  const compileLoop = (batchSize: number, plan: Plan) => {
    const loop = { plan, scan: compilePlan(options, plan, batchSize) };
    loops.set(batchSize, loop);
    return loop;
  };
  const first = compileLoop(options.batchSize, planStep(options, options.batchSize));
  await first.scan;
  const { layout } = first.plan;
  const loopFor = (batchSize: number) => {
    const known = loops.get(batchSize);
    if (known !== undefined) return known;
    const plan = planStep(options, batchSize);
    checkSameVariables(layout, plan.layout, batchSize);
    return compileLoop(batchSize, plan);
  };
  const samples = fieldFeeds(fields);
  return {
    layout,
    initialState: initialState(layout, optimizer),
    async run(state, { rows, batchSize, lr, generator }) {
      const chosen = rowFeed(fields, rows, batchSize);
      const steps = rows.length / batchSize;
      const {
        plan: { traced, constants },
        scan,
      } = loopFor(batchSize);
      const result = await (await scan).run({
        ...samples,
        ...constantFeeds(constants),
        ...layoutFeeds(layout, state),
        ...slotFeeds(layout.segments, state),
        ...scalarFeeds(optimizer, state.step, steps, lr),
        ...keyFeeds(traced.randomOps, generator, state.step, steps),
        rows: chosen,
      });
      const carried = (name: string) => expectFloat32(result.carried(name), name);
      return {
        values: Object.fromEntries(
          ["loss", ...Object.keys(traced.metrics)].map((name) => [name, expectFloat32(result.collected(name), name)]),
        ),
        state: {
          step: state.step + steps,
          parameters: layout.segments.map((_, index) => carried(`parameters${index}`)),
          slots: layout.segments.map((_, index) =>
            Object.fromEntries(Object.keys(optimizer.slots).map((slot) => [slot, carried(`slot${index}.${slot}`)])),
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

function planStep({ fields, parameters, step }: TrainingOptions, batchSize: number): Plan {
  const traced = traceStep(fields, step, batchSize);
  const trained = parameters.filter((parameter) => parameter.requiresGrad);
  const found = grad(traced.loss, trained);
  const gradients = new Map<Parameter, Tensor>();
  for (const [index, parameter] of trained.entries()) {
    const gradient = found[index];
    if (gradient !== undefined) gradients.set(parameter, gradient);
  }
  if (gradients.size === 0) {
    throw new TensorError(
      "TENSOR_GRADIENT",
      `the loss depends on none of the ${parameters.length} parameters: there is nothing to train. Does forward use them, and is requiresGrad true?`,
    );
  }
  const changing = new Set<Variable>([...gradients.keys(), ...traced.updates.keys()]);
  return {
    traced,
    gradients,
    layout: { segments: segmentsOf([...gradients.keys()]), buffers: [...traced.updates.keys()] },
    constants: traced.leaves.filter((leaf) => !changing.has(leaf)),
  };
}

function compilePlan(
  { fields, optimizer }: TrainingOptions,
  { traced, gradients, layout, constants }: Plan,
  batchSize: number,
): Promise<ScanProgram> {
  const slotEntries = layout.segments.flatMap(({ shape }, index) =>
    Object.keys(optimizer.slots).map((slot): Entry => ({ name: `slot${index}.${slot}`, shape, dtype: "float32" })),
  );
  const scalars = Object.keys(optimizer.scalars(0, optimizer.lr));
  return compileScan({
    name: "training",
    fixed: [...fieldEntries(fields), ...constantEntries(constants)],
    carried: [...layoutEntries(layout), ...slotEntries],
    perStep: [
      { name: "rows", shape: [batchSize], dtype: "int32" },
      ...scalars.map((name): Entry => ({ name: `scalar.${name}`, shape: [], dtype: "float32" })),
      ...keyEntries(traced.randomOps),
    ],
    randomKey: keyNames,
    body(inputs) {
      const { entry, bind } = inputs;
      bindLayout(layout, inputs);
      for (const [index, leaf] of constants.entries()) bind(leaf, entry(`constant${index}`));
      for (const [index, rows] of gatherFields(fields, entry, entry("rows")).entries())
        bind(present(traced.batch[index]), rows);
      const carried: Record<string, Tensor> = {};
      for (const [index, segment] of layout.segments.entries()) {
        const update = optimizer.update({
          parameter: entry(`parameters${index}`),
          gradient: segmentGradient(segment, gradients),
          slots: Object.fromEntries(Object.keys(optimizer.slots).map((slot) => [slot, entry(`slot${index}.${slot}`)])),
          scalars: Object.fromEntries(scalars.map((name) => [name, entry(`scalar.${name}`)])),
        });
        carried[`parameters${index}`] = update.parameter;
        for (const [slot, value] of Object.entries(update.slots)) carried[`slot${index}.${slot}`] = value;
      }
      for (const [index, buffer] of layout.buffers.entries())
        carried[`buffer${index}`] = present(traced.updates.get(buffer));
      return { carried, collected: { loss: traced.loss, ...traced.metrics } };
    },
  });
}

function segmentGradient({ parameters }: Segment, gradients: ReadonlyMap<Parameter, Tensor>): Tensor {
  const [first] = parameters;
  if (parameters.length === 1 && first !== undefined) return present(gradients.get(first));
  return cat(parameters.map((parameter) => present(gradients.get(parameter)).reshape([-1])));
}

function slotFeeds(segments: readonly Segment[], state: TrainingState): Record<string, Feed> {
  const feeds: Record<string, Feed> = {};
  for (const [index, { shape }] of segments.entries()) {
    for (const [slot, data] of Object.entries(present(state.slots[index])))
      feeds[`slot${index}.${slot}`] = { data, shape, dtype: "float32" };
  }
  return feeds;
}

/** The optimizer's numbers for each step, computed in double precision. */
function scalarFeeds(optimizer: Optimizer, firstStep: number, steps: number, lr: number): Record<string, Feed> {
  const rows = Array.from({ length: steps }, (_, index) => optimizer.scalars(firstStep + index, lr));
  return Object.fromEntries(
    Object.keys(optimizer.scalars(0, lr)).map((name) => {
      const data = Float32Array.from(rows, (row) => row[name] ?? Number.NaN);
      return [`scalar.${name}`, { data, shape: [steps], dtype: "float32" } satisfies Feed];
    }),
  );
}
