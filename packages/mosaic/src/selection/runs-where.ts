/** Which runs of a database meet a condition: `status = error and MLP.depth > 2 and test_loss > 0.1`. */
import { isNullText } from "@ml-mosaic/configurable";
import { type Condition, evaluate, namesIn, unknownNames, type Value } from "../conditions/index.ts";
import { componentValues } from "../config/component-values.ts";
import { groupOf, isOfComponent } from "../config/process-options.ts";
import { MosaicError } from "../errors.ts";
import { findFigure, readFigures } from "../figures/known-figures.ts";
import type { ModuleSpec } from "../pipelines/pipeline.ts";
import type { StoreReader } from "../store/index.ts";

/** What a name stands for, run by run. */
type ValueOf = (runId: number) => Value;

/** Names that every run has, whatever its pipeline is. */
const ownNames = ["status", "id", "tag", "note"];

/** Ids, ascending. Only what the condition names is held, a value for each run. */
export async function runsWhere(reader: StoreReader, condition: Condition): Promise<readonly number[]> {
  const values = await readValues(reader, condition);
  const tags: TagTests = new Map();
  const tested = testingTags(condition, tags);
  for (const [name, tag] of tags) values.set(name, await hasTag(reader, tag));
  const ids = await reader.runIds();
  return ids.filter((runId) => evaluate(tested, (name) => values.get(name)?.(runId)));
}

/** @throws MosaicError for names that nothing in the database has */
async function readValues(reader: StoreReader, condition: Condition): Promise<Map<string, ValueOf>> {
  const values = new Map<string, ValueOf>();
  const unknown = new Set<string>();
  const figures = await readFigures(reader);
  for (const name of new Set(namesIn(condition).map((each) => each.name))) {
    const found = ownNames.includes(name) ? await ownValue(reader, name) : await storedValue(reader, name, figures);
    if (found === undefined) unknown.add(name);
    else values.set(name, found);
  }
  const modules = unknown.size === 0 ? undefined : await readModuleOptions(reader, unknown);
  for (const [name, ofRuns] of modules?.values ?? []) values.set(name, (runId) => ofRuns.get(runId));
  if (modules !== undefined && [...unknown].some((name) => !values.has(name))) {
    const options = (await reader.paramSummaries()).map(({ name }) => name);
    const known = [...ownNames, ...figures.map(({ name }) => name), ...modules.names, ...options];
    const faults = unknownNames(condition, [...new Set([...values.keys(), ...known])]);
    throw refused(faults.map(({ message, remedy }) => `${message} ${remedy}`));
  }
  return values;
}

async function ownValue(reader: StoreReader, name: string): Promise<ValueOf> {
  switch (name) {
    case "id":
      return (runId) => runId;
    case "status": {
      const statuses = await reader.statuses();
      return (runId) => statuses.get(runId);
    }
    case "note": {
      const notes = await reader.notes();
      return (runId) => notes.get(runId) ?? "None";
    }
    default:
      // Tags are tested one by one.
      return () => undefined;
  }
}

/**
 * A figure, or an option by its name in `params`; undefined where no run has it and it is no figure either. `PROCESS.epochs` is
 * how many were asked for, `epochs` how many there are where the run has ended.
 */
async function storedValue(
  reader: StoreReader,
  name: string,
  figures: Awaited<ReturnType<typeof readFigures>>,
): Promise<ValueOf | undefined> {
  const option = /^PROCESS\.(.+)$/.exec(name)?.[1];
  if (isOfComponent(option ?? name)) return readComponentValues(reader, option ?? name);
  const stored = option === undefined ? await reader.valuesOf(name) : await reader.optionsOf(option);
  if (stored.size > 0) return (runId) => stored.get(runId);
  if (option !== undefined) return undefined;
  const figure = findFigure(figures, name);
  if (figure === undefined) return undefined;
  const ofFigure = await reader.valuesOf(figure.name);
  return (runId) => ofFigure.get(runId);
}

