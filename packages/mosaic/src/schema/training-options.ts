// What [PROCESS] and [MONITOR] may say, section by section and component by component.

import type { SchemaMap } from "@ml-mosaic/configurable";
import type { Components, OptionSpec } from "../config/index.ts";
import { MONITOR_OPTIONS } from "../config/monitor-options.ts";
import { GROUPS, type Group, groupComponents, groupDefault, PROCESS_OPTIONS } from "../config/process-options.ts";
import { vocabulary } from "../run/components.ts";
import { axisSchemas, optionSchemas } from "./option-schemas.ts";

/** One loss, optimizer, scheduler or early stopping, with its own options. */
export interface TrainingComponent {
  readonly group: Group;
  /** As it is written: `optimizer = Adam`. */
  readonly name: string;
  readonly isDefault: boolean;
  readonly options: readonly OptionSpec[];
}

export function trainingComponents(): readonly TrainingComponent[] {
  return GROUPS.flatMap((group) =>
    Object.entries(componentsOf(group)).map(([name, options]) => ({
      group,
      name,
      isDefault: name === groupDefault(group),
      options,
    })),
  );
}

function componentsOf(group: Group): Components {
  switch (group) {
    case "loss_function":
      return vocabulary.lossFunctions;
    case "optimizer":
      return vocabulary.optimizers;
    case "scheduler":
      return vocabulary.schedulers;
    case "early_stopping":
      return { True: vocabulary.earlyStopping };
    default:
      return group satisfies never;
  }
}

/** The options of [PROCESS] without those of components, one value each. */
export const processSchemas: SchemaMap = optionSchemas(
  PROCESS_OPTIONS.map(({ spec, required = false }) => ({ ...spec, required })),
);

/** The same with lists of values where these make an axis, and the names of components. */
export function processAxisSchemas(): SchemaMap {
  const axes = PROCESS_OPTIONS.filter(({ takes }) => takes === "axis");
  const specs = axes.map(({ spec, required = false }) => {
    const group = GROUPS.find((name) => name === spec.name);
    const isNamed = group !== undefined && group !== "early_stopping";
    return { ...spec, required, ...(isNamed ? { choices: Object.keys(groupComponents(group, vocabulary)) } : {}) };
  });
  return { ...processSchemas, ...axisSchemas(specs) };
}

export const monitorSchemas: SchemaMap = optionSchemas(Object.values(MONITOR_OPTIONS));
