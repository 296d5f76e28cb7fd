/** Which of all pipelines `exclude` and `sample` leave. */
import { hash } from "node:crypto";
import { type Condition, evaluate, namesIn, unknownNames } from "../conditions/index.ts";
import { sortedValues, type Texts, withoutNames } from "../pipelines/pipeline.ts";
import { identifyingTexts } from "../pipelines/run-params.ts";
import type { ClassSection } from "./class-section.ts";
import { languageOfSource } from "./class-source.ts";
import { isAmbiguous, type OptionNames, optionsOf } from "./option-names.ts";
import {
  type Choice,
  countClassDrafts,
  countDrafts,
  type Draft,
  generateDrafts,
  type PipelineAxes,
} from "./pipelines.ts";
import type { Findings } from "./problem.ts";
import { spelling } from "./process-components.ts";
import type { ProcessSection } from "./process-section.ts";
import { processTexts } from "./run-settings.ts";
import { ambiguous } from "./zip.ts";

interface Axes extends PipelineAxes {
  readonly process: Pick<ProcessSection, "axes" | "dataScheme" | "pipelineScheme" | "options" | "seed" | "choice">;
}

export const everything: Choice = { isChosen: undefined, mixed: 0, excluded: 0, unsampled: 0 };

/** All of them where nothing chooses, or a problem was found. */
export function choosePipelines(axes: Axes, names: OptionNames, findings: Findings): Choice {
  const { exclude, sample } = axes.process.choice;
  const areNamesRight = exclude === undefined || checkNames(exclude.value, exclude.line, names, findings);
  if (!areNamesRight || !isChoosing(axes)) return everything;

  const isChosen = new Uint8Array(countDrafts(axes)).fill(1);
  leaveOut(axes, isChosen, ({ modules }) => modules.some(({ section }) => !isOfOneLanguage(section, modules)));
  const ofOne = ones(isChosen);
  const mixed = isChosen.length - ofOne;
  if (mixed > 0 && mixed === countClassDrafts(axes)) reportMixed(axes, findings);
  if (exclude !== undefined) {
    const lookup = optionsOf(names);
    leaveOut(axes, isChosen, (draft) => evaluate(exclude.value, lookup(draft)));
  }
  const left = ones(isChosen);
  const excluded = ofOne - left;
  if (exclude !== undefined && ofOne > 0) reportExcluded(exclude.line, excluded, ofOne, findings);
  if (sample === undefined || left === 0) return { isChosen, mixed, excluded, unsampled: 0 };
  if (sample.value > left) {
    findings.notice({
      line: sample.line,
      section: "PROCESS",
      option: "sample",
      message: `There are ${left} pipelines, and all of them are taken.`,
      remedy: "Write a smaller number, or remove the line.",
    });
  } else draw(sample.value, left, axes, isChosen);
  return { isChosen, mixed, excluded, unsampled: left - ones(isChosen) };
}

function ones(isChosen: Uint8Array): number {
  return isChosen.reduce((total, each) => total + each, 0);
}

function checkNames(condition: Condition, line: number, names: OptionNames, findings: Findings): boolean {
  const written = Array.from(new Set(namesIn(condition).map(({ name }) => name)));
  const unclear = written
    .map((name) => [name, names.get(name) ?? []] as const)
    .filter(([, meant]) => isAmbiguous(meant));
  const faults = [
    ...unknownNames(condition, [...names.keys()]),
    ...unclear.map(([name, meant]) => ambiguous(name, meant)),
  ];
  for (const fault of faults) findings.problem({ line, section: "PROCESS", option: "exclude", ...fault });
  return faults.length === 0;
}

function leaveOut(axes: Axes, isChosen: Uint8Array, isMeant: (draft: Draft) => boolean): void {
  let place = 0;
  for (const draft of generateDrafts(axes)) {
    if (isChosen[place] === 1 && isMeant(draft)) isChosen[place] = 0;
    place += 1;
  }
}

