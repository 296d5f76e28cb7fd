import type { SchemaMap } from "./schema.ts";
import type { Reading, ReadOptions } from "./type.ts";

/** Any class, abstract or not, whatever its constructor takes. */
export type AnyClass<Instance extends object = object> = abstract new (...parameters: never[]) => Instance;

/** The configuration of a component, as a file has it. */
export type ConfigObject = Readonly<Record<string, unknown>>;

/** A message about options, or about one of them, which is then named in front of it. */
export type Objection = string | { readonly option: string; readonly message: string };

/** What instances of configurable classes have besides their options. */
export interface Configurable {
  /**
   * Says what is wrong with options that are right each by itself: returns messages, yields them, or throws. It runs
   * before any constructor's body, on an object that has the options (components among them likewise) and the methods of
   * the class, and no fields.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a method that only throws returns void
  preconditions(): Objection | Iterable<Objection> | void;
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
}

export type ComponentClass<Instance extends object = object> = AnyClass<Instance> & ComponentStatics;

/** A component that is checked, to be constructed later: each call makes a new one. */
export interface Later<Instance extends object> {
  (): Instance;
  /** The whole configuration, as `resolvedConfig` gives it. */
  readonly config: ConfigObject;
}
