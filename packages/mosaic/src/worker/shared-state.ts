/** What all runs of a worker share, whatever modules do: the language's own objects, the folder, the environment. */

/** Says what has changed since the call before, or since it was made; the names end up in the run's log. */
export type StateWatch = () => readonly string[];

const { getOwnPropertyNames, is } = Object;
const reflect = {
  get: Reflect.get,
  getOwnPropertyDescriptor: Reflect.getOwnPropertyDescriptor,
  ownKeys: Reflect.ownKeys,
};

/**
 * Of the global object, where Node loads an HTTP client of 38 ms as soon as one of them is looked at. Whether a module has
 * put another in its place is not known.
 */
const leftAlone: ReadonlySet<PropertyKey> = new Set([
  "CloseEvent",
  "EventSource",
  "FormData",
  "Headers",
  "MessageEvent",
  "Request",
  "Response",
  "WebSocket",
]);

interface Watched {
  readonly path: string;
  readonly object: object;
  readonly keys: readonly PropertyKey[];
  /** Plain properties with their values, which are fast to compare. */
  readonly values: readonly (readonly [PropertyKey, unknown])[];
  readonly getters: readonly (readonly [PropertyKey, unknown])[];
}

export function watchSharedState(): StateWatch {
  const watched = [watch("globalThis", globalThis), ...builtInObjects().map(([path, object]) => watch(path, object))];
  const folder = process.cwd();
  const environment = JSON.stringify(process.env);
  const timers = countTimers();
  return () => {
    const changes: string[] = [];
    for (const each of watched) addChanges(each, changes);
    // The objects are as they were where nothing is listed.
    if (changes.length > 0) return changes;
    if (process.cwd() !== folder) changes.push("the working folder");
    if (JSON.stringify(process.env) !== environment) changes.push("process.env");
    if (countTimers() > timers) changes.push("a timer that goes on");
    return changes;
  };
}

/** Those that modules and libraries live on; of all that Node has besides, the names in the global object are watched. */
const languageObjects =
  /^(Object|Function|Array|String|Number|Boolean|Symbol|BigInt|RegExp|Date|Promise|Map|Set|WeakMap|Error|ArrayBuffer|Float32Array|Float64Array|JSON|Math|Reflect|Iterator)$/;

/** Functions and namespaces of the language, with what their instances inherit. */
function builtInObjects(): readonly (readonly [path: string, object: object])[] {
  const found = new Map<object, string>();
  const add = (path: string, candidate: unknown) => {
    if (isObject(candidate) && candidate !== globalThis && !found.has(candidate)) found.set(candidate, path);
  };
  for (const name of Reflect.ownKeys(globalThis)) {
    if (typeof name !== "string" || !languageObjects.test(name)) continue;
    const value: unknown = Reflect.getOwnPropertyDescriptor(globalThis, name)?.value;
    add(name, value);
    if (typeof value === "function") add(`${name}.prototype`, Reflect.get(value, "prototype"));
  }
  const iterator: unknown = Object.getPrototypeOf([][Symbol.iterator]());
  add("the prototype of iterators", iterator);
  add("the prototype of typed arrays", Object.getPrototypeOf(Uint8Array.prototype));
  return Array.from(found, ([object, path]) => [path, object]);
}

function watch(path: string, object: object): Watched {
  const keys = keysOf(object);
  const values: [PropertyKey, unknown][] = [];
  const getters: [PropertyKey, unknown][] = [];
  for (const key of keys) {
    if (object === globalThis && leftAlone.has(key)) continue;
    const descriptor = Reflect.getOwnPropertyDescriptor(object, key) ?? {};
    if ("value" in descriptor) values.push([key, descriptor.value]);
    // Node makes some of its globals when they are first read.
    else if (object !== globalThis) getters.push([key, descriptor.get]);
  }
  return { path, object, keys, values, getters };
}

/** Uses no method of those that may have been changed. */
function addChanges({ path, object, keys, values, getters }: Watched, changes: string[]): void {
  const add = (key: PropertyKey) => {
    changes[changes.length] = `${path}.${String(key)}`;
  };
  for (const [key, value] of values) if (!is(reflect.get(object, key), value)) add(key);
  for (const [key, getter] of getters) if (reflect.getOwnPropertyDescriptor(object, key)?.get !== getter) add(key);
  const now = keysOf(object);
  if (now.length <= keys.length) return;
  for (const key of now) if (!contains(keys, key)) add(key);
}

function contains(keys: readonly PropertyKey[], wanted: PropertyKey): boolean {
  for (const key of keys) if (key === wanted) return true;
  return false;
}

/** Libraries keep what is theirs in the global object under symbols. */
function keysOf(object: object): readonly PropertyKey[] {
  return object === globalThis ? getOwnPropertyNames(object) : reflect.ownKeys(object);
}

function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}
