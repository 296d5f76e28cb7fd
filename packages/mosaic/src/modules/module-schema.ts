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

type Nested = { [name: string]: string | Nested };

/**
 * Options of components inside a component are written with dots: `folds.k = 5` and `folds.area_size = 32` are the map
 * `folds`. Names that are options as they stand stay as they are.
 */
export function nestOptions(options: Readonly<Record<string, string>>, schema: SchemaMap): Readonly<Nested> {
  const nested: Nested = {};
  for (const [name, text] of Object.entries(options)) {
    const [first = "", ...rest] = name.split(".");
    if (rest.length === 0 || Object.hasOwn(schema, name) || !Object.hasOwn(schema, first)) nested[name] = text;
    else place(nested, [first, ...rest], text);
  }
  return nested;
}

function place(into: Nested, [first = "", ...rest]: readonly string[], text: string): void {
  if (rest.length === 0) {
    into[first] = text;
    return;
  }
  const before = into[first];
  // A value and options of one name: the map wins, and says in its turn what it does not know.
  const inner: Nested = typeof before === "object" ? before : {};
  into[first] = inner;
  place(inner, rest, text);
}
