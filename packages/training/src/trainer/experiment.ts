import { basename, dirname } from "node:path";
import { isPlainObject, machineTrouble } from "@ml-mosaic/base";
import {
  type ConfigObject,
  ConfigurationError,
  component,
  configurable,
  construct,
  importable,
  list,
  loadImports,
  type Problem,
  readYaml,
  resolvedConfig,
  schema,
} from "@ml-mosaic/configurable";
import { BaseData } from "../components/base-data.ts";
import "../components/datasets.ts";
import "../components/file-data.ts";
import { TrainerSettings } from "./settings.ts";

/** What a training file holds. */
export class Experiment extends configurable({
  imports: schema(list(importable), { default: [], help: "Files and packages that register classes of one's own" }),
  data: schema(component(BaseData)),
  trainer: schema(component(TrainerSettings)),
}) {}

export interface ReadExperimentOptions {
  /** Where relative paths of a configuration that is an object start; a file's start where the file is. */
  readonly folder?: string | undefined;
  /** Goes over the configuration: maps are merged, unless they name a `type`; all else is replaced. */
  readonly overrides?: ConfigObject | undefined;
}

/**
 * Loads the imports, checks the whole configuration and constructs its components.
 *
 * @param config an object, or the path of a YAML file
 * @throws ConfigurationError with every problem there is
 */
export async function readExperiment(
  config: string | ConfigObject,
  { folder: given = process.cwd(), overrides = {} }: ReadExperimentOptions = {},
): Promise<Experiment> {
  const file = typeof config === "string" ? readYaml(config) : undefined;
  const folder = file?.folder ?? given;
  const merged = merge(file?.value ?? config, overrides);
  const imports = await importProblems(merged.imports, folder);
  const reading = Experiment.readComponent(merged, { folder });
  const others = reading.ok ? dataProblems(reading.value) : reading.problems;
  if (reading.ok && imports.length === 0 && others.length === 0) return construct(reading);
  // What a file that cannot be loaded would have registered is not a second mistake.
  const relevant =
    imports.length === 0 ? others : others.filter(({ path }) => path.at(-1) !== "type" && path[0] !== "imports");
  const problems = [...imports, ...relevant];
  throw new ConfigurationError(file?.locate(problems) ?? problems);
}

/** What is asked of a trainer that the data cannot give. */
function dataProblems({ data, trainer }: Experiment): readonly Problem[] {
  const { loss, metrics } = trainer;
  return [...data.objections({ loss, metrics })].map(({ path, message }) => ({
    kind: "precondition",
    path: ["trainer", ...path],
    message,
  }));
}

async function importProblems(imports: unknown, folder: string): Promise<readonly Problem[]> {
  try {
    await loadImports(imports, folder);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError) || machineTrouble(error) !== undefined) throw error;
    return error.problems;
  }
}

function merge(config: unknown, over: ConfigObject): ConfigObject {
  const base = isPlainObject(config) ? config : {};
  const merged = Object.entries(over).map(([name, value]): [string, unknown] => {
    const before = base[name];
    return [
      name,
      isPlainObject(value) && isPlainObject(before) && value.type === undefined ? merge(before, value) : value,
    ];
  });
  return { ...base, ...Object.fromEntries(merged) };
}

/** The configuration as runs are compared by it: where their files are, and which threads read, does not count. */
export function comparable(config: ConfigObject): ConfigObject {
  const { data, trainer, ...rest } = config;
  const { num_workers, prefetch_factor, ...samples }: Record<string, unknown> = Object(data);
  const { output_dir, run_name, ...settings }: Record<string, unknown> = Object(trainer);
  return { ...rest, data: samples, trainer: settings };
}

/** The whole configuration of an experiment whose run is in this folder. */
export function configIn(experiment: Experiment, folder: string): ConfigObject {
  const { trainer, ...rest } = resolvedConfig(experiment);
  return { ...rest, trainer: { ...Object(trainer), output_dir: dirname(folder), run_name: basename(folder) } };
}
