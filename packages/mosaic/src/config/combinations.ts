import type { Texts } from "../pipelines/pipeline.ts";
import type { ClassSection } from "./class-section.ts";
import { type ChosenPipelines, generateChosen } from "./pipelines.ts";

/** More combinations than this are not all tried: each value is, beside the first ones of all others. */
const mostCombinations = 10_000;

interface Alternatives {
  readonly name: string;
  readonly values: readonly string[];
}

/** What options may be together, one value each. */
export function* combinations(options: readonly Alternatives[]): Generator<Readonly<Record<string, string>>> {
  const size = options.reduce((product, { values }) => product * values.length, 1);
  if (size > mostCombinations) {
    const first = Object.fromEntries(
      options.flatMap(({ name, values }) => values.slice(0, 1).map((value) => [name, value])),
    );
    yield first;
    for (const { name, values } of options) for (const value of values.slice(1)) yield { ...first, [name]: value };
    return;
  }
  let picked: readonly Readonly<Record<string, string>>[] = [{}];
  for (const { name, values } of options)
    picked = values.flatMap((value) => picked.map((before) => ({ ...before, [name]: value })));
  yield* picked;
}

/** What the options of each section are together in the pipelines that are chosen. */
export function chosenCombinations(pipelines: ChosenPipelines): (section: ClassSection) => Iterable<Texts> {
  if (pipelines.zips.size === 0 && pipelines.choice.isChosen === undefined)
    return ({ options }) => combinations(options);
  const found = new Map(pipelines.sections.map((section) => [section, new Map<string, Texts>()]));
  for (const { modules } of generateChosen(pipelines)) {
    for (const { section, options } of modules) {
      const ofSection = found.get(section);
      if (ofSection !== undefined && ofSection.size < mostCombinations) ofSection.set(JSON.stringify(options), options);
    }
  }
  return (section) => found.get(section)?.values() ?? [];
}
