import { componentTables, optionTable, type SchemaMap } from "@ml-mosaic/configurable";
import { classOptions } from "../config/class-section.ts";
import { monitorOptions } from "../config/monitor-section.ts";
import { groups, processOptions } from "../config/process-options.ts";
import { fileOptions } from "../config/read-config.ts";
import { slurmOptions } from "../config/slurm-section.ts";
import { programOptions } from "../program/options.ts";
import { type TrainingComponent, trainingComponents } from "./training-options.ts";
import type { DescribedClass } from "./user-classes.ts";

/** Everything that a configuration file may hold, as tables. */
export function configText(classes: readonly DescribedClass[] | undefined): string {
  return [
    table("above all sections", fileOptions),
    table("[PROCESS]", withNames(processOptions)),
    table("[MONITOR]", monitorOptions),
    table("[SLURM]", slurmOptions),
    ...(classes === undefined
      ? [
          `${table("[a section for each of your classes]", classOptions)}\n  and the options of the class, which mosaic schema shows of a file: mosaic schema models.ts`,
          `${table("[a section for each program: class = Program, path_to_class = ml-mosaic]", programOptions)}\n${programNote}`,
        ]
      : classes.map(classText)),
    ...trainingComponents().map(componentText),
  ].join("\n\n");
}

const programNote = "  and values for the command, under any names";

export function classText({ section, name, from, options }: DescribedClass): string {
  const heading = section === undefined ? name : `[${section}]  ${name} of ${from}`;
  switch (options.kind) {
    case "schema":
      return `${tables(heading, options.schemas)}${options.isOpen === true ? `\n${programNote}` : ""}`;
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

/** What chooses a component is written as its name. */
function withNames(options: SchemaMap): SchemaMap {
  const named = groups.map((group) => [group, { ...options[group], type: { ...processOptions[group].type, ...name } }]);
  return { ...options, ...Object.fromEntries(named) };
}

const name = { form: undefined, expected: "name" };

function componentText({ group, name, isDefault, options }: TrainingComponent): string {
  return table(`${group} = ${name}${isDefault ? ", the default" : ""}`, options);
}

/** Options of a class, and of the components inside it. */
function tables(name: string, configSchema: SchemaMap): string {
  return componentTables({ name, configSchema }, { show: iniText });
}

function table(name: string, options: SchemaMap): string {
  if (Object.keys(options).length === 0) return `${name}\n  no options`;
  return `${name}\n${optionTable(options, { indent: "  ", show: iniText })}`;
}

/** A value as it is written in a configuration file. */
function iniText(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return value === "" ? '""' : value;
  if (Array.isArray(value)) return value.map(iniText).join(", ");
  const { type }: { readonly type?: unknown } = Object(value);
  if (typeof type === "string") return type;
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}
