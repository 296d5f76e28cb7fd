/** What values hold, and what lies in their properties, as deep as they go. */

interface Watched {
  readonly object: object;
  readonly prototype: unknown;
  readonly properties: readonly (readonly [PropertyKey, PropertyDescriptor])[];
}

/** Beyond these comparing would take longer than loading a file again. */
const mostProperties = 10_000;

/**
 * @param read asked now, and each time that the answer is asked
 * @returns tells whether all is as it is now; always false where that is too much to look through
 */
export function watchValues(read: () => readonly unknown[]): () => boolean {
  const values = read();
  const watched = new Map<object, Watched>();
  const waiting = values.filter(isObject);
  let count = 0;
  for (let object = waiting.pop(); object !== undefined; object = waiting.pop()) {
    if (watched.has(object)) continue;
    const properties: [PropertyKey, PropertyDescriptor][] = [];
    for (const key of Reflect.ownKeys(object)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(object, key);
      if (descriptor === undefined) continue;
      properties.push([key, descriptor]);
      waiting.push(...[descriptor.value, descriptor.get, descriptor.set].filter(isObject));
    }
    count += properties.length;
    if (count > mostProperties) return () => false;
    watched.set(object, { object, prototype: Object.getPrototypeOf(object), properties });
  }
  const all = [...watched.values()];
  return () => {
    const now = read();
    return (
      now.length === values.length && values.every((value, index) => Object.is(value, now[index])) && all.every(isSame)
    );
  };
}

function isSame({ object, prototype, properties }: Watched): boolean {
  return (
    Object.getPrototypeOf(object) === prototype &&
    Reflect.ownKeys(object).length === properties.length &&
    properties.every(([key, then]) => {
      const now = Reflect.getOwnPropertyDescriptor(object, key);
      return now !== undefined && Object.is(now.value, then.value) && now.get === then.get && now.set === then.set;
    })
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}
