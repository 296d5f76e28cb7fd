import type { SchemaMap } from "../schema.ts";

/** A text, or options under their names. */
export type NestedText = string | { readonly [name: string]: NestedText };

interface Open {
  [name: string]: string | Open;
}

/**
 * Options of a component inside a component are written with dots: `folds.k = 5` and `folds.area_size = 32` are the map
 * `folds`; where the component is chosen as well, as by `optimizer = SGD` beside `optimizer.momentum = 0.9`, that is its
 * `type`. Names that are options as they stand stay as they are.
 */
export function nestTexts(
  texts: Readonly<Record<string, string>>,
  schemas: SchemaMap,
): Readonly<Record<string, NestedText>> {
  const nested: Open = {};
  for (const [name, text] of Object.entries(texts)) {
    const [first = "", ...rest] = name.split(".");
    if (rest.length === 0 || Object.hasOwn(schemas, name) || !Object.hasOwn(schemas, first))
      place(nested, [name], text);
    else place(nested, [first, ...rest], text);
  }
  return nested;
}

function place(into: Open, [first = "", ...rest]: readonly string[], text: string): void {
  const before = Object.hasOwn(into, first) ? into[first] : undefined;
  if (rest.length === 0) {
    if (typeof before === "object") before.type = text;
    else into[first] = text;
    return;
  }
  const inner: Open = typeof before === "object" ? before : before === undefined ? {} : { type: before };
  into[first] = inner;
  place(inner, rest, text);
}
