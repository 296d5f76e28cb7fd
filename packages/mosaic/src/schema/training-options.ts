/** What [PROCESS] may say of losses, optimizers, schedulers and early stopping: those that are registered. */

import { axis, list, type Schema, type SchemaMap, schema, string, type Type, union } from "@ml-mosaic/configurable";
import { groupComponents } from "../config/process-components.ts";
import { defaultText, type Group, groups } from "../config/process-options.ts";
import { isComponent } from "../config/read-options.ts";

/** One loss, optimizer, scheduler or early stopping, with its own options. */
export interface TrainingComponent {
  readonly group: Group;
  /** The typed class that it is registered under. */
  readonly base: string | undefined;
  /** As it is written: `optimizer = Adam`. */
  readonly name: string;
  /** All that may be written for it. */
  readonly spellings: readonly (string | boolean)[];
  readonly isDefault: boolean;
  /** Under their names in the file: `optimizer.momentum`. */
  readonly options: SchemaMap;
}

export function trainingComponents(): readonly TrainingComponent[] {
  return groups.flatMap((group) =>
    groupComponents(group).map(({ name, types, base, isDefault, configSchema }) => {
      const isSwitch = group === "early_stopping" && isDefault;
      const names = [name, ...types].flatMap((each) => [each, each.toLowerCase()]);
      return {
        group,
        base,
        name: isSwitch ? "True" : name,
        spellings: [...(isSwitch ? [true] : []), ...new Set(names)],
        isDefault: name === defaultText(group),
        options: dotted(group, configSchema),
      };
    }),
  );
}

function dotted(group: Group, configSchema: SchemaMap): SchemaMap {
  // The learning rate is an option of [PROCESS].
  const own = Object.entries(configSchema).filter(([name]) => group !== "optimizer" || name !== "lr");
  return Object.fromEntries(own.map(([name, option]) => [`${group}.${name}`, option]));
}

/** The same where a list of values, which makes an axis of the option, is as good as one value. */
export function withAxes(options: SchemaMap): SchemaMap {
  return mapTypes(options, (type) =>
    type.form?.kind === "list" && isComponent(type.form.item) ? union(string, list(string)) : axis(type),
  );
}

/** Lists of texts may be written as one text, with commas. */
export function asWritten(options: SchemaMap): SchemaMap {
  return mapTypes(options, (type) =>
    type.form?.kind === "list" && type.form.item.form?.kind === "string" ? union(string, type) : type,
  );
}

function mapTypes(options: SchemaMap, change: (type: Type<unknown>) => Type<unknown>): SchemaMap {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, ...rest }]): [string, Schema<unknown>] => [
      name,
      { ...schema(change(type)), ...rest },
    ]),
  );
}
