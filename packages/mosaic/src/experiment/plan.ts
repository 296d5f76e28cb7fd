/** From an experiment to the runs that the database is to hold. */
import { executorNames } from "@ml-mosaic/tensor";
import { codeNameOf } from "../config/class-section.ts";
import { readClassSource } from "../config/class-source.ts";
import { type Experiment, generateRuns, languageOfSource, type Project, processTexts } from "../config/index.ts";
import { projectOf, type SourcedClass } from "../languages/language.ts";
import { languages } from "../languages/languages.ts";
import type { FileDigests } from "../modules/user-files.ts";
import { describePipeline, type Pipeline, withoutNames } from "../pipelines/pipeline.ts";
import { runParams } from "../pipelines/run-params.ts";
import { repetitionSeed } from "../run/seed.ts";
import type { NewRun } from "../store/index.ts";
import { byMeaning, type IdentityParts, lossKey, type ModuleDigests, repetitionIdentities } from "./identity.ts";
import { type ClassesByName, readIdentityClasses } from "./identity-classes.ts";

/** The users' code that an experiment consists of. */
export interface ExperimentCode {
  readonly digests: ModuleDigests;
  /** The same as earlier versions made them. */
  readonly earlierDigests: ModuleDigests;
  /** All files of it. */
  readonly files: FileDigests;
  /** Of what carries it out besides Mosaic itself; empty where there is nothing. */
  readonly versions: string;
  readonly classes: ClassesByName;
}

/** @param sources of the classes by their names among the digests, the first of each name */
export async function readCode(
  sources: Iterable<readonly [string, SourcedClass]>,
  project: Project,
): Promise<Omit<ExperimentCode, "classes">> {
  const first = new Map(Array.from(sources).reverse());
  const digests = new Map<string, string>();
  const earlierDigests = new Map<string, string>();
  const files = new Map<string, string>();
  const versions: string[] = [];
  for (const [language, named] of Map.groupBy(first, ([, { source }]) => languageOfSource(source))) {
    const classes = named.map(([, each]) => each);
    const codes = await languages[language].codeOf(classes, project);
    for (const [index, { digest, earlierDigest, files: own }] of codes.entries()) {
      const [name = ""] = named[index] ?? [];
      digests.set(name, digest);
      earlierDigests.set(name, earlierDigest);
      for (const [path, text] of own) files.set(path, text);
    }
    versions.push(await languages[language].versions(project));
  }
  return { digests, earlierDigests, files, versions: versions.filter((text) => text !== "").join(", ") };
}

export async function readExperimentCode(experiment: Experiment): Promise<ExperimentCode> {
  const { sections, process } = experiment;
  const project = projectOf(experiment);
  const sources = sections.map((section): [string, SourcedClass] => [codeNameOf(section), section]);
  if (process.ownLoss !== undefined) sources.push([lossKey, process.ownLoss]);
  for (const path of process.imports) {
    const found = await readClassSource(path, project);
    if (found.ok) sources.push([path, { className: "", source: found.source }]);
  }
  const classes = sections.map(({ pathToClass: path, className, source }) => ({ path, className, source }));
  return { ...(await readCode(sources, project)), classes: await readIdentityClasses(classes, project) };
}

export interface PlannedRun extends NewRun {
  /** Where [PROCESS] names an executor: the identity of the run if it named none. One that `auto` has had computed by the same is this run. */
  readonly named?: { readonly executor: string; readonly unnamed: string };
}

/** The experiment's runs in order, one at a time. */
export function* planRuns(
  experiment: Experiment,
  { digests, classes }: Pick<ExperimentCode, "digests" | "classes">,
  form = byMeaning(classes),
): Generator<PlannedRun, void, undefined> {
  const { process: section, monitor } = experiment;
  const identified: IdentityParts = { digests, ...form };
  const common = (pipeline: Pipeline) => {
    const process = processTexts(section, pipeline);
    const executor = executorNames.find((name) => name === process.executor?.toLowerCase());
    return {
      pipeline,
      description: describePipeline(pipeline),
      params: runParams(pipeline, process),
      identityOf: repetitionIdentities(pipeline, process, identified),
      executor,
      unnamedOf: executor && repetitionIdentities(pipeline, withoutNames(process, ["executor"]), identified),
    };
  };
  let last: ReturnType<typeof common> | undefined;
  for (const { pipeline, repetition } of generateRuns(experiment, monitor.multiplicity)) {
    if (last?.pipeline !== pipeline) last = common(pipeline);
    const { identityOf, executor, unnamedOf, ...run } = last;
    const seed = repetitionSeed(section.seed, repetition);
    const named = executor && unnamedOf && { executor, unnamed: unnamedOf(repetition) };
    yield { ...run, repetition, identity: identityOf(repetition), seed, ...(named && { named }) };
  }
}
