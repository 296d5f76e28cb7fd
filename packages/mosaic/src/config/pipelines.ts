/** Every pipeline of an experiment, one after the other: nothing is kept, so that their number costs no memory. */
import { unquotedText } from "@ml-mosaic/configurable";
import { seesOption } from "../pipelines/applying-options.ts";
import type { ModuleSpec, Pipeline, Texts } from "../pipelines/pipeline.ts";
import { type ClassSection, ownTexts } from "./class-section.ts";
import { fillKeyPattern } from "./key-pattern.ts";
import type { ProcessSection } from "./process-section.ts";

/** An option with the values that it takes. */
export interface Varied {
  readonly name: string;
  readonly values: readonly string[];
}

/** For each option that goes together with others the group, whose options have equally many values. */
export type Zips = ReadonlyMap<Varied, object>;

/** The parts of an experiment that decide about its pipelines. */
export interface PipelineAxes {
  readonly process: Pick<ProcessSection, "axes" | "dataScheme" | "pipelineScheme">;
  readonly sections: readonly ClassSection[];
  readonly zips: Zips;
}

/** Those of all pipelines that are meant: whether each is, by its place; undefined where all are. */
export interface Choice {
  readonly isChosen: Uint8Array | undefined;
  /** How many have modules of several languages, which none of their workers could carry out. */
  readonly mixed: number;
  /** How many of the others `exclude` leaves out. */
  readonly excluded: number;
  /** How many of those that are left are not in the sample. */
  readonly unsampled: number;
}

export interface ChosenPipelines extends PipelineAxes {
  readonly choice: Choice;
}

/** More pipelines or runs than this are a slip of the pen: no machine would see their end. */
export const mostRuns = 10_000_000;

/** A pipeline before its modules are put together. */
export interface Draft {
  readonly training: Texts;
  readonly modules: readonly ModuleDraft[];
}

interface ModuleDraft {
  readonly section: ClassSection;
  /** Those of the class. */
  readonly options: Texts;
}

/** How many pipelines there are, chosen or not, without generating them. May be Infinity. */
export function countDrafts(axes: PipelineAxes): number {
  const programs = programsOf(axes).map((section) => countTogether(axesOf(axes, section), section.options, axes.zips));
  return programs.reduce((total, count) => total + count, countClassDrafts(axes));
}

/** Those of them that consist of classes. */
export function countClassDrafts(axes: PipelineAxes): number {
  const stages = stagesOf(axes);
  if (stages.length === 0) return 0;
  const training = axes.process.axes;
  const sizes = stages.map((sections) => sections.reduce((total, { options }) => total + countOf(options), 0));
  const product = sizes.reduce((total, size) => total * size, countOf(training));
  if (axes.zips.size === 0) return product;
  // Which options go together depends on the sections that a pipeline has.
  const combinations = stages.reduce((total, sections) => total * sections.length, 1);
  if (combinations > mostRuns) return product;
  let total = 0;
  for (const { items } of choices(stages.map(eachOf), noPlaces))
    total += countTogether(
      training,
      items.flatMap(({ options }) => options),
      axes.zips,
    );
  return total;
}

function countOf(options: readonly Varied[]): number {
  return options.reduce((total, { values }) => total * values.length, 1);
}

/** Of options that go together one counts. */
function countTogether(training: readonly Varied[], options: readonly Varied[], zips: Zips): number {
  const leaders = new Map<object, Varied>();
  for (const option of [...training, ...options]) leaders.set(zips.get(option) ?? option, option);
  return countOf([...leaders.values()]);
}

/** How many pipelines `generatePipelines` gives. */
export function countPipelines({ choice, ...axes }: ChosenPipelines): number {
  return countDrafts(axes) - choice.mixed - choice.excluded - choice.unsampled;
}

/**
 * The pipelines in order: the axes of PROCESS are slowest, then the stages, the last fastest; within a stage sections
 * in file order, within a section the last option fastest. Then the programs, each of which is a pipeline by itself.
 */
export function* generatePipelines(pipelines: ChosenPipelines): Generator<Pipeline, void, undefined> {
  for (const { training, modules } of generateChosen(pipelines))
    yield { training, modules: modules.map((module) => moduleOf(module, pipelines.sections)) };
}

export function* generateChosen({ choice, ...axes }: ChosenPipelines): Generator<Draft, void, undefined> {
  let place = 0;
  for (const draft of generateDrafts(axes))
    if (choice.isChosen === undefined || choice.isChosen[place++] === 1) yield draft;
}

