import { ConfigurationError } from "../configuration-error.ts";
import type { Problem } from "../problem.ts";
import { construct, type ReadOptions } from "../types/type.ts";
import { readYaml, YamlFile } from "../yaml/yaml-file.ts";
import { type AnyClass, isComponentClass, notConfigurable } from "./component-class.ts";

export interface FromConfigOptions extends ReadOptions {
  /** What is being configured, as it is to appear in messages: `[MLP]`. */
  readonly context?: string | undefined;
}

/** @throws ConfigurationError with every problem there is, before anything is constructed */
export function fromConfig<Instance extends object>(
  component: AnyClass<Instance>,
  config: unknown,
  { context, folder, text }: FromConfigOptions = {},
): Instance {
  if (!isComponentClass(component)) throw new TypeError(notConfigurable(component));
  const file = typeof config === "string" ? readYaml(config) : config instanceof YamlFile ? config : undefined;
  const placed = (problems: readonly Problem[]): readonly Problem[] =>
    (file?.locate(problems) ?? problems).map((problem) => ({ ...problem, context }));
  const reading = component.readComponent(file === undefined ? config : file.value, {
    folder: folder ?? file?.folder,
    text,
  });
  if (!reading.ok) throw new ConfigurationError(placed(reading.problems));
  try {
    return construct(reading);
  } catch (error) {
    throw error instanceof ConfigurationError
      ? new ConfigurationError(placed(error.problems), { cause: error.cause })
      : error;
  }
}
