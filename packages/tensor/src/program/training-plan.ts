/** What a step of training does: one phase after the other, each upon what those before it have made. */
import { expectFloat32, type TypedArray } from "../dtype.ts";
import { substitute } from "../graph/substitute.ts";
import { cat } from "../methods/movement.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { bufferEntry, type Layout, type StateRun, segmentEntry, slotEntries, type TrainingState } from "./layout.ts";
import type { Carried, Entry } from "./loop.ts";
import type { DifferentiatedPhase, TracedPhase, UpdatedGroup } from "./phase.ts";
import { onlyPhase } from "./phase-names.ts";
import { segmentsOf } from "./segment.ts";
import { optimizersOf } from "./step-key.ts";
import type { Plan, StepsResult } from "./step-program.ts";
import { type UpdateRun, updateSegments } from "./update.ts";

export interface TrainingPlan extends Plan<UpdateRun> {
  /** For each turn, the places of the variables that optimizers change. */
  readonly reached: readonly ReadonlySet<number>[];
  /** How many steps the state has seen after some of a run. */
  countsAfter(before: TrainingState, steps: number): Counts;
  /** The state after some steps of a run. */
  stateAfter(before: TrainingState, steps: number, result: StepsResult): TrainingState;
}

export type Counts = Pick<TrainingState, "step" | "phases">;

export function countsOf({ step, phases }: TrainingState): Counts {
  return { step, ...(phases && { phases }) };
}

export function layoutOf(turns: readonly TracedPhase[], reached: readonly (readonly UpdatedGroup[])[]): Layout {
  const names = turns.map(({ name }) => name);
  return {
    ...(names.includes(onlyPhase) ? {} : { phases: names }),
    segments: segmentsOf(reached.flat()),
    buffers: [...new Set(turns.flatMap(({ traced }) => [...traced.updates.keys()]))],
  };
}

/** @param turns the phases of a step in their order, each with the tensors as it finds them where it is the first */
export function planTraining(
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
