/** The options that a class section may have, where its class declares them. */
import { isSchemaMap, type SchemaMap } from "@ml-mosaic/configurable";
import type { UserClass } from "./load-class.ts";
import { addedOptions } from "./trainer-components.ts";

export interface ModuleSchema {
  readonly all: SchemaMap;
  /** Those among them that are Mosaic's, not the constructor's. */
  readonly added: readonly string[];
}

/** @returns undefined where the class declares nothing; "unusable" where it declares something else than options */
export function moduleSchema(userClass: UserClass): ModuleSchema | "unusable" | undefined {
  const own: unknown = Reflect.get(userClass, "configSchema");
  if (own === undefined) return undefined;
  if (!isSchemaMap(own)) return "unusable";
  const added = addedOptions(userClass);
  return { all: { ...added, ...own }, added: Object.keys(added).filter((name) => !Object.hasOwn(own, name)) };
}
