// Every pipeline of an experiment, one after the other: nothing is kept, so that their number costs no memory.

import type { ClassOption, ClassSection } from "./class-section.ts";
import { fillKeyPattern } from "./key-pattern.ts";
import type { ProcessSection } from "./process-section.ts";

/** One module of a pipeline, or its training options (`type` is `process`): flat, every value a text. */
export type PipelineEntry = Readonly<Record<string, string>>;

export type Pipeline = readonly PipelineEntry[];

/** The parts of an experiment that decide about its pipelines. */
export interface PipelineAxes {
  readonly process: Pick<ProcessSection, "axes" | "dataScheme" | "pipelineScheme">;
  readonly sections: readonly ClassSection[];
}

/** More pipelines or runs than this are a slip of the pen: no machine would see their end. */
export const MOST_RUNS = 10_000_000;

/** How many pipelines `generatePipelines` gives, without generating them. May be Infinity. */
export function countPipelines(axes: PipelineAxes): number {
  return product([processSize(axes), ...stages(axes).map(stageSize)]);
}

/**
 * The pipelines in order: the axes of PROCESS are slowest, then the stages, the last fastest; within a stage sections
 * in file order, within a section the last option fastest. Neighbours share the entries in which they are equal.
 */
export function* generatePipelines(axes: PipelineAxes): Generator<Pipeline, void, undefined> {
  const wheels = [
    { size: processSize(axes), entry: (index: number) => processEntry(axes, index) },
    ...stages(axes).map((stage) => ({ size: stageSize(stage), entry: (index: number) => stageEntry(stage, index) })),
  ];
  if (wheels.some(({ size }) => size === 0)) return;
  const positions = wheels.map(() => 0);
  const entries = wheels.map((wheel) => wheel.entry(0));
  for (;;) {
    const [process, ...modules] = entries;
    yield [...modules, process].filter((entry) => entry !== undefined);
    let turning = wheels.length - 1;
    for (; turning >= 0; turning--) {
      const wheel = wheels[turning];
      if (wheel === undefined) return;
      const next = ((positions[turning] ?? 0) + 1) % wheel.size;
      positions[turning] = next;
      if (wheel.size > 1) entries[turning] = wheel.entry(next);
      if (next !== 0) break;
    }
    if (turning < 0) return;
  }
}

export interface PlannedRun {
  readonly pipeline: Pipeline;
  /** 0 to multiplicity - 1. */
  readonly repetition: number;
}

/** Every pipeline as often as `multiplicity` says, in a row. */
export function* generateRuns(axes: PipelineAxes, multiplicity: number): Generator<PlannedRun, void, undefined> {
  for (const pipeline of generatePipelines(axes)) {
    for (let repetition = 0; repetition < multiplicity; repetition++) yield { pipeline, repetition };
  }
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

/** The sections of one type, each with the number of its variants. */
type Stage = readonly { readonly section: ClassSection; readonly size: number }[];

function stages({ process, sections }: PipelineAxes): readonly Stage[] {
  return [...process.dataScheme, ...process.pipelineScheme].map((type) =>
    sections
      .filter((section) => section.type === type)
      .map((section) => ({ section, size: product(section.options.map(({ values }) => values.length)) })),
  );
}

function stageSize(stage: Stage): number {
  return stage.reduce((total, { size }) => total + size, 0);
}

function processSize({ process }: PipelineAxes): number {
  return product(process.axes.map(({ values }) => values.length));
}

function stageEntry(stage: Stage, index: number): PipelineEntry | undefined {
  let remaining = index;
  for (const { section, size } of stage) {
    if (remaining < size) return sectionEntry(section, remaining);
    remaining -= size;
  }
  return undefined;
}

function sectionEntry(section: ClassSection, index: number): PipelineEntry {
  const values = pick(section.options, index);
  const filled = values.map(([name, value]) => {
    if (name !== "key") return [name, value];
    return [name, fillKeyPattern(section.key, (option) => values.find(([other]) => other === option)?.[1])];
  });
  return Object.fromEntries(section.isExpanded ? [...filled, ["name", section.name]] : filled);
}

/** The training options that differ between pipelines; undefined where none do. */
function processEntry({ process }: PipelineAxes, index: number): PipelineEntry | undefined {
  if (process.axes.length === 0) return undefined;
  return Object.fromEntries([["type", "process"], ...pick(process.axes, index), ["name", "PROCESS"]]);
}

/** The `index`-th combination of the options' values, the last option varying fastest. */
function pick(options: readonly Pick<ClassOption, "name" | "values">[], index: number): (readonly [string, string])[] {
  let remaining = index;
  return options
    .toReversed()
    .map(({ name, values }): readonly [string, string] => {
      const value = values[remaining % values.length] ?? "";
      remaining = Math.floor(remaining / values.length);
      return [name, value];
    })
    .toReversed();
}
