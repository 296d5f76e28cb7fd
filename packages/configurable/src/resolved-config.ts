import type { ConfigObject } from "./component-class.ts";
import { isPlainObject } from "./plain-object.ts";
import { schemasOf } from "./read-component.ts";
import { primaryName, registryOf } from "./registry.ts";

/**
 * The whole configuration of a component, defaults and components inside it included, as plain data that `fromConfig`
 * takes: types under their primary names, options under their own, null for what was left out, paths as the component
 * has them (absolute where it was read with a folder, as from a file).
 */
export function resolvedConfig(instance: object): ConfigObject {
  const component: unknown = instance.constructor;
  if (typeof component !== "function") throw new TypeError("an object without a class has no configuration");
  const type = registryOf(component) === undefined ? {} : { type: primaryName(component) };
  const options = Object.keys(schemasOf(component)).map((name) => [name, toPlain(Reflect.get(instance, name))]);
  return { ...type, ...Object.fromEntries(options) };
}

function toPlain(value: unknown): unknown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(toPlain);
  if (isPlainObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, toPlain(part)]));
  if (typeof value === "function" && "config" in value) return toPlain(value.config);
  if (typeof value === "object" && value !== null && "configSchema" in value.constructor) return resolvedConfig(value);
  return value;
}
