/**
 * Keys of steps as they were traced, before anything is made of them: steps with one key have one plan, which knows
 * variables and optimizers by their places. Most runs of a comparison differ in what the plan does not know: the values of
 * variables, the samples, the learning rate.
 */
import { input, type Tensor } from "../tensor.ts";
import type { Parameter, Variable } from "../variable.ts";
import { type KeyWriter, keyOf } from "./key-writer.ts";
import type { Layout } from "./layout.ts";
import { writeTensors } from "./loop-key.ts";
import { groupsWith, type TracedPhase } from "./phase.ts";
import type { FieldSpec } from "./samples.ts";
import { type Segment, segmentsOf, type Updater } from "./segment.ts";
import type { TracedStep } from "./step.ts";

/** What steps get. */
export interface StepBatch {
  readonly fields: readonly FieldSpec[];
  readonly batch: readonly Tensor[];
  readonly batchSize: number;
}

type PlaceOf = (variable: Variable) => number;

function placesOf(variables: readonly Variable[]): PlaceOf {
  const places = new Map(variables.map((variable, place) => [variable, place]));
  return (variable) => places.get(variable) ?? -1;
}

/** Of an evaluation, whose state has a layout. */
export function evaluationKey(given: StepBatch, traced: TracedStep, layout: Layout): string {
  return keyOf((writer) => {
    const placeOf = placesOf(traced.leaves);
    writeBatch(writer, given);
    writeStep(writer, given, traced, placeOf);
    writer.whole(layout.segments.length);
    for (const segment of layout.segments) writeSegment(writer, segment, placeOf);
    writeVariables(writer, layout.buffers, placeOf);
  });
}

/**
 * Of the turns of a training.
 *
 * @param variables that they read or change
 * @param layout of the state, where it is known
 */
export function trainingKey(
  given: StepBatch,
  turns: readonly TracedPhase[],
  variables: readonly Variable[],
  layout: Layout | undefined,
): string {
  return keyOf((writer) => {
    const placeOf = placesOf(variables);
    const optimizers = new Map(turns.map((turn) => [turn.name, optimizersOf(turn)]));
    writeBatch(writer, given);
    writer.whole(turns.length);
    for (const turn of turns) {
      const { accumulate = 1, clipNorm, clipValue } = turn.phase;
      writer.text(turn.name).number(accumulate).text(`${clipNorm} ${clipValue}`);
      writeStep(writer, given, turn.traced, placeOf);
    }
    const segments = layout?.segments ?? segmentsOf(turns.flatMap(readGroups));
    writer.whole(segments.length);
    for (const segment of segments) {
      writeSegment(writer, segment, placeOf);
      for (const updater of segment.updaters) {
        writer.text(updater.phase).whole(optimizers.get(updater.phase)?.indexOf(updater.optimizer) ?? -1);
        writeUpdate(writer, segment, updater);
      }
    }
    writer.text(layout === undefined ? "new" : "known");
    if (layout !== undefined) writeVariables(writer, layout.buffers, placeOf);
    for (const name of layout?.phases ?? []) writer.text(name);
  });
}

/** The different ones of a phase. */
export function optimizersOf({ groups }: Pick<TracedPhase, "groups">): Updater["optimizer"][] {
  return [...new Set(groups.map(({ updater }) => updater.optimizer))];
}

/** The groups with the parameters that the step reads, which nearly always are those that have gradients. */
export function readGroups({ groups, traced }: TracedPhase): ReturnType<typeof groupsWith> {
  const isRead = new Set<Variable>(traced.leaves);
  return groupsWith(groups, (parameter: Parameter) => isRead.has(parameter));
}

function writeBatch(writer: KeyWriter, { fields, batchSize }: StepBatch): void {
  writer.whole(batchSize).whole(fields.length);
  for (const { shape, dtype } of fields) writer.text(dtype).numbers(shape);
}

/** What it computes, the names of what it reports, and which variables it reads and changes. */
function writeStep(writer: KeyWriter, { batch }: StepBatch, traced: TracedStep, placeOf: PlaceOf): void {
  const { reported, updates, leaves, randomOps } = traced;
  const reports = Object.values(reported);
  const updated = [...updates.values()];
  // What random ops draw goes by their numbers.
  const writeAll = writeTensors(writer, [...reports, ...updated], new Map(randomOps.map((id) => [id, id])));
  for (const name of Object.keys(reported)) writer.text(name);
  for (const list of [reports, updated, batch, leaves]) writeAll(list);
  writer.numbers(leaves.map(placeOf));
  writeVariables(writer, [...updates.keys()], placeOf);
}

function writeVariables(writer: KeyWriter, variables: readonly Variable[], placeOf: PlaceOf): void {
  writer.whole(variables.length);
  for (const variable of variables) writer.whole(placeOf(variable)).text(variable.dtype).numbers(variable.shape);
}

function writeSegment(writer: KeyWriter, { shape, parameters, slots, updaters }: Segment, placeOf: PlaceOf): void {
  writer.numbers(shape).whole(updaters.length);
  writeVariables(writer, parameters, placeOf);
  writeSlots(writer, slots);
}

function writeSlots(writer: KeyWriter, slots: Segment["slots"]): void {
  const starts = Object.entries(slots);
  writer.whole(starts.length);
  for (const [name, start] of starts) {
    writer.text(name).text(typeof start);
    if (typeof start === "number") writer.number(start);
  }
}

/** What an optimizer makes of a vector: by what it builds, as nothing else tells what its options change. */
function writeUpdate(writer: KeyWriter, { shape }: Segment, { optimizer, slots }: Updater): void {
  const vector = (name: string) => input(name, shape, "float32");
  const named = (names: readonly string[], make: (name: string) => Tensor): Readonly<Record<string, Tensor>> =>
    Object.fromEntries(names.map((name) => [name, make(name)]));
  const parameter = vector("parameter");
  const gradient = vector("gradient");
  const own = named(Object.keys(optimizer.slots), vector);
  const scalars = named(Object.keys(optimizer.scalars(0, optimizer.lr)), (name) => input(name, [], "float32"));
  // How many rows there are, the step says.
  const rows =
    optimizer.takesRows === true
      ? { index: input("index", [1], "int64"), rows: input("rows", [1, ...shape.slice(1)], "float32") }
      : undefined;
  const after = optimizer.update({ parameter, gradient, ...(rows && { rows }), slots: own, scalars });
  const given = [
    parameter,
    gradient,
    ...(rows === undefined ? [] : [rows.index, rows.rows]),
    ...Object.values(own),
    ...Object.values(scalars),
  ];
  const made = [after.parameter, ...Object.entries(own).map(([name, slot]) => after.slots[name] ?? slot)];
  writeSlots(writer, slots);
  const writeAll = writeTensors(writer, [...given, ...made], new Map());
  writer.whole(Object.keys(scalars).length);
  for (const name of Object.keys(scalars)) writer.text(name);
  writeAll(given);
  writeAll(made);
}
