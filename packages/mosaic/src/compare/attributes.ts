/** What models can be grouped by. */
import { describeModules, type ModuleSpec } from "../pipelines/pipeline.ts";
import { keyOf, type PipelineParts } from "./pipeline-parts.ts";

export interface Attribute {
  readonly value: string;
  /** A value that says nothing without the option's name. */
  readonly isOption: boolean;
  /** The option of a data module that it is; data sets that differ in nothing else are then one. */
  readonly dataOption?: string;
}

/**
 * By name: `key` and `type` (of all pipeline modules), each module's type (the module with its options),
 * `<type>_key`, its class and options with and without the class's name, options of PROCESS.
 */
export function attributesOf({ data, model, training }: PipelineParts): ReadonlyMap<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  const add = (name: string, attribute: Attribute) => {
    if (!attributes.has(name)) attributes.set(name, attribute);
  };
  add("key", { value: keyOf(model), isOption: false });
  add("type", { value: model.map(({ type }) => type).join(" | "), isOption: false });
  add("class", { value: model.map(({ className }) => className).join(" | "), isOption: false });
  for (const [name, value] of Object.entries(training)) add(name, { value, isOption: true });
  for (const [name, value] of optionsOf(model)) add(name, { value, isOption: true });
  for (const module of model) {
    add(module.type, { value: describeModules([module]), isOption: false });
    add(`${module.type}_key`, { value: module.key, isOption: false });
  }
  for (const [name, value, dataOption] of optionsOf(data)) add(name, { value, isOption: true, dataOption });
  return attributes;
}

function optionsOf(modules: readonly ModuleSpec[]): readonly (readonly [string, string, string])[] {
  return modules.flatMap(({ className, options }) =>
    Object.entries(options).flatMap(([option, value]) => [
      [`${className}_${option}`, value, option] as const,
      [option, value, option] as const,
    ]),
  );
}