/** Components are what they are for training, however they are spelt, and also where it is the default. */
async function readComponentValues(reader: StoreReader, name: string): Promise<ValueOf | undefined> {
  const group = groupOf(name) ?? name;
  const beside = (await reader.paramSummaries()).map((summary) => summary.name);
  const names = beside.filter((each) => each === group || each.startsWith(`${group}.`));
  const stored = await Promise.all(
    [...names, "class_loss_function"].map(async (each) => [each, await reader.optionsOf(each)] as const),
  );
  // A run of the original that failed says nothing of its training.
  const known = await reader.optionsOf("lr");
  const componentValue = componentValues();
  const values = new Map(
    known.keys().map((runId) => {
      const texts = stored.flatMap(([each, ofRuns]) => {
        const text = ofRuns.get(runId) ?? undefined;
        return text === undefined ? [] : [[each, text] as const];
      });
      return [runId, componentValue(name, Object.fromEntries(texts))];
    }),
  );
  return values.values().some((value) => value !== undefined) ? (runId) => values.get(runId) : undefined;
}

interface ModuleOptions {
  /** Every name that an option of some module has. */
  readonly names: ReadonlySet<string>;
  /** Of the wanted names that some run has: what each run has. */
  readonly values: ReadonlyMap<string, ReadonlyMap<number, string>>;
}

async function readModuleOptions(reader: StoreReader, wanted: ReadonlySet<string>): Promise<ModuleOptions> {
  const names = new Set<string>();
  const values = new Map<string, Map<number, string>>();
  await reader.readPipelines((runId, { modules }) => {
    for (const [name, text] of [...modules.flatMap(qualifiedOptions), ...ownOptions(modules)]) {
      names.add(name);
      if (!wanted.has(name)) continue;
      const ofRuns = values.get(name) ?? new Map<number, string>();
      if (!ofRuns.has(runId)) values.set(name, ofRuns.set(runId, text));
    }
  });
  return { names, values };
}

/** By the section, where the database knows it, by the type and by the class. */
function qualifiedOptions({ section, type, className, options, key }: ModuleSpec) {
  const all = [...Object.entries(options), ["key", key], ["class", className]] as const;
  return [...new Set([section, type, className])].flatMap((place) =>
    place === undefined ? [] : all.map(([name, text]) => [`${place}.${name}`, text] as const),
  );
}

/** By their names alone, those that one module of the pipeline has and no other. */
function ownOptions(modules: readonly ModuleSpec[]) {
  const all = modules.flatMap(({ options }) => Object.entries(options));
  return all.filter(([name]) => all.filter(([other]) => other === name).length === 1);
}

/** What is looked for, by names that no user can write: undefined is "no tag at all". */
type TagTests = Map<string, string | undefined>;

/** A run has many tags: `tag = best` holds where one of them is that, `tag != best` where none is. */
function testingTags(condition: Condition, tests: TagTests): Condition {
  switch (condition.kind) {
    case "and":
    case "or":
      return { ...condition, parts: condition.parts.map((part) => testingTags(part, tests)) };
    case "not":
      return { ...condition, part: testingTags(condition.part, tests) };
    case "in":
      if (condition.name.name !== "tag") return condition;
      return { kind: "or", parts: condition.values.map((value) => tagTest(condition.name, value, tests)) };
    case "comparison": {
      const { name, relation, value } = condition;
      if (name.name !== "tag") return condition;
      if (relation !== "=" && relation !== "!=")
        throw refused([`"tag" at character ${name.at} has no order. Compare it with =, != or in.`]);
      const test = tagTest(name, value, tests);
      return relation === "=" ? test : { kind: "not", part: test };
    }
    default:
      return condition satisfies never;
  }
}

type Comparison = Extract<Condition, { kind: "comparison" }>;

function tagTest({ at }: Comparison["name"], { text, isQuoted }: Comparison["value"], tests: TagTests): Condition {
  const isNone = !isQuoted && isNullText(text);
  const name = `tag\n${isNone ? "" : text}`;
  tests.set(name, isNone ? undefined : text);
  return { kind: "comparison", name: { name, at }, relation: "=", value: { text: "true", isQuoted: false, at } };
}

async function hasTag(reader: StoreReader, tag: string | undefined): Promise<ValueOf> {
  const tags = tag === undefined ? [...(await reader.tagCounts()).keys()] : [tag];
  const tagged = new Set((await Promise.all(tags.map((each) => reader.runsTagged(each)))).flat());
  return (runId) => tagged.has(runId) === (tag !== undefined);
}

function refused(faults: readonly string[]): MosaicError {
  return new MosaicError("BAD_SELECTOR", faults.map((fault) => `--where: ${fault}`).join("\n"));
}
