import { isPlainObject, messageOf } from "@ml-mosaic/base";
import { ConfigurationError } from "../configuration-error.ts";
import { copyPlain } from "../plain-object.ts";
import type { Problem } from "../problem.ts";
import { readValues } from "../read-values.ts";
import { isSchemaMap, type SchemaMap } from "../schema.ts";
import { construct, type Reading, type ReadOptions, refuse } from "../types/type.ts";
import type { AnyClass, Configurable, Objection, Objections } from "./component-class.ts";

type Values = Readonly<Record<string, unknown>>;

// Values of which the preconditions are known to hold, so that constructors need not ask again.
const checkedValues = new WeakSet<Values>();

/**
 * Checks the options of one class, its preconditions included.
 *
 * @param besides names that may stand among the options, and are not the class's
 */
export function readComponent<Instance extends object>(
  component: AnyClass<Instance>,
  config: unknown,
  options: ReadOptions = {},
  besides: readonly string[] = [],
): Reading<Instance> {
  if (!isPlainObject(config)) return refuse(config, `a map of options of ${component.name}`);
  const reading = readValues(schemasOf(component), config, { ...options, name: component.name, besides });
  if (!reading.ok) {
    if (reading.value === undefined) return { ok: false, problems: reading.problems };
    const value = draftOf(component, reading.value);
    return { ok: false, problems: [...reading.problems, ...preconditionProblems(value)], value };
  }
  const draft = draftOf(component, reading.value);
  const problems = preconditionProblems(draft);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: draft,
    construct: () => {
      // Lists and maps are copied: of what is constructed several times, each is to have its own.
      const values = Object.fromEntries(
        Object.entries(construct(reading)).map(([name, value]) => [name, copyPlain(value)]),
      );
      checkedValues.add(values);
      return constructFrom(component, values);
    },
  };
}

/** What a class objects to, by its `preconditions`, in values that are right each by itself; nothing is constructed. */
export function objectionsTo(component: AnyClass, values: Values): readonly Problem[] {
  return preconditionProblems(draftOf(component, values));
}

/** An object of the class that has its options, and whose constructor has not run. */
function draftOf<Instance extends object>(component: AnyClass<Instance>, values: Values): Instance {
  const draft: unknown = Object.create(component.prototype);
  if (!(draft instanceof component)) throw new TypeError(`${component.name} is no class`);
  setOptions(draft, values);
  return draft;
}

function constructFrom<Instance extends object>(component: AnyClass<Instance>, values: Values): Instance {
  let instance: unknown;
  try {
    instance = Reflect.construct(component, [values]);
  } catch (error) {
    const message = `${component.name} cannot be constructed: ${messageOf(error)}`;
    throw new ConfigurationError([{ kind: "construction", path: [], message }], { cause: error });
  }
  if (instance instanceof component) return instance;
  throw new TypeError(`the constructor of ${component.name} returned another object`);
}

/** The options of a class with those of its bases. */
export function schemasOf(component: object & { readonly name: string }): SchemaMap {
  const schemas: unknown = Reflect.get(component, "configSchema");
  if (!isSchemaMap(schemas)) throw new TypeError(`${component.name} has no configSchema made of schema(…)`);
  return schemas;
}

/** Gives an object that has none of them yet its options as attributes. */
export function setOptions(target: object, values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    if (name in target) {
      throw new TypeError(
        `the option "${name}" of ${target.constructor.name} would hide what its class has under that name: rename the option`,
      );
    }
    setOption(target, name, value);
  }
}

export function setOption(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** What the preconditions object to, unless `fromConfig` has asked already. */
export function uncheckedProblems(instance: Configurable, values: Values): readonly Problem[] {
  return checkedValues.has(values) ? [] : preconditionProblems(instance);
}

function preconditionProblems(instance: object): readonly Problem[] {
  return isConfigurable(instance) ? objectionProblems(() => instance.preconditions()) : [];
}

/** What preconditions return, yield or throw, as problems. */
export function objectionProblems(ask: () => Objections): readonly Problem[] {
  return Array.from(objectionsOf(ask), (objection) =>
    typeof objection === "string"
      ? { kind: "precondition", path: [], message: objection }
      : { kind: "precondition", path: [objection.option].flat(), message: objection.message },
  );
}

function objectionsOf(ask: () => Objections): readonly Objection[] {
  try {
    const objections = ask();
    if (objections === undefined) return [];
    return typeof objections === "string" || "option" in objections ? [objections] : [...objections];
  } catch (error) {
    return [messageOf(error)];
  }
}

function isConfigurable(instance: object): instance is Configurable {
  return "preconditions" in instance && typeof instance.preconditions === "function";
}