/** Whether anything leaves pipelines out. */
export function isChoosing({ process: { choice }, sections }: Pick<Axes, "process" | "sections">): boolean {
  const languages = new Set(classesOf(sections).map(({ source }) => languageOfSource(source)));
  return choice.exclude !== undefined || choice.sample !== undefined || languages.size > 1;
}

function classesOf(sections: Axes["sections"]): readonly ClassSection[] {
  return sections.filter(({ source }) => source.kind !== "program");
}

function isOfOneLanguage(section: ClassSection, modules: Draft["modules"]): boolean {
  const language = languageOfSource(section.source);
  return modules.every((other) => languageOfSource(other.section.source) === language);
}

function reportMixed({ process, sections }: Axes, findings: Findings): void {
  const stages = [...process.dataScheme, ...process.pipelineScheme].flatMap((type) => {
    const names = new Set(
      classesOf(sections)
        .filter((section) => section.type === type)
        .map(({ source }) => languageOfSource(source)),
    );
    return names.size === 0 ? [] : [`${type} has ${[...names].join(" and ")}`];
  });
  const line = process.options.find(({ name }) => name === "pipeline_scheme")?.line;
  findings.problem({
    ...(line === undefined ? {} : { line }),
    section: "PROCESS",
    option: "pipeline_scheme",
    message: `No pipeline can be made whose modules are all of one language: ${stages.join(", ")}.`,
    remedy: "Write a class for each stage in the same language.",
  });
}

function reportExcluded(line: number, excluded: number, count: number, findings: Findings): void {
  const place = { line, section: "PROCESS", option: "exclude" };
  if (excluded === count)
    findings.problem({
      ...place,
      message: `The condition holds of all ${count} pipelines, so that none is left.`,
      remedy: "Write one that holds of some of them.",
    });
  if (excluded === 0)
    findings.notice({
      ...place,
      message: `The condition holds of none of the ${count} pipelines.`,
      remedy: "Compare its values with those of the options, or remove the line.",
    });
}

/** Keeps those of the lowest ranks; of equal ones, which have the same content, the first. */
function draw(size: number, left: number, axes: Axes, isChosen: Uint8Array): void {
  const rank = rankOf(axes);
  const ranks = new Float64Array(isChosen.length);
  const ofLeft = new Float64Array(left);
  let [place, next] = [0, 0];
  for (const draft of generateDrafts(axes)) {
    if (isChosen[place] === 1) {
      ranks[place] = rank(draft);
      ofLeft[next++] = ranks[place] ?? 0;
    }
    place += 1;
  }
  ofLeft.sort();
  const last = ofLeft[size - 1] ?? 0;
  let equal = size - ofLeft.indexOf(last);
  for (const [index, each] of ranks.entries())
    if (isChosen[index] === 1 && (each > last || (each === last && equal-- <= 0))) isChosen[index] = 0;
}

/**
 * From a hash of the seed and of what makes a pipeline what it is, by values, but for the text of its classes: where it
 * stands among others does not depend on how many these are, nor on how or in which order they are written.
 */
function rankOf({ process }: Axes): (draft: Draft) => number {
  const isEpochsAxis = process.axes.some(({ name }) => name === "epochs");
  const spelt = spelling();
  const trainingOf = ({ training, modules }: Draft) => {
    const named = modules.map(({ section: { className, pathToClass: path }, options }) => ({
      className,
      path,
      options,
    }));
    const texts = processTexts(process, { training, modules: named });
    const epochs: Texts = isEpochsAxis && texts.epochs !== undefined ? { epochs: texts.epochs } : {};
    return sortedValues({ ...withoutNames(spelt(identifyingTexts(texts)), ["seed"]), ...epochs });
  };
  const trainings = new WeakMap<Texts, ReturnType<typeof trainingOf>>();
  return ({ training, modules }) => {
    const values = trainings.get(training) ?? trainingOf({ training, modules });
    trainings.set(training, values);
    const content = [
      process.seed,
      modules.map(({ section, options }) => [section.type, section.className, sortedValues(options)]),
      values,
    ];
    return hash("sha256", JSON.stringify(content), "buffer").readUIntBE(0, 6);
  };
}
