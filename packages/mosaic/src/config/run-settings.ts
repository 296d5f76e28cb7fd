// The training options of one run, typed. A pipeline carries those that differ, [PROCESS] those that do not.

import { resolve } from "node:path";
import { MosaicError } from "../errors.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { type ClassSource, readClassSource } from "./class-source.ts";
import {
  componentOptions,
  type Group,
  groupComponents,
  groupDefault,
  PROCESS_DEFAULTS,
  PROCESS_OPTIONS,
} from "./process-options.ts";
import type { ProcessSection } from "./process-section.ts";
import { parseSetting, type SettingValue } from "./setting.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A loss, optimizer or scheduler and those of its options that the user gave. */
export interface Component {
  readonly name: string;
  readonly options: Readonly<Record<string, SettingValue>>;
}

/** Plain data, so that it can be sent to a worker. */
export interface RunSettings {
  readonly lr: number;
  readonly epochs: number;
  readonly loss:
    | ({ readonly kind: "builtin" } & Component)
    | { readonly kind: "class"; readonly className: string; readonly source: ClassSource };
  readonly optimizer: Component;
  readonly scheduler: Component | undefined;
  /** The options of early stopping; undefined where it is off. */
  readonly earlyStopping: Readonly<Record<string, SettingValue>> | undefined;
  readonly seed: number;
  /** Absolute. */
  readonly runFilesPath: string;
  readonly artifacts: "all" | "none";
}

/** Texts of the PROCESS options that hold for one pipeline, in file order: what the database and pause files keep. */
export function processTexts(
  process: Pick<ProcessSection, "options">,
  pipeline: Pipeline,
): Readonly<Record<string, string>> {
  // An option with several values is one in which pipelines differ.
  const same = process.options.map(({ name, values }) => [name, values.join()] as const);
  return { ...Object.fromEntries(same), ...pipeline.training };
}

/** Types the texts of `processTexts`. They may come from a file that a user has edited, so they are checked again. */
export async function runSettings(
  texts: Readonly<Record<string, string>>,
  folder: string,
  vocabulary: Vocabulary,
): Promise<RunSettings> {
  const text = (name: string) => (Object.hasOwn(texts, name) ? texts[name] : undefined);
  const component = (group: Group): Component | undefined => readComponent(group, texts, vocabulary);
  const earlyStopping = component("early_stopping");
  const scheduler = component("scheduler");
  return {
    lr: Number(typed("lr", text("lr"))),
    epochs: Number(typed("epochs", text("epochs"))),
    loss: await readLoss(text, component, folder),
    optimizer: component("optimizer") ?? { name: PROCESS_DEFAULTS.optimizer, options: {} },
    scheduler: scheduler?.name === "None" ? undefined : scheduler,
    earlyStopping: earlyStopping?.name.toLowerCase() === "true" ? earlyStopping.options : undefined,
    seed: Number(typed("seed", text("seed") ?? String(PROCESS_DEFAULTS.seed))),
    runFilesPath: resolve(folder, text("run_files_path") ?? PROCESS_DEFAULTS.runFilesPath),
    artifacts: typed("artifacts", text("artifacts") ?? PROCESS_DEFAULTS.artifacts) === "none" ? "none" : "all",
  };
}

async function readLoss(
  text: (name: string) => string | undefined,
  component: (group: Group) => Component | undefined,
  folder: string,
): Promise<RunSettings["loss"]> {
  const className = text("class_loss_function");
  if (className === undefined)
    return { kind: "builtin", ...(component("loss_function") ?? { name: PROCESS_DEFAULTS.lossFunction, options: {} }) };
  const source = await readClassSource(text("path_to_class_loss_function") ?? "", folder);
  if (!source.ok) throw badOption("path_to_class_loss_function", source.fault);
  return { kind: "class", className, source: source.source };
}

function readComponent(
  group: Group,
  texts: Readonly<Record<string, string>>,
  vocabulary: Vocabulary,
): Component | undefined {
  const name = Object.hasOwn(texts, group) ? texts[group] : groupDefault(group);
  if (name === undefined) return undefined;
  const specs = componentOptions(groupComponents(group, vocabulary), name);
  if (specs === undefined) {
    throw badOption(group, {
      message: `"${name}" is not known.`,
      remedy: `Known: ${Object.keys(groupComponents(group, vocabulary)).join(", ")}.`,
    });
  }
  const options: [string, SettingValue][] = [];
  for (const spec of specs) {
    const text = Object.hasOwn(texts, `${group}.${spec.name}`) ? texts[`${group}.${spec.name}`] : undefined;
    if (text === undefined) continue;
    const result = parseSetting(spec, text);
    if (!result.ok) throw badOption(`${group}.${spec.name}`, result.fault);
    options.push([spec.name, result.value]);
  }
  return { name, options: Object.fromEntries(options) };
}

function typed(name: string, text: string | undefined): SettingValue {
  const rule = PROCESS_OPTIONS.find(({ spec }) => spec.name === name);
  if (rule === undefined || text === undefined)
    throw badOption(name, {
      message: "The option is missing.",
      remedy: rule === undefined ? "" : `Write for example ${rule.example}.`,
    });
  const result = parseSetting(rule.spec, text);
  if (!result.ok) throw badOption(name, result.fault);
  return result.value;
}

function badOption(
  name: string,
  { message, remedy }: { readonly message: string; readonly remedy: string },
): MosaicError {
  return new MosaicError("BAD_PROCESS_OPTION", `[PROCESS] ${name}: ${message} ${remedy}`);
}
