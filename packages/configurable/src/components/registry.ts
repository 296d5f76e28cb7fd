import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { SchemaMap } from "../schema.ts";
import type { AnyClass } from "./component-class.ts";
import { schemasOf } from "./read-component.ts";

/** What a configuration calls a class under a typed base. */
export interface RegisteredClass {
  /** The first alias, or the class's own name where it has none: what resolved configurations say. */
  readonly type: string;
  /** All names, `type` first. Case does not count. */
  readonly names: readonly string[];
  readonly component: AnyClass;
  /** The file that has called `register`; undefined where the stack does not tell. */
  readonly file: string | undefined;
}

/** The classes that `type` chooses from, for one class made with `typedConfigurable` and all below it. */
export type Registry = RegisteredClass[];

/** Those with something in them, so that it can be forgotten. */
const registries = new Set<Registry>();

/** The registry of the typed class that this one derives from; `undefined` where there is none. */
export function registryOf(component: object): Registry | undefined {
  const registry: unknown = Reflect.get(component, "registered");
  return isRegistry(registry) ? registry : undefined;
}

function isRegistry(value: unknown): value is Registry {
  return Array.isArray(value);
}

/** What may be chosen under a class: itself and its subclasses, where they are registered. */
export function choicesOf(component: AnyClass): readonly RegisteredClass[] {
  return (registryOf(component) ?? []).filter(
    (each) => each.component === component || each.component.prototype instanceof component,
  );
}

/** The class that a configuration calls so. */
export function choiceByName(choices: readonly RegisteredClass[], type: unknown): RegisteredClass | undefined {
  if (typeof type !== "string") return undefined;
  const lowered = type.toLowerCase();
  return (
    choices.find(({ names }) => names.includes(type)) ??
    choices.find(({ names }) => names.some((name) => name.toLowerCase() === lowered))
  );
}

/**
 * What is meant where there is no `type`: the class itself, if it is registered, else the one that calls itself the
 * default, else the base's default.
 */
export function choiceWithoutType(base: AnyClass, choices: readonly RegisteredClass[]): RegisteredClass | undefined {
  const itself = choices.find(({ component }) => component === base) ?? choices.find(isDefault);
  if (itself !== undefined) return itself;
  const type: unknown = Reflect.get(base, "defaultType");
  if (type === undefined) return undefined;
  const chosen = choiceByName(choices, type);
  if (chosen === undefined) throw new TypeError(`the defaultType ${String(type)} of ${base.name} is not registered`);
  return chosen;
}

/** Subclasses do not inherit it. */
function isDefault({ component }: Pick<RegisteredClass, "component">): boolean {
  return Object.hasOwn(component, "isDefault") && Reflect.get(component, "isDefault") === true;
}

/** A class's own `aliases` and its name; aliases that it inherits name another class. */
export function namesOf(component: object & { readonly name: string }): readonly string[] {
  const aliases: unknown = Object.hasOwn(component, "aliases") ? Reflect.get(component, "aliases") : [];
  if (!isListOfNames(aliases)) throw new TypeError(`aliases of ${component.name} is not a list of names`);
  const lowered = aliases.map((alias) => alias.toLowerCase());
  const different = aliases.filter((_alias, index) => lowered.indexOf(lowered[index] ?? "") === index);
  return lowered.includes(component.name.toLowerCase()) ? different : [...different, component.name];
}

function isListOfNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "");
}

/** What resolved configurations call a class: its first alias, else its name. */
export function primaryName(component: object & { readonly name: string }): string {
  return namesOf(component)[0] ?? component.name;
}

/**
 * Makes classes known to the typed base that they derive from, so that a configuration can choose them by `type`.
 * Registering a class again changes nothing.
 *
 * @throws TypeError where two classes under one base share a name or an alias, or a class has no typed base
 */
export function register(...components: readonly (new (...parameters: never[]) => object)[]): void {
  const file = callingFile();
  for (const component of components) {
    const registry = registryOf(component);
    if (registry === undefined)
      throw new TypeError(
        `${component.name} cannot be registered: no base class of it is made with typedConfigurable(…)`,
      );
    if (registry.some((each) => each.component === component)) continue;
    refuseOptionType(component.name, schemasOf(component));
    const names = namesOf(component);
    for (const other of registry) {
      const lowered = other.names.map((name) => name.toLowerCase());
      const shared = names.find((name) => lowered.includes(name.toLowerCase()));
      if (shared !== undefined) {
        throw new TypeError(
          `the classes ${other.component.name} and ${component.name} are both called "${shared}": give one of them another name or alias`,
        );
      }
    }
    const other = isDefault({ component }) ? registry.find(isDefault) : undefined;
    if (other !== undefined) {
      const names = `${other.component.name} and ${component.name}`;
      throw new TypeError(`the classes ${names} both have isDefault: what is meant without a type must be clear`);
    }
    registry.push({ type: primaryName(component), names, component, file });
    registries.add(registry);
  }
}

/**
 * The file that another thread can load to know the class of a component; undefined where that is the program itself, which
 * would run once more, or the class is not registered.
 */
export function registeringFile(component: object): string | undefined {
  const file = registryOf(component.constructor)?.find((each) => each.component === component.constructor)?.file;
  return file === resolve(process.argv[1] ?? "") ? undefined : file;
}

/** What a file has registered under any base, by one of its names, in any case. */
export function registeredIn(file: string, name: string): RegisteredClass | undefined {
  for (const registry of registries) {
    const found = choiceByName(
      registry.filter((each) => each.file === file),
      name,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Forgets what these files have registered: they are about to be loaded once more. */
export function forgetRegistered(from: (file: string) => boolean): void {
  for (const registry of registries) {
    const kept = registry.filter(({ file }) => file === undefined || !from(file));
    if (kept.length < registry.length) registry.splice(0, registry.length, ...kept);
  }
}

function callingFile(): string | undefined {
  const { prepareStackTrace } = Error;
  try {
    // The first is `register` itself.
    Error.prepareStackTrace = (_error, [, caller]) => caller?.getScriptNameOrSourceURL();
    const at: { stack?: unknown } = {};
    Error.captureStackTrace(at, callingFile);
    const { stack } = at;
    if (typeof stack !== "string") return undefined;
    return stack.startsWith("file:") ? fileURLToPath(stack) : stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/** @throws TypeError where an option is called as the choice of the class is */
export function refuseOptionType(owner: string, schemas: SchemaMap): void {
  if (Object.entries(schemas).some(([name, { aliases }]) => name === "type" || aliases.includes("type")))
    throw new TypeError(`${owner} has an option "type", which chooses the class: give it another name`);
}

/** To be read after "expected". */
export function expectedConfig(component: object & { readonly name: string }): string {
  return `a map of options of ${component.name}${registryOf(component) === undefined ? "" : ", with a type"}`;
}
