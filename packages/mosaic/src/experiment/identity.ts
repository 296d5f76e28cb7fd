/** What makes two runs the same run. */
import { createHash } from "node:crypto";
import { unlessTrouble } from "@ml-mosaic/base";
import { valueText } from "@ml-mosaic/configurable";
import type { ClassSource } from "../config/index.ts";
import { spelling } from "../config/process-components.ts";
import { importsOf } from "../config/process-options.ts";
import { loadClass } from "../modules/load-class.ts";
import { moduleSchema, typedValueText } from "../modules/module-schema.ts";
import { type ModuleSpec, type Pipeline, sortedTexts, type Texts } from "../pipelines/pipeline.ts";
import { identifyingTexts } from "../pipelines/run-params.ts";

/**
 * Digest of each class's text, by the `path_to_class` that the pipelines carry; of an own loss function by `loss`; of
 * imports by their texts.
 */
export type ModuleDigests = ReadonlyMap<string, string>;

/** The key of the own loss function among the digests. */
export const lossKey = "loss";

type NamedClass = Pick<ModuleSpec, "path" | "className">;

/** Equal for texts that are one value of an option; the module is undefined for an option of [PROCESS]. */
export type ValueOf = (module: NamedClass | undefined, name: string, text: string) => string;

export interface IdentityParts {
  readonly digests: ModuleDigests;
  readonly valueTextOf: ValueOf;
  /** Of the options of [PROCESS] those that count. */
  readonly trainingOf?: (process: Texts) => Texts;
}

type IdentityForm = Omit<IdentityParts, "digests">;

/** How identities were made before numbers counted by value. */
export const asWritten: IdentityForm = { valueTextOf: (_module, _name, text) => text, trainingOf: identifyingTexts };

/** For many runs, of which many are trained alike. */
export function trainingByMeaning(): (process: Texts) => Texts {
  const spelt = spelling();
  return (process) => spelt(identifyingTexts(process));
}

/** How they were made before, the latest last: before components counted by what they are, too. */
export function earlierForms({ valueTextOf }: IdentityForm): readonly IdentityForm[] {
  return [asWritten, { valueTextOf, trainingOf: identifyingTexts }];
}

/** By the types that the classes declare; where they declare none, numbers and booleans count by value. */
export async function readValueOf(
  modules: Iterable<NamedClass & { readonly source: ClassSource }>,
  folder: string,
): Promise<ValueOf> {
  const schemas = new Map<string, ReturnType<typeof moduleSchema>>();
  const nameOf = ({ path, className }: NamedClass) => JSON.stringify([path, className]);
  for (const module of modules) {
    if (schemas.has(nameOf(module))) continue;
    // What is wrong with a class is said where it is needed.
    const found = await loadClass(module.source, module.className, folder).catch(unlessTrouble);
    schemas.set(nameOf(module), found && moduleSchema(found));
  }
  return (module, name, text) => {
    const schema = module && schemas.get(nameOf(module));
    return schema === undefined || schema === "unusable" ? valueText(text) : typedValueText(name, text, schema.all);
  };
}

/**
 * What makes two runs the same run: the modules with their options and texts, the options of PROCESS that change the
 * training (not how far it goes nor where its files lie), and the repetition. In which order options are written, and
 * how a value or a component is spelt, counts for nothing.
 */
export function runIdentity(
  pipeline: Pipeline,
  process: Texts,
  repetition: number,
  { digests, valueTextOf, trainingOf = trainingByMeaning() }: IdentityParts,
): string {
  const values = (module: NamedClass | undefined, texts: Texts) =>
    sortedTexts(texts).map(([name, text]) => [name, valueTextOf(module, name, text)]);
  const modules = pipeline.modules.map((module) => ({
    type: module.type,
    class: module.className,
    options: values(module, module.options),
    text: digests.get(module.path),
  }));
  const training = values(undefined, trainingOf(process));
  const imports = process.imports === undefined ? undefined : importsOf(process).map((path) => digests.get(path));
  // Where numbers of epochs are compared with each other, they do make a difference.
  const { epochs } = pipeline.training;
  const epochsAxis = epochs === undefined ? undefined : valueTextOf(undefined, "epochs", epochs);
  return createHash("sha256")
    .update(JSON.stringify({ modules, training, epochsAxis, loss: digests.get(lossKey), imports, repetition }))
    .digest("hex");
}
