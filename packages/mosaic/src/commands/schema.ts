import { extname } from "node:path";
import { command, jsonText } from "@ml-mosaic/command-line";
import { boolean, path, schema } from "@ml-mosaic/configurable";
import { isOverride } from "../config/index.ts";
import { classesJson, configJson } from "../schema/schema-json.ts";
import { classText, configText } from "../schema/schema-text.ts";
import { classesOfConfig, classesOfSource } from "../schema/user-classes.ts";
import { overridesArgument } from "./overrides-argument.ts";

export const schemaCommand = command({
  name: "schema",
  summary: "Show every option: of configuration files, of your classes, of losses, optimizers and schedulers.",
  arguments: {
    file: schema(path, {
      optional: true,
      help: "configuration file (.ini), whose classes are shown too, or a file or package of classes alone",
    }),
    ...overridesArgument,
  },
  options: { json: schema(boolean, { help: "write a JSON Schema" }) },
  *preconditions({ file = "", overrides = [] }) {
    if (isOverride(file) || (overrides.length > 0 && extname(file) !== ".ini"))
      yield { option: "overrides", message: "change a configuration file (.ini), which stands before them" };
  },
  examples: ["mosaic schema", "mosaic schema config.ini", "mosaic schema mlp.ts --json"],
  async run(given, { out }) {
    const file = given.file;
    const isJson = given.json;
    if (file !== undefined && extname(file) !== ".ini") {
      const classes = await classesOfSource(file, process.cwd());
      out(`${isJson ? jsonText(classesJson(file, classes)) : classes.map(classText).join("\n\n")}\n`);
      return 0;
    }
    const classes = file === undefined ? undefined : await classesOfConfig(file, given.overrides);
    out(`${isJson ? jsonText(configJson(classes)) : configText(classes)}\n`);
    return 0;
  },
});
