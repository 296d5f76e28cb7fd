import { isPlainObject } from "@ml-mosaic/base";

/** A copy of lists and plain objects, however nested; functions and instances are kept, since they may be shared. */
export function copyPlain(value: unknown): unknown {
  return mapPlain(value, (leaf) => leaf);
}

/** The same with everything else replaced by what `change` makes of it. */
export function mapPlain(
  value: unknown,
  change: (leaf: unknown) => unknown,
  copies: Map<unknown, unknown> = new Map(),
): unknown {
  if (copies.has(value)) return copies.get(value);
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    copies.set(value, copy);
    for (const item of value) copy.push(mapPlain(item, change, copies));
    return copy;
  }
  if (isPlainObject(value)) {
    const copy: Record<string, unknown> = {};
    copies.set(value, copy);
    for (const [name, item] of Object.entries(value)) {
      // Plain assignment would set the prototype where the name is "__proto__".
      Object.defineProperty(copy, name, { value: mapPlain(item, change, copies), ...ordinary });
    }
    return copy;
  }
  return change(value);
}

const ordinary = { enumerable: true, configurable: true, writable: true };
