import type { SchemaMap } from "../schema.ts";
import type { Reading, ReadOptions } from "../types/type.ts";
import type { FromConfigOptions } from "./from-config.ts";

/** Any class, abstract or not, whatever its constructor takes. */
export type AnyClass<Instance extends object = object> = abstract new (...parameters: never[]) => Instance;

/** The configuration of a component, as a file has it. */
export type ConfigObject = Readonly<Record<string, unknown>>;

/** A message about options, or about one of them or a part of one (`["maps", 2]`), which is then named in front of it. */
export type Objection =
  | string
  | { readonly option: string | readonly [string, ...(string | number)[]]; readonly message: string };

/** What `preconditions` returns; to be written there where a subclass is to return something else of it. */
// biome-ignore lint/suspicious/noConfusingVoidType: a method that only throws returns void
export type Objections = Objection | Iterable<Objection> | void;

/** What instances of configurable classes have besides their options. */
export interface Configurable {
  /**
   * Says what is wrong with options that are right each by itself: returns messages, yields them, or throws. It runs
   * before any constructor's body, on an object that has the options (components among them likewise) and the methods of
   * the class, and no fields.
   */
  preconditions(): Objections;
}

/** What every class made with `configurable` has, whatever its options. */
export interface ComponentStatics {
  /** Its options, those of its base classes included. */
  readonly configSchema: SchemaMap;
  /** Checks a configuration, that of components inside included, without constructing anything. */
  readComponent<Instance extends object>(
    this: AnyClass<Instance>,
    config: unknown,
    options?: ReadOptions,
  ): Reading<Instance>;
  /**
   * Checks a configuration and constructs the component, those inside it first.
   *
   * @param config an object, the path of a YAML file, or what `readYaml` gave
   * @throws ConfigurationError with every problem there is, before anything is constructed
   */
  fromConfig<Instance extends object>(this: AnyClass<Instance>, config: unknown, options?: FromConfigOptions): Instance;
}

export type ComponentClass<Instance extends object = object> = AnyClass<Instance> & ComponentStatics;

/** A component that is checked, to be constructed later: each call makes a new one. */
export interface Later<Instance extends object> {
  (): Instance;
  /** The whole configuration, as `resolvedConfig` gives it. */
  readonly config: ConfigObject;
}

export function isComponentClass<Instance extends object>(
  value: AnyClass<Instance>,
): value is ComponentClass<Instance> {
  return "configSchema" in value && "readComponent" in value && typeof value.readComponent === "function";
}

export function notConfigurable({ name }: AnyClass): string {
  return `${name} is not made with configurable(…)`;
}
