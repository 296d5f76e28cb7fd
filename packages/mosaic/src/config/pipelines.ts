/** Every pipeline of an experiment, one after the other: nothing is kept, so that their number costs no memory. */
import { unquotedText } from "@ml-mosaic/configurable";
import type { ModuleSpec, Pipeline } from "../pipelines/pipeline.ts";
import { type ClassSection, ownTexts } from "./class-section.ts";
import { fillKeyPattern } from "./key-pattern.ts";
import type { ProcessSection } from "./process-section.ts";

/** The parts of an experiment that decide about its pipelines. */
export interface PipelineAxes {
  readonly process: Pick<ProcessSection, "axes" | "dataScheme" | "pipelineScheme">;
  readonly sections: readonly ClassSection[];
}

/** More pipelines or runs than this are a slip of the pen: no machine would see their end. */
export const mostRuns = 10_000_000;

/** How many pipelines `generatePipelines` gives, without generating them. May be Infinity. */
export function countPipelines(axes: PipelineAxes): number {
  const stageSizes = stagesOf(axes).map((stage) =>
    stage.reduce((total, { options }) => total + variantCount(options), 0),
  );
  return stageSizes.reduce((total, size) => total * size, variantCount(axes.process.axes));
}

/**
 * The pipelines in order: the axes of PROCESS are slowest, then the stages, the last fastest; within a stage sections
 * in file order, within a section the last option fastest.
 */
export function* generatePipelines(axes: PipelineAxes): Generator<Pipeline, void, undefined> {
  const stages = stagesOf(axes).map((stage) => () => stageModules(stage));
  for (const training of variants(axes.process.axes)) {
    for (const modules of choices(stages)) yield { modules, training: Object.fromEntries(training) };
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

/** For each type of the schemes its sections. */
function stagesOf({ process, sections }: PipelineAxes): readonly (readonly ClassSection[])[] {
  return [...process.dataScheme, ...process.pipelineScheme].map((type) =>
    sections.filter((section) => section.type === type),
  );
}

function* stageModules(sections: readonly ClassSection[]): Generator<ModuleSpec, void, undefined> {
  for (const section of sections) {
    for (const options of variants(section.options)) yield moduleOf(section, Object.fromEntries(options));
  }
}

function moduleOf(section: ClassSection, options: ModuleSpec["options"]): ModuleSpec {
  const { type, className, pathToClass: path, order } = section;
  const texts: ModuleSpec["options"] = { ...options, ...ownTexts(section) };
  return {
    type,
    className,
    path,
    key: fillKeyPattern(section.key, (name) => (texts[name] === undefined ? undefined : unquotedText(texts[name]))),
    ...(section.isExpanded ? { section: section.name } : {}),
    options,
    order,
  };
}

interface Varied {
  readonly name: string;
  readonly values: readonly string[];
}

function variantCount(options: readonly Varied[]): number {
  return options.reduce((total, { values }) => total * values.length, 1);
}

/** Every combination of the options' values, the last option's fastest. */
function variants(options: readonly Varied[]) {
  return choices(
    options.map(
      ({ name, values }) =>
        () =>
          values.map((value) => [name, value] as const),
    ),
  );
}

/** Every choice of one item from each list, the last list's fastest. */
function* choices<Item>(lists: readonly (() => Iterable<Item>)[]): Generator<readonly Item[], void, undefined> {
  const [first, ...others] = lists;
  if (first === undefined) return yield [];
  for (const item of first()) for (const rest of choices(others)) yield [item, ...rest];
}
