import { copyPlain, mapPlain } from "../plain-object.ts";
import type { ConfigObject } from "./component-class.ts";
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
  const options = Object.keys(schemasOf(component)).map((name) => [
    name,
    mapPlain(Reflect.get(instance, name), plainForm),
  ]);
  return { ...type, ...Object.fromEntries(options) };
}

function plainForm(leaf: unknown): unknown {
  if (leaf === undefined) return null;
  if (typeof leaf === "function" && "config" in leaf) return copyPlain(leaf.config);
  if (typeof leaf === "object" && leaf !== null && "configSchema" in leaf.constructor) return resolvedConfig(leaf);
  return leaf;
}