/** Of all pipelines, chosen or not. */
export function* generateDrafts(axes: PipelineAxes): Generator<Draft, void, undefined> {
  const stages = stagesOf(axes).map((sections) => (places: Places) => modulesOfStage(sections, axes.zips, places));
  for (const { items, places } of variants(axes.process.axes, axes.zips, noPlaces)) {
    const training = Object.fromEntries(items);
    if (stages.length > 0) for (const { items: modules } of choices(stages, places)) yield { training, modules };
  }
  for (const section of programsOf(axes))
    for (const { items, places } of variants(axesOf(axes, section), axes.zips, noPlaces))
      for (const { item } of modulesOfStage([section], axes.zips, places))
        yield { training: Object.fromEntries(items), modules: [item] };
}

export interface PlannedRun {
  readonly pipeline: Pipeline;
  /** 0 to multiplicity - 1. */
  readonly repetition: number;
}

/** Every pipeline as often as `multiplicity` says, in a row. */
export function* generateRuns(
  pipelines: ChosenPipelines,
  multiplicity: number,
): Generator<PlannedRun, void, undefined> {
  for (const pipeline of generatePipelines(pipelines)) {
    for (let repetition = 0; repetition < multiplicity; repetition++) yield { pipeline, repetition };
  }
}

/** For each type of the schemes its classes; a type that only programs have is no stage. */
function stagesOf({ process, sections }: PipelineAxes): readonly (readonly ClassSection[])[] {
  return [...process.dataScheme, ...process.pipelineScheme]
    .map((type) => sections.filter((section) => section.type === type && section.source.kind !== "program"))
    .filter((ofType) => ofType.length > 0);
}

function programsOf({ sections }: PipelineAxes): readonly ClassSection[] {
  return sections.filter(({ source }) => source.kind === "program");
}

/** Other values of an option that a program does not see make the same pipeline. */
function axesOf({ process }: PipelineAxes, { options }: ClassSection): PipelineAxes["process"]["axes"] {
  const texts = Object.fromEntries(options.map(({ name, text }) => [name, text]));
  return process.axes.filter(({ name }) => seesOption(name, texts));
}

function* modulesOfStage(
  sections: readonly ClassSection[],
  zips: Zips,
  places: Places,
): Generator<Chosen<ModuleDraft>, void, undefined> {
  for (const section of sections)
    for (const { items, places: next } of variants(section.options, zips, places))
      yield { item: { section, options: Object.fromEntries(items) }, places: next };
}

function moduleOf({ section, options }: ModuleDraft, sections: readonly ClassSection[]): ModuleSpec {
  const { type, className, pathToClass: path, order } = section;
  const texts: ModuleSpec["options"] = { ...options, ...ownTexts(section) };
  const twin = sections.find(({ name }) => name === section.sameDataAs?.section);
  return {
    type,
    className,
    path,
    key: fillKeyPattern(section.key, (name) => (texts[name] === undefined ? undefined : unquotedText(texts[name]))),
    ...(twin === undefined ? {} : { sameDataAs: keyOfTwin(twin, options) }),
    ...(section.isExpanded || section.source.kind === "program" ? { section: section.name } : {}),
    options,
    order,
  };
}

/** The key of the variant that has these values. */
function keyOfTwin(twin: ClassSection, options: Texts): string {
  const own: Texts = ownTexts(twin);
  return fillKeyPattern(twin.key, (name) => {
    const values = twin.options.find((option) => option.name === name)?.values ?? [];
    const text = own[name] ?? (values.length === 1 ? values[0] : options[name]);
    return text === undefined ? undefined : unquotedText(text);
  });
}

/** The place in their lists of options that go together, where one of them has been chosen. */
type Places = ReadonlyMap<object, number>;

const noPlaces: Places = new Map();

interface Chosen<Item> {
  readonly item: Item;
  /** With those that choosing it has determined. */
  readonly places: Places;
}

type Alternatives<Item> = (places: Places) => Iterable<Chosen<Item>>;

/** Every combination of the options' values, the last option's fastest. */
function variants(options: readonly Varied[], zips: Zips, places: Places) {
  return choices(
    options.map((option) => (before) => valuesOf(option, zips.get(option), before)),
    places,
  );
}

function valuesOf(
  { name, values }: Varied,
  group: object | undefined,
  places: Places,
): readonly Chosen<readonly [name: string, value: string]>[] {
  const each = values.map((value, place) => ({
    item: [name, value] as const,
    places: group === undefined ? places : new Map(places).set(group, place),
  }));
  const place = group === undefined ? undefined : places.get(group);
  return place === undefined ? each : each.slice(place, place + 1);
}

function eachOf<Item>(items: readonly Item[]): Alternatives<Item> {
  return (places) => items.map((item) => ({ item, places }));
}

/** Every choice of one item from each list, the last list's fastest. */
function* choices<Item>(
  lists: readonly Alternatives<Item>[],
  places: Places,
): Generator<{ readonly items: readonly Item[]; readonly places: Places }, void, undefined> {
  const [first, ...others] = lists;
  if (first === undefined) return yield { items: [], places };
  for (const { item, places: next } of first(places))
    for (const rest of choices(others, next)) yield { items: [item, ...rest.items], places: rest.places };
}
