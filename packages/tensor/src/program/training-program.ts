import { Latest } from "@ml-mosaic/base";
import { TensorError } from "../errors.ts";
import type { Variable } from "../variable.ts";
import type { StepEstimate } from "./cost.ts";
import type { ExecutorName } from "./executor.ts";
import { stateInside, takeInside, valuesInside } from "./inside-state.ts";
import { checkState, type Layout, stateSource, storeState, type TrainingState, takeState } from "./layout.ts";
import {
  type Changed,
  changedBy,
  differentiate,
  groupsWith,
  type TracedPhase,
  type TrainingPhase,
  tracePhase,
  type UpdatedGroup,
} from "./phase.ts";
import { checkPhases, onlyPhase } from "./phase-names.ts";
import type { StepValues } from "./step.ts";
import { readGroups, trainingKey } from "./step-key.ts";
import { type PlannedStep, type ProgramOptions, type StepChunk, stepProgram } from "./step-program.ts";
import { countsOf, layoutOf, planTraining, type TrainingPlan } from "./training-plan.ts";
import { type Rates, ratesOf } from "./training-rates.ts";
import type { UpdateRun } from "./update.ts";

interface TrainingProgramOptions extends ProgramOptions {
  /** The usual number of samples of a batch. */
  readonly batchSize: number;
}

/** Training in one phase: a loss of each minibatch makes one step. */
export interface SinglePhaseOptions extends TrainingProgramOptions, TrainingPhase {
  readonly phases?: undefined;
}

/** Training in several phases over one state. */
export interface SeveralPhasesOptions extends TrainingProgramOptions {
  /**
   * What a minibatch trains, one phase after the other: each sees the parameters and buffers as those before it left them. What
   * several phases train has each one's optimizer.
   */
  readonly phases: Readonly<Record<string, TrainingPhase>>;
}

export type TrainingOptions = SinglePhaseOptions | SeveralPhasesOptions;

export interface Chunk extends StepChunk {
  /**
   * Learning rate of all steps of the chunk; other optimizers than the first keep their ratio to it. A function gives the rate
   * of each optimizer at each optimizer step. Of several phases, each may have its own. Without it optimizers have their own
   * rates.
   */
  readonly lr?: Rates;
  /** The phases that each step of the chunk takes, in this order; one may be repeated. Without it, all in theirs. */
  readonly phases?: readonly string[] | undefined;
  /**
   * Gives the state away: the new one takes its memory, and its arrays are empty afterwards, also if the run fails. Saves
   * as much memory as a state has, and the waiting for garbage collection. JAX's `donate_argnums`.
   */
  readonly donate?: boolean;
}

/**
 * Training as a compiled program: many steps run in one call, with parameters and optimizer state staying inside ONNX
 * Runtime meanwhile. One loop is compiled for each size of batch and choice of phases, when it is first seen.
 */
export interface TrainingProgram {
  /** What computes it. */
  readonly executor: ExecutorName;
  /** What `auto` has gone by; undefined where there was no choice. */
  readonly estimate: StepEstimate | undefined;
  readonly layout: Layout;
  /** The values that parameters and buffers had at compilation, with optimizers that have seen nothing. Made when asked for. */
  readonly initialState: TrainingState;
  /**
   * Runs a chunk of steps from `state` and returns the new state; `state` itself stays valid, unless it is donated. Values of
   * several phases are called `phase.loss`, `phase.metric`.
   */
  run(state: TrainingState, chunk: Chunk): Promise<{ readonly state: TrainingState; readonly values: StepValues }>;
  /** Writes the state into the parameters and buffers of the model. */
  store(state: TrainingState): void;
  /** Gives the compiled loops back. */
  release(): void;
}

const plans = new Latest<PlannedStep<UpdateRun, TrainingPlan>>(64);

