import { command } from "@ml-mosaic/command-line";
import {
  boolean,
  componentTables,
  type Described,
  jsonSchema,
  literal,
  loadImports,
  path,
  readYaml,
  schema,
} from "@ml-mosaic/configurable";
import { Experiment } from "@ml-mosaic/training";
import { Calibration } from "../calibration/calibration.ts";
import { Catalogue } from "../catalogue/catalogue.ts";
import "../components.ts";
import { Preprocessing } from "../patches/preprocessing.ts";
import { Recovery } from "../recover/recover.ts";
import { Segmentation } from "../segmentation/segmentation.ts";

/** What is configured, by the command that takes it. */
export const configurations: Readonly<Record<string, Described>> = {
  preprocess: { name: "preprocess", configSchema: Preprocessing.configSchema },
  train: { name: "train, train-k-fold, folds", configSchema: Experiment.configSchema },
  calibrate: { name: "calibrate", configSchema: Calibration.configSchema },
  segment: { name: "segment", configSchema: Segmentation.configSchema },
  catalogue: { name: "catalogue", configSchema: Catalogue.configSchema },
  recover: { name: "recover", configSchema: Recovery.configSchema },
};

export const schemaCommand = command({
  name: "schema",
  summary: "Show every option of the configurations, and every component that they can name.",
  arguments: {
    command: schema(literal(...Object.keys(configurations)), {
      optional: true,
      help: "whose configuration; without it, of all",
    }),
  },
  options: {
    json: schema(boolean, { help: "write a JSON Schema, for editors" }),
    config: schema(path, {
      optional: true,
      aliases: ["c"],
      words: "FILE",
      help: "show also what this configuration imports",
    }),
  },
  examples: ["bigsf schema", "bigsf schema train", "bigsf schema train --json > training.schema.json"],
  async run(given, { out }) {
    const config = given.config;
    if (config !== undefined) {
      const file = readYaml(config);
      await loadImports(Object(file.value).imports, file.folder);
    }
    const command = given.command;
    const named = Object.entries(configurations).filter(([name]) => command === undefined || name === command);
    if (given.json) {
      const schemas = named.map(([name, each]) => [name, jsonSchema(each)] as const);
      const whole = command === undefined ? Object.fromEntries(schemas) : schemas[0]?.[1];
      out(`${JSON.stringify(whole, undefined, 2)}\n`);
    } else out(`${named.map(([, each]) => componentTables(each)).join("\n\n")}\n`);
    return 0;
  },
});
