// [PROCESS]: how every run trains, and which of its options are axes of the comparison.

import { resolve } from "node:path";
import { checkComponents } from "./component-checks.ts";
import type { IniSection } from "./ini.ts";
import { type OwnLoss, readOwnLoss } from "./own-loss.ts";
import type { Findings } from "./problem.ts";
import { type ProcessOption, readProcessOption } from "./process-option.ts";
import { PROCESS_DEFAULTS, PROCESS_OPTIONS } from "./process-options.ts";
import { parseValue } from "./values.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface ProcessSection {
  readonly line: number;
  /** In file order, axes included. */
  readonly options: readonly ProcessOption[];
  /** The options with several values, in file order: the slowest axes of the comparison, the last of them fastest. */
  readonly axes: readonly ProcessOption[];
  /** Types of the data modules, in order. */
  readonly dataScheme: readonly string[];
  /** Types of the pipeline modules, in order. */
  readonly pipelineScheme: readonly string[];
  /** The user's own loss class. */
  readonly ownLoss: OwnLoss | undefined;
  readonly seed: number;
  /** Absolute. */
  readonly runFilesPath: string;
  readonly artifacts: "all" | "none";
}

/** Undefined where something that every run needs could not be read; problems may have been found all the same. */
export async function readProcessSection(
  section: IniSection,
  folder: string,
  vocabulary: Vocabulary,
  findings: Findings,
): Promise<ProcessSection | undefined> {
  const options = section.options
    .map((option) => readProcessOption(option, section.name, vocabulary, findings))
    .filter((option) => option !== undefined);
  const written = new Set(section.options.map(({ name }) => name));
  for (const { spec, example, required } of PROCESS_OPTIONS) {
    if (!required || written.has(spec.name)) continue;
    findings.problem({
      line: section.line,
      section: section.name,
      option: spec.name,
      code: "missing-option",
      message: "The option is missing.",
      remedy: `Add a line ${example} to [${section.name}].`,
    });
  }
  checkComponents({ section, options, written, vocabulary, findings });
  const ownLoss = await readOwnLoss(section, options, folder, findings);

  const text = (name: string) => options.find((option) => option.name === name)?.values[0];
  const dataScheme = text("data_scheme");
  const pipelineScheme = text("pipeline_scheme");
  if (dataScheme === undefined || pipelineScheme === undefined) return undefined;
  return {
    line: section.line,
    options,
    axes: options.filter(({ isAxis }) => isAxis),
    dataScheme: sequence(dataScheme),
    pipelineScheme: sequence(pipelineScheme),
    ownLoss,
    seed: Number(text("seed") ?? PROCESS_DEFAULTS.seed),
    runFilesPath: resolve(folder, text("run_files_path") ?? PROCESS_DEFAULTS.runFilesPath),
    artifacts: text("artifacts") === "none" ? "none" : PROCESS_DEFAULTS.artifacts,
  };
}

function sequence(text: string): readonly string[] {
  const parsed = parseValue(text);
  return parsed.ok ? parsed.value.values : [];
}