/** @throws TensorError if a loss is no scalar, or no parameter has a gradient */
export async function compileTraining(options: TrainingOptions): Promise<TrainingProgram> {
  const phases: ReadonlyMap<string, TrainingPhase> = new Map(
    options.phases === undefined ? [[onlyPhase, options]] : Object.entries(options.phases),
  );
  const all = [...phases.keys()];
  if (all.length === 0 || (options.phases !== undefined && all.includes(onlyPhase)))
    throw new TensorError("TENSOR_VALUE", "phases: name at least one phase, and each by a name that is not empty");
  let layout: Layout | undefined;
  const changed = new Map<string, Changed>();
  const program = stepProgram<UpdateRun, readonly string[], TrainingPlan>(
    "training",
    options,
    plans,
    (batch, batchSize, names) => {
      const turns: TracedPhase[] = [];
      for (const name of names) {
        const phase = phases.get(name);
        if (phase !== undefined) turns.push(tracePhase(name, phase, batch, turns.at(-1)?.traced.nextRandomId ?? 0));
      }
      const variables = [...new Set(turns.flatMap(variablesOf))];
      return {
        key: trainingKey({ fields: options.fields, batch, batchSize }, turns, variables, layout),
        variables,
        make() {
          const all = turns.map(differentiate);
          const reached = all.map(({ reached }) => reached);
          for (const [index, turn] of all.entries()) checkSameVariables(changed, turn, reached[index] ?? [], batchSize);
          return planTraining(all, layout ?? layoutOf(all, reached), variables);
        },
        isShared: ({ reached }) => turns.every((turn, index) => readsOnly(turn, reached[index], variables)),
        planned({ reached: places }) {
          const reached = turns.map(({ groups }, index) =>
            groupsWith(groups, (parameter) => places[index]?.has(variables.indexOf(parameter)) === true),
          );
          for (const [index, turn] of turns.entries())
            checkSameVariables(changed, turn, reached[index] ?? [], batchSize);
          layout ??= layoutOf(turns, reached);
        },
      };
    },
  );
  const optimizers = memoizedByName(phases);
  program.plan(options.batchSize, all);
  await program.compile(options.batchSize, all);
  const { executor, estimate } = program;
  if (executor === undefined) throw new RangeError("the program has no executor");
  const known: Layout = layout ?? { segments: [], buffers: [] };
  const makeInitialState = stateSource(known);
  return {
    executor,
    estimate,
    layout: known,
    get initialState() {
      return makeInitialState();
    },
    async run(given, { lr, donate = false, phases: chosen = all, ...chunk }) {
      checkPhases(all, chosen);
      const rates = ratesOf(lr, phases);
      const { plan, steps, run, keeps } = await program.prepare(chunk, chosen);
      const from = valuesInside(given);
      const goesOn = from !== undefined && keeps(from.result);
      if (!goesOn) checkState(known, given);
      const state = goesOn ? { ...from.base, ...countsOf(given) } : donate ? takeState(given) : given;
      if (goesOn && donate) takeInside(given);
      const result = await run(
        { state, firstStep: state.step, steps, lr: rates, optimizers },
        { overwrite: donate, goesOn },
      );
      const after = () => plan.stateAfter(state, steps, result);
      if (!keeps(result)) return { values: result.values, state: after() };
      const counts = plan.countsAfter(state, steps);
      return { values: result.values, state: stateInside(counts, { base: state, result }, after) };
    },
    store: (state) => storeState(state, known),
    release: () => program.release(),
  };
}

/** A state fits the loops of all sizes of batch only if they change the same variables. */
function checkSameVariables(
  known: Map<string, Changed>,
  turn: TracedPhase,
  reached: readonly UpdatedGroup[],
  batchSize: number,
): void {
  const now = changedBy(turn, reached);
  const before = known.get(turn.name) ?? now;
  known.set(turn.name, before);
  if (before.symmetricDifference(now).size > 0) {
    throw new TensorError(
      "TENSOR_VALUE",
      `the step for batches of ${batchSize} changes other parameters or buffers than the first one did; it must build the same computation for every size`,
    );
  }
}

function variablesOf({ traced }: TracedPhase): readonly Variable[] {
  return [...traced.leaves, ...traced.updates.keys()];
}

/** Whether all parameters that a turn reads have gradients: then what optimizers make of them is in the key. */
function readsOnly(
  turn: TracedPhase,
  reached: ReadonlySet<number> | undefined,
  variables: readonly Variable[],
): boolean {
  const read = readGroups(turn).flatMap(({ parameters }) => parameters);
  return read.every((parameter) => reached?.has(variables.indexOf(parameter)) === true);
}

/** The optimizers of a phase, by its name. */
function memoizedByName(phases: ReadonlyMap<string, TrainingPhase>): UpdateRun["optimizers"] {
  const known = new Map(
    Array.from(phases, ([name, { optimizer, groups = [] }]) => [
      name,
      [...new Set([optimizer, ...groups.map((group) => group.optimizer)])],
    ]),
  );
  return (phase) => known.get(phase) ?? [];
}
