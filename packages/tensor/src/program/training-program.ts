import { Latest, nearestNames } from "@ml-mosaic/base";
import { expectFloat32, type TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { substitute } from "../graph/substitute.ts";
import { cat } from "../methods/movement.ts";
import { checkNumber, checkRate } from "../optim/checks.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import type { StepEstimate } from "./cost.ts";
import type { ExecutorName } from "./executor.ts";
import { stateInside, takeInside, valuesInside } from "./inside-state.ts";
import {
  bufferEntry,
  checkState,
  type Layout,
  type StateRun,
  segmentEntry,
  slotEntries,
  stateSource,
  storeState,
  type TrainingState,
  takeState,
} from "./layout.ts";
import type { Carried, Entry } from "./loop.ts";
import {
  type Changed,
  changedBy,
  type DifferentiatedPhase,
  differentiate,
  groupsWith,
  type TracedPhase,
  type TrainingPhase,
  tracePhase,
  type UpdatedGroup,
} from "./phase.ts";
import { segmentsOf } from "./segment.ts";
import type { StepValues } from "./step.ts";
import { optimizersOf, readGroups, trainingKey } from "./step-key.ts";
import {
  type Plan,
  type PlannedStep,
  type ProgramOptions,
  type StepChunk,
  type StepsResult,
  stepProgram,
} from "./step-program.ts";
import { type LearningRate, type UpdateRun, updateSegments } from "./update.ts";

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
  readonly lr?: number | LearningRate | Readonly<Record<string, number | LearningRate>>;
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

interface TrainingPlan extends Plan<UpdateRun> {
  /** For each turn, the places of the variables that optimizers change. */
  readonly reached: readonly ReadonlySet<number>[];
  /** How many steps the state has seen after some of a run. */
  countsAfter(before: TrainingState, steps: number): Counts;
  /** The state after some steps of a run. */
  stateAfter(before: TrainingState, steps: number, result: StepsResult): TrainingState;
}

type Counts = Pick<TrainingState, "step" | "phases">;

function countsOf({ step, phases }: TrainingState): Counts {
  return { step, ...(phases && { phases }) };
}

const plans = new Latest<PlannedStep<UpdateRun, TrainingPlan>>(64);

/** The name of the phase of programs that have but one. */
const onlyPhase = "";

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

function checkPhases(all: readonly string[], chosen: readonly string[]): void {
  if (chosen.length === 0) {
    const known = all.filter((name) => name !== "").join(", ");
    throw new TensorError(
      "TENSOR_VALUE",
      `phases: there is none to run; ${known === "" ? "leave phases out" : `there are ${known}`}`,
    );
  }
  for (const name of chosen) {
    if (all.includes(name)) continue;
    const there = all.includes(onlyPhase) ? "this program was compiled without phases" : `there are ${all.join(", ")}`;
    const [nearest] = nearestNames(name, all);
    throw new TensorError(
      "TENSOR_VALUE",
      `phases: there is no phase ${JSON.stringify(name)}; ${there}${nearest ? `. Did you mean "${nearest}"?` : ""}`,
    );
  }
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

function layoutOf(turns: readonly TracedPhase[], reached: readonly (readonly UpdatedGroup[])[]): Layout {
  const names = turns.map(({ name }) => name);
  return {
    ...(names.includes(onlyPhase) ? {} : { phases: names }),
    segments: segmentsOf(reached.flat()),
    buffers: [...new Set(turns.flatMap(({ traced }) => [...traced.updates.keys()]))],
  };
}

/** @param turns the phases of a step in their order, each with the tensors as it finds them where it is the first */
function planTraining(
  turns: readonly DifferentiatedPhase[],
  { segments, buffers }: Layout,
  variables: readonly Variable[],
): TrainingPlan {
  const state = segments.map((segment, index) => ({
    segment,
    ...segmentEntry(segment, index),
    slots: slotEntries(segment, index),
  }));
  const bufferEntries = buffers.map(bufferEntry);
  /** What the turns so far have made of what they found. */
  const now = new Map<Tensor, Tensor>();
  const perStep: Entry<UpdateRun>[] = [];
  const reported: [name: string, Tensor][] = [];
  for (const [index, { name, phase, groups, traced, gradients }] of turns.entries()) {
    const isSame = (each: DifferentiatedPhase) => each.name === name;
    const turn = {
      phase: name,
      turn: turns.slice(0, index).filter(isSame).length,
      turns: turns.filter(isSame).length,
      optimizers: optimizersOf({ groups }),
    };
    const update = updateSegments(state, gradients, turn, phase);
    perStep.push(...update.perStep);
    const changes = [...update.next, ...traced.updates];
    const reports = Object.entries(traced.reported);
    const settled = substitute([...changes.map(([, value]) => value), ...reports.map(([, value]) => value)], now);
    for (const [position, value] of settled.entries()) {
      const [before] = changes[position] ?? [];
      const [report] = reports[position - changes.length] ?? [];
      if (before !== undefined) now.set(before, value);
      else if (report !== undefined) reported.push([name === onlyPhase ? report : `${name}.${report}`, value]);
    }
    for (const { entry, computed } of state) {
      const value = now.get(entry.tensor);
      if (value === undefined) continue;
      const vector = new Map([[entry.tensor, value]]);
      for (const [parameter, part] of computed) now.set(parameter, substitute([part], vector)[0] ?? part);
    }
  }
  const leaves = [...new Set(turns.flatMap(({ traced }) => traced.leaves))];
  const isRead = new Set<Tensor>(leaves);
  const carriedOf = (entry: Entry<StateRun>): Carried<UpdateRun>[] => {
    const next = now.get(entry.tensor);
    return next === undefined ? [] : [{ ...entry, next }];
  };
  const entries = [
    ...state.map(({ entry }) => entry),
    ...state.flatMap(({ slots }) => Object.values(slots)),
    ...bufferEntries,
  ];
  const carried = new Map(entries.flatMap((entry) => carriedOf(entry).map((each) => [entry, each] as const)));
  const used = state.filter(
    ({ entry, segment }) => carried.has(entry) || segment.parameters.some((parameter) => isRead.has(parameter)),
  );
  const fixed = [...used.map(({ entry }) => entry), ...bufferEntries.filter(({ tensor }) => isRead.has(tensor))].filter(
    (entry) => !carried.has(entry),
  );
  const names = turns.map(({ name }) => name);
  const countsAfter = (before: TrainingState, steps: number): Counts => ({
    step: before.step + steps,
    ...(before.phases && { phases: phasesAfter(before.phases, names, steps) }),
  });
  return {
    countsAfter,
    reached: turns.map(
      ({ gradients }) => new Set([...gradients.keys()].map((parameter) => variables.indexOf(parameter))),
    ),
    reported: Object.fromEntries(
      Map.groupBy(reported, ([name]) => name)
        .entries()
        .map(([name, values]) => [name, joined(values.map(([, value]) => value))]),
    ),
    leaves,
    randomOps: turns.flatMap(({ traced }) => traced.randomOps),
    parts: [
      {
        fixed,
        carried: [...carried.values()],
        perStep,
        computed: used.flatMap(({ computed }) => computed),
      },
    ],
    stateAfter(before, steps, { last }) {
      const after = (entry: Entry<StateRun> | undefined, given: TypedArray) => {
        const change = entry && carried.get(entry);
        return change === undefined ? given : last(change);
      };
      const floats = (entry: Entry<StateRun> | undefined, given: Float32Array) =>
        expectFloat32(after(entry, given), `${entry?.tensor}`);
      return {
        ...countsAfter(before, steps),
        parameters: before.parameters.map((given, index) => floats(state[index]?.entry, given)),
        slots: before.slots.map((vectors, index) =>
          Object.fromEntries(
            Object.entries(vectors).map(([slot, given]) => [slot, floats(state[index]?.slots[slot], given)]),
          ),
        ),
        buffers: before.buffers.map((given, index) => after(bufferEntries[index], given)),
      };
    },
  };
}

function phasesAfter(
  before: Readonly<Record<string, number>>,
  turns: readonly string[],
  steps: number,
): Readonly<Record<string, number>> {
  const counts = { ...before };
  for (const name of turns) counts[name] = (counts[name] ?? 0) + steps;
  return counts;
}

/** What a phase reports that stands in a step more than once: of one step after the other, of one turn after the other. */
function joined(values: readonly Tensor[]): Tensor {
  const [single] = values;
  return single !== undefined && values.length === 1 ? single : cat(values.map((value) => value.reshape([-1])));
}

/** The rates of a phase, by its name. */
function ratesOf(lr: Chunk["lr"], phases: ReadonlyMap<string, TrainingPhase>): (phase: string) => LearningRate {
  const main = phases.values().next().value?.optimizer.lr ?? 1;
  const rateOf = (rate: number | LearningRate | undefined, first: number): LearningRate => {
    if (rate === undefined) return (baseLr) => baseLr;
    if (typeof rate === "function")
      return (baseLr, step) => {
        const value = rate(baseLr, step);
        // A text for each step would take longer than the step, and V8 keeps what it has written of numbers.
        if (!Number.isFinite(value)) checkNumber("run", `lr of step ${step}`, value, false, "finite");
        return value;
      };
    checkRate("run", rate);
    // The main optimizer gets the very number, and all of them where theirs are no parts of it.
    return (baseLr) => (baseLr === first || first === 0 ? rate : rate * (baseLr / first));
  };
  if (typeof lr !== "object") return () => rateOf(lr, main);
  const unknown = Object.keys(lr).find((name) => !phases.has(name));
  if (unknown !== undefined) checkPhases([...phases.keys()], [unknown]);
  return (phase) => rateOf(lr[phase], phases.get(phase)?.optimizer.lr ?? main);
}
