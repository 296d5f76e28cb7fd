/** What makes two runs the same run. */
import { hash } from "node:crypto";
import { valueText } from "@ml-mosaic/configurable";
import { spelling } from "../config/process-components.ts";
import { importsOf } from "../config/process-options.ts";
import { codeName, type ModuleSpec, type Pipeline, sortedTexts, type Texts } from "../pipelines/pipeline.ts";
import { identifyingTexts } from "../pipelines/run-params.ts";
import { type ClassesByName, nameOfClass } from "./identity-classes.ts";

/**
 * Digest of each class's text, by its `codeName`; of an own loss function by `loss`; of
 * imports by their texts.
 */
export type ModuleDigests = ReadonlyMap<string, string>;

/** The key of the own loss function among the digests. */
export const lossKey = "loss";

/** What of a run counts, in one spelling. */
export interface IdentityForm {
  /** Of the options of the last of these modules, which have those before them in their pipeline. */
  readonly optionsOf: (modules: readonly ModuleSpec[]) => Texts;
  /** Of the options of [PROCESS]. */
  readonly trainingOf: (process: Texts) => Texts;
  /** Of an option of [PROCESS] its value. */
  readonly trainingValue: (text: string) => string;
}

export interface IdentityParts extends IdentityForm {
  readonly digests: ModuleDigests;
}

/**
 * Values by their types, where the classes declare them, else numbers and booleans by value; components by what they are; nothing
 * that holds anyway. For many runs, of which many are alike.
 */
export function byMeaning(classes: ClassesByName): IdentityForm {
  const spelt = spelling();
  return {
    optionsOf(modules) {
      const module = modules.at(-1);
      if (module === undefined) return {};
      const spell = classes.get(nameOfClass(module))?.spell;
      if (spell !== undefined) return spell(module.options, modules.slice(0, -1));
      return Object.fromEntries(Object.entries(module.options).map(([name, text]) => [name, valueText(text)]));
    },
    trainingOf: (process) => spelt(identifyingTexts(process)),
    trainingValue: valueText,
  };
}

/**
 * What makes two runs the same run: the modules with their options and texts, the options of PROCESS that change the
 * training (not how far it goes nor where its files lie), and the repetition. In which order options are written, and
 * how a value or a component is spelt, counts for nothing.
 */
export function runIdentity(pipeline: Pipeline, process: Texts, repetition: number, parts: IdentityParts): string {
  return repetitionIdentities(pipeline, process, parts)(repetition);
}

/** `runIdentity` of the repetitions of a pipeline, which have most of it in common. */
export function repetitionIdentities(
  pipeline: Pipeline,
  process: Texts,
  { digests, optionsOf, trainingOf, trainingValue }: IdentityParts,
): (repetition: number) => string {
  const modules = pipeline.modules.map((module, index) => ({
    type: module.type,
    class: module.className,
    options: sortedTexts(optionsOf(pipeline.modules.slice(0, index + 1))),
    text: digests.get(codeName(module)),
  }));
  const training = sortedTexts(trainingOf(process)).map(([name, text]) => [name, trainingValue(text)]);
  const imports = process.imports === undefined ? undefined : importsOf(process).map((path) => digests.get(path));
  // Where numbers of epochs are compared with each other, they do make a difference.
  const { epochs } = pipeline.training;
  const epochsAxis = epochs === undefined ? undefined : trainingValue(epochs);
  const common = JSON.stringify({ modules, training, epochsAxis, loss: digests.get(lossKey), imports });
  return (repetition) => hash("sha256", `${common.slice(0, -1)},"repetition":${repetition}}`);
}
