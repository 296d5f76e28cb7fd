/** [PROCESS]: how every run trains, and which of its options are axes of the comparison. */

import { machineTrouble } from "@ml-mosaic/base";
import {
  ConfigurationError,
  checkValues,
  list,
  loadImports,
  type Problem,
  type SchemaMap,
  schema,
  string,
} from "@ml-mosaic/configurable";
import type { Condition } from "../conditions/index.ts";
import { importUserFile } from "../modules/user-files.ts";
import { choiceOptions } from "./choice-options.ts";
import type { Places } from "./class-source.ts";
import { checkComponent } from "./component-checks.ts";
import type { IniSection } from "./ini.ts";
import { monitorOptions } from "./monitor-section.ts";
import { type OwnLoss, readOwnLoss } from "./own-loss.ts";
import { type Findings, placed } from "./problem.ts";
import { metricProblems } from "./process-metrics.ts";
import { groups, importsOf, processOptions } from "./process-options.ts";
import { readOptions, type WrittenOption } from "./read-options.ts";

/** Which of all pipelines are meant. */
export interface ChoiceSettings {
  readonly zip: Placed<readonly (readonly string[])[]> | undefined;
  readonly exclude: Placed<Condition> | undefined;
  readonly sample: Placed<number> | undefined;
}

interface Placed<Value> {
  readonly value: Value;
  readonly line: number;
}

export interface ProcessSection {
  readonly line: number;
  /** Those of the training, in file order, axes included. */
  readonly options: readonly WrittenOption[];
  /** The options with several values, in file order: the slowest axes of the comparison, the last of them fastest. */
  readonly axes: readonly WrittenOption[];
  /** Types of the data modules, in order. */
  readonly dataScheme: readonly string[];
  /** Types of the pipeline modules, in order. */
  readonly pipelineScheme: readonly string[];
  /** The user's own loss class. */
  readonly ownLoss: OwnLoss | undefined;
  /** Files and packages that register classes of the user's, as they are written. */
  readonly imports: readonly string[];
  readonly seed: number;
  /** Absolute. */
  readonly runFilesPath: string;
  readonly artifacts: "all" | "none";
  readonly choice: ChoiceSettings;
}

/** Undefined where something that every run needs could not be read; problems may have been found all the same. */
export async function readProcessSection(
  section: IniSection,
  places: Places,
  findings: Findings,
  areAllPrograms = false,
): Promise<ProcessSection | undefined> {
  const { folder } = places;
  const options = readOptions(section, processOptions, { name: "MONITOR", schemas: monitorOptions }, findings);
  const report = (problems: readonly Problem[]) => {
    for (const problem of problems) findings.problem(placed(problem, section));
  };
  const read = <Options extends SchemaMap>(schemas: Options, pick: (option: WrittenOption) => string | undefined) => {
    const texts = options
      .filter(({ name }) => Object.hasOwn(schemas, name))
      .map((option) => [option.name, pick(option)]);
    const checked = checkValues(schemas, Object.fromEntries(texts), { text: true, folder });
    // What could not be read has been reported.
    const isNew = ({ kind, path: [name] }: Problem) =>
      kind !== "missing" || !section.options.some((option) => option.name === name);
    if (!checked.ok) report(checked.problems.filter(isNew));
    return checked.ok ? checked.values : undefined;
  };

  const { lr, epochs, clip_norm, clip_value, accumulate, average_decay, ...others } = processOptions;
  const { loss_function, optimizer, scheduler, early_stopping, metrics, ...fixed } = others;
  // Programs have their data, and what they learn by, of their own.
  const schemes = areAllPrograms ? { data_scheme: schema(list(string), { default: [] }) } : {};
  const values = read({ ...fixed, ...schemes }, ({ values: [value] }) => value);
  for (const [name, option] of Object.entries({ lr, epochs, clip_norm, clip_value, accumulate, average_decay })) {
    const written = options.find((each) => each.name === name);
    if (written === undefined && name === "lr" && areAllPrograms) continue;
    for (let index = 0; index < (written?.values.length ?? 1); index++)
      read({ [name]: option }, (each) => each.values[index]);
  }
  await loadImports(values?.imports, folder, importUserFile).catch((error: unknown) => {
    if (!(error instanceof ConfigurationError) || machineTrouble(error) !== undefined) throw error;
    report(error.problems);
  });
  for (const group of groups) checkComponent(group, { section, options, folder, findings });
  const asked = read({ metrics }, ({ values: [value] }) => value)?.metrics;
  const monitors = options.find(({ name }) => name === "early_stopping.monitor")?.values ?? [];
  if (asked !== undefined) report(metricProblems(asked, monitors));
  const ownLoss = await readOwnLoss(section, options, places, findings);
  if (values === undefined) return undefined;
  const training = options.filter(({ name }) => !Object.hasOwn(choiceOptions, name));
  const written = <Value>(name: keyof typeof choiceOptions, value: Value | undefined): Placed<Value> | undefined =>
    value === undefined ? undefined : { value, line: options.find((each) => each.name === name)?.line ?? section.line };
  return {
    line: section.line,
    options: training,
    axes: options.filter(({ isAxis }) => isAxis),
    dataScheme: values.data_scheme,
    pipelineScheme: values.pipeline_scheme,
    ownLoss,
    imports: importsOf(Object.fromEntries(options.map(({ name, text }) => [name, text]))),
    seed: values.seed,
    runFilesPath: values.run_files_path,
    artifacts: values.artifacts,
    choice: {
      zip: written("zip", values.zip),
      exclude: written("exclude", values.exclude),
      sample: written("sample", values.sample),
    },
  };
}
