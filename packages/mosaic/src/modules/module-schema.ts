/** The options that a class section may have, where its class declares them. */
import { isSchemaMap, optionTypes, type SchemaMap, unquotedText } from "@ml-mosaic/configurable";
import type { Texts } from "../pipelines/pipeline.ts";
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

/** Texts of options as their types read them: quotes count only where a type takes numbers and texts alike. */
export function textsForTypes(texts: Texts, schemas: SchemaMap): Texts {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, textForType(name, text, schemas)]));
}

function textForType(name: string, text: string, schemas: SchemaMap): string {
  const takesAll = optionTypes(schemas, name.split(".")).some(({ form }) => form?.kind === "any");
  return takesAll ? text : unquotedText(text);
}
