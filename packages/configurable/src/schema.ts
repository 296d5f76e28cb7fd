import { isPlainObject } from "@ml-mosaic/base";
import type { ConfigObject, Configurable, Later } from "./components/component-class.ts";
import type { Type } from "./types/type.ts";

/** One option of a component. `Value` is what the component gets: with `undefined` where it may be left out. */
export interface Schema<Value> {
  readonly type: Type<Value>;
  /** Used where nothing is given, as a file would have it; `undefined` means that there is none. */
  readonly default: unknown;
  /** Whether nothing, or null, may be given. */
  readonly optional: boolean;
  /** Another option that may be given instead; one of the two must be. */
  readonly unless?: string | undefined;
  /** Further names of the option; its own name wins where both are given. */
  readonly aliases: readonly string[];
  /** One sentence for tables of options. */
  readonly help: string;
  /** What stands for its value in the usage of a command: `FILE`, or of a value of two words `NAME VALUE`. */
  readonly words?: string | undefined;
}

/** The options of a component under their names, as a class has them in its static `configSchema`. */
export type SchemaMap = Readonly<Record<string, Schema<unknown>>>;

/** The values that a component gets for its options: `constructor({ width }: Infer<typeof options>)`. */
export type Infer<Options extends SchemaMap> = {
  readonly [Name in keyof Options]: Options[Name] extends Schema<infer Value> ? Value : never;
};

/** How a value is written in a configuration: components as their options, all else as it is. */
export type Written<Value> = Value extends Configurable | Later<object>
  ? ConfigObject
  : Value extends readonly (infer Item)[]
    ? readonly Written<Item>[]
    : Value extends Record<string, infer Part>
      ? Readonly<Record<string, Written<Part>>>
      : Value;

interface CommonOptions {
  readonly aliases?: readonly string[];
  readonly help?: string;
  readonly words?: string;
}

interface RequiredOptions extends CommonOptions {
  readonly optional?: false;
  readonly default?: never;
}

interface OptionalOptions extends CommonOptions {
  readonly optional: boolean;
  readonly unless?: string;
  readonly default?: never;
}

interface DefaultOptions<Value> extends CommonOptions {
  readonly optional?: boolean;
  readonly default: Written<Value>;
}

/**
 * Declares an option: `schema(int)`, `schema(float, { default: 0.01, aliases: ["lr"] })`, `schema(path, { optional: true })`.
 * `schema(path, { optional: true, unless: "maps" })` may be left out where `maps` is given.
 * The default is checked like a given value when the option is read, and copied for each use.
 */
export function schema<Value>(type: Type<Value>, options?: RequiredOptions): Schema<Value>;
export function schema<Value>(type: Type<Value>, options: OptionalOptions): Schema<Value | undefined>;
// Last, because TypeScript words its error after the last overload, and a wrong default is the likeliest mistake.
export function schema<Value>(type: Type<Value>, options: DefaultOptions<NoInfer<Value>>): Schema<Value>;
export function schema<Value>(
  type: Type<Value>,
  {
    default: value,
    optional = false,
    aliases = [],
    help = "",
    words,
    unless,
  }: CommonOptions & { readonly optional?: boolean; readonly unless?: string; readonly default?: unknown } = {},
): Schema<Value | undefined> {
  return { type, default: value, optional, unless, aliases, help, words };
}

/** Whether a user's `configSchema`, perhaps from plain JavaScript, is a map of what `schema` returns. */
export function isSchemaMap(value: unknown): value is SchemaMap {
  return isPlainObject(value) && Object.values(value).every(isSchema);
}

// By form and not by a brand: the user's module may have loaded another copy of this package.
function isSchema(value: unknown): value is Schema<unknown> {
  return (
    isPlainObject(value) &&
    isType(value.type) &&
    typeof value.optional === "boolean" &&
    Array.isArray(value.aliases) &&
    value.aliases.every((alias) => typeof alias === "string") &&
    typeof value.help === "string"
  );
}

function isType(value: unknown): value is Type<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "expected" in value &&
    typeof value.expected === "string" &&
    "read" in value &&
    typeof value.read === "function"
  );
}
