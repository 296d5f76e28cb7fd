import { basename, join } from "node:path";
import type { ExperimentRecord, StoreReader } from "../store/index.ts";

/** Where an experiment came from, as `enqueueRuns` has recorded it. */
export interface ExperimentOrigin {
  readonly experimentId: number;
  /** Absolute. */
  readonly configurationFile: string;
  readonly folder: string;
  readonly engineVersion: string;
  /** Facts about the machine, by name. */
  readonly machine: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

/** Of one experiment, else of the latest; undefined where there is none, as in a database of the original Mosaic. */
export async function readExperimentOrigin(
  reader: StoreReader,
  experimentId?: number,
): Promise<ExperimentOrigin | undefined> {
  const experiments = await reader.experiments();
  const experiment =
    experimentId === undefined ? experiments.at(-1) : experiments.find((known) => known.experimentId === experimentId);
  return experiment === undefined ? undefined : originOf(experiment);
}

function originOf({ experimentId, configuration, engineVersion, machineJson, createdAt }: ExperimentRecord) {
  const { file, folder } = fieldsOf(configuration);
  const directory = folder === undefined ? "" : String(folder);
  const facts = Object.entries(fieldsOf(machineJson)).map(([name, value]) => [name, String(value)]);
  const machine: Readonly<Record<string, string>> = Object.fromEntries(facts);
  const configurationFile = file === undefined ? "" : join(directory, basename(String(file)));
  return { experimentId, configurationFile, folder: directory, engineVersion, machine, createdAt };
}

/** Nothing where the text, which another program may have written, is no JSON object. */
function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
