import { isPlainObject, nearestName } from "@ml-mosaic/base";
import type { Problem } from "../problem.ts";
import { knownNames } from "../read-values.ts";
import type { SchemaMap } from "../schema.ts";
import { configOfText } from "../text/component-text.ts";
import { type Reading, type ReadOptions, type Refused, refuse } from "../types/type.ts";
import type { AnyClass } from "./component-class.ts";
import {
  type AnyConfigurableClass,
  type ConfigurableClass,
  type ConfigurableOn,
  configurable,
} from "./configurable.ts";
import { readComponent, schemasOf } from "./read-component.ts";
import {
  choiceByName,
  choicesOf,
  choiceWithoutType,
  expectedConfig,
  type RegisteredClass,
  type Registry,
  refuseOptionType,
} from "./registry.ts";

export interface TypedStatics {
  /** Further names that `type` may have for the class; a subclass has its own. The first is written back. */
  readonly aliases: readonly string[];
  /** Whether this class is meant where a configuration has no `type`. Subclasses have their own. */
  readonly isDefault: boolean;
  /** The `type` that is meant where a configuration has none, and no class calls itself the default. */
  readonly defaultType: string | undefined;
  /** What `register` was told about, for this class and all under the same typed base. */
  readonly registered: Registry;
}

/**
 * As `configurable`, for a base class of which a configuration chooses a subclass by `type`: by its name or by one of its
 * `aliases`, in any case, among the classes given to `register`.
 *
 * @example
 * abstract class BaseModel extends typedConfigurable({}) {}
 * class CnnModel extends configurable({ filters: schema(int, { default: 32 }) }, BaseModel) {
 *   static override readonly aliases = ["cnn"];
 * }
 * register(CnnModel);
 * BaseModel.fromConfig({ type: "cnn", filters: 64 }); // a CnnModel
 */
export function typedConfigurable<const Options extends SchemaMap>(
  schemas: Options,
): ConfigurableClass<Options> & TypedStatics;
export function typedConfigurable<const Options extends SchemaMap, Base extends AnyClass>(
  schemas: Options,
  base: Base,
): ConfigurableOn<Options, Base> & TypedStatics;
export function typedConfigurable(schemas: SchemaMap, base: AnyClass = Object): AnyConfigurableClass & TypedStatics {
  refuseOptionType("typedConfigurable(…)", schemas);
  const Untyped: AnyConfigurableClass = configurable(schemas, base);
  abstract class Layer extends Untyped {
    static readonly aliases: readonly string[] = [];
    static readonly isDefault: boolean = false;
    static readonly defaultType: string | undefined = undefined;
    static readonly registered: Registry = [];

    static override readComponent<Instance extends object>(
      this: AnyClass<Instance>,
      config: unknown,
      options?: ReadOptions,
    ): Reading<Instance> {
      // biome-ignore lint/complexity/noThisInStatic: the class that it is called on is the one to choose under
      return readTyped(this, config, options);
    }
  }
  return Layer;
}

function readTyped<Instance extends object>(
  base: AnyClass<Instance>,
  config: unknown,
  options: ReadOptions | undefined,
): Reading<Instance> {
  const choices = choicesOf(base);
  const given = options?.text === true ? configOfText(config) : { ok: true as const, config };
  if (!given.ok) return given;
  if (!isPlainObject(given.config)) {
    const meant = choiceByName(choices, config);
    return refuse(config, meant === undefined ? expectedConfig(base) : `{ type: ${meant.type} }`);
  }
  const { type, ...values } = given.config;
  const expected = expectedTypes(base, choices);
  const chosen = type === undefined ? choiceWithoutType(base, choices) : choiceByName(choices, type);
  if (chosen === undefined)
    return type === undefined ? missingType(values, expected) : wrongType(type, choices, expected);
  if (!derives(chosen.component, base)) throw new TypeError(`${chosen.component.name} is not under ${base.name}`);
  const reading = readComponent(chosen.component, values, options, ["type"]);
  return reading.ok ? reading : { ok: false, problems: reading.problems.map((each) => withOwners(each, choices)) };
}

/** An option that only other classes have says which. */
function withOwners(problem: Problem, choices: readonly RegisteredClass[]): Problem {
  const [name] = problem.path;
  if (problem.kind !== "unknown" || problem.path.length !== 1 || typeof name !== "string") return problem;
  const owners = choices
    .filter(({ component }) => knownNames(schemasOf(component)).includes(name))
    .map(({ type }) => type);
  return owners.length === 0 ? problem : { ...problem, owners };
}

function derives<Instance extends object>(
  component: AnyClass,
  base: AnyClass<Instance>,
): component is AnyClass<Instance> {
  return component === base || component.prototype instanceof base;
}

function expectedTypes(base: AnyClass, choices: readonly RegisteredClass[]): string {
  if (choices.length === 0) return `a ${base.name}, but none is known: import a file that calls register(…)`;
  const types = choices.map(({ type }) => JSON.stringify(type));
  return types.length === 1 ? types.join() : `one of ${types.join(", ")}`;
}

function missingType(values: Readonly<Record<string, unknown>>, expected: string): Refused {
  const problems: Problem[] = [{ kind: "missing", path: ["type"], value: undefined, expected }];
  const meant = Object.keys(values).find((name) => nearestName(name, ["type"]) !== undefined);
  if (meant !== undefined)
    problems.push({ kind: "unknown", path: [meant], value: values[meant], expected: "type", nearest: "type" });
  return { ok: false, problems };
}

function wrongType(type: unknown, choices: readonly RegisteredClass[], expected: string): Refused {
  const nearest =
    typeof type === "string"
      ? nearestName(
          type,
          choices.flatMap(({ names }) => names),
        )
      : undefined;
  return { ok: false, problems: [{ kind: "invalid", path: ["type"], value: type, expected, nearest }] };
}

/** A base with nothing of its own: `class Blur extends configurable({ … }, TypedConfigurable) {}`. */
export abstract class TypedConfigurable extends typedConfigurable({}) {}
