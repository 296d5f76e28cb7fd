import { componentTables } from "@ml-mosaic/configurable";
import { CLASS_OPTIONS } from "../config/index.ts";
import { optionSchemas } from "./option-schemas.ts";
import { monitorSchemas, processSchemas, type TrainingComponent, trainingComponents } from "./training-options.ts";
import type { DescribedClass } from "./user-classes.ts";

/** Everything that a configuration file may hold, as tables. */
export function configText(classes: readonly DescribedClass[] | undefined): string {
  return [
    table("[PROCESS]", processSchemas),
    table("[MONITOR]", monitorSchemas),
    ...(classes === undefined
      ? [
          `${table("[a section for each of your classes]", optionSchemas(CLASS_OPTIONS))}\n  and the options of the class, which mosaic schema shows of a file: mosaic schema models.ts`,
        ]
      : classes.map(classText)),
    ...trainingComponents().map(componentText),
  ].join("\n\n");
}

export function classText({ section, name, from, options }: DescribedClass): string {
  const heading = section === undefined ? name : `[${section}]  ${name} of ${from}`;
  switch (options.kind) {
    case "schema":
      return table(heading, options.schemas);
    case "names": {
      const { required, optional } = options.names;
      const names = [...required.map((each) => `${each} (required)`), ...optional];
      const listed = names.length === 0 ? "no options" : names.join(", ");
      return `${heading}\n  ${listed}; without a configSchema their types are not known`;
    }
    case "unknown":
      return `${heading}\n  without a configSchema its options are not known`;
    default:
      return options satisfies never;
  }
}

function componentText({ group, name, isDefault, options }: TrainingComponent): string {
  return table(`${group} = ${name}${isDefault ? ", the default" : ""}`, optionSchemas(options, `${group}.`));
}

function table(name: string, configSchema: ReturnType<typeof optionSchemas>): string {
  return componentTables({ name, configSchema }, { show: iniText });
}

/** A value as it is written in a configuration file. */
function iniText(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return value === "" ? '""' : value;
  if (Array.isArray(value)) return value.map(iniText).join(", ");
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}
