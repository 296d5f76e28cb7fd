import { isPlainObject } from "@ml-mosaic/base";
import { ConfigurationError } from "../configuration-error.ts";
import { type Infer, isSchemaMap, type SchemaMap } from "../schema.ts";
import type { Reading, ReadOptions } from "../types/type.ts";
import type { AnyClass, ComponentStatics, Configurable, Objections } from "./component-class.ts";
import { type FromConfigOptions, fromConfig } from "./from-config.ts";
import { readComponent, setOption, setOptions, uncheckedProblems } from "./read-component.ts";

/** The options of a class with those of its base; its own win. */
export type Merged<Options extends SchemaMap, Base> = Base extends {
  readonly configSchema: infer Inherited extends SchemaMap;
}
  ? Omit<Inherited, keyof Options> & Options
  : Options;

/** The statics, with the options typed. */
export interface ConfigurableStatics<Options extends SchemaMap> extends ComponentStatics {
  readonly configSchema: Options;
}

/** What `configurable` makes: a base class whose constructor takes the checked values of all options. */
export type ConfigurableClass<Options extends SchemaMap, Instance extends object = object> = (abstract new (
  values: Infer<Options>,
) => Infer<Options> & Configurable & Instance) &
  ConfigurableStatics<Options>;

/** The same on top of another class, whose other statics it keeps. */
export type ConfigurableOn<Options extends SchemaMap, Base extends AnyClass> = ConfigurableClass<
  Merged<Options, Base>,
  InstanceType<Base>
> &
  Omit<Base, keyof ConfigurableStatics<SchemaMap> | "prototype">;

type Constructor = abstract new (...parameters: unknown[]) => object;

/**
 * Makes a base class that has these options: as attributes of its instances, in the order of declaration, set before
 * the fields and the constructor of a subclass.
 *
 * @param schemas the options under their names
 * @param base a class to extend. Where it has a `configSchema`, its options are options of the new class as well, and its
 *   constructor gets the values; otherwise its constructor gets nothing
 *
 * @example
 * class Cnn extends configurable({ filters: schema(int, { default: 32 }) }) {
 *   readonly doubled = 2 * this.filters;
 * }
 * Cnn.fromConfig({ filters: 64 }).doubled; // 128
 */
export function configurable<const Options extends SchemaMap>(schemas: Options): ConfigurableClass<Options>;
export function configurable<const Options extends SchemaMap, Base extends AnyClass>(
  schemas: Options,
  base: Base,
): ConfigurableOn<Options, Base>;
export function configurable(schemas: SchemaMap, base: Constructor = Object): AnyConfigurableClass {
  if (!isSchemaMap(schemas)) throw new TypeError("configurable takes a map of options, each made with schema(…)");
  const inherited: unknown = Reflect.get(base, "configSchema");
  if (inherited !== undefined && !isSchemaMap(inherited))
    throw new TypeError(`the configSchema of ${base.name} is not made of schema(…)`);
  const merged: SchemaMap = { ...inherited, ...schemas };
  return isConfigurableClass(base)
    ? laterLayer(schemas, merged, base)
    : firstLayer(merged, base, inherited !== undefined);
}

/** The same where the options are not known. */
export type AnyConfigurableClass = (abstract new (values: Values) => Configurable) & ConfigurableStatics<SchemaMap>;
type Values = Readonly<Record<string, unknown>>;

function isConfigurableClass(base: Constructor): base is Constructor & AnyConfigurableClass {
  return "readComponent" in base && "fromConfig" in base;
}

/** The layer next to a class that is not configurable. It sets all options before anything below it runs. */
function firstLayer(merged: SchemaMap, base: Constructor, baseTakesValues: boolean): AnyConfigurableClass {
  abstract class Layer extends base {
    static readonly configSchema = merged;

    static readComponent<Instance extends object>(
      this: AnyClass<Instance>,
      config: unknown,
      options?: ReadOptions,
    ): Reading<Instance> {
      // biome-ignore lint/complexity/noThisInStatic: the class that it is called on is the one to make
      return readComponent(this, config, options);
    }

    static fromConfig<Instance extends object>(
      this: AnyClass<Instance>,
      config: unknown,
      options?: FromConfigOptions,
    ): Instance {
      // biome-ignore lint/complexity/noThisInStatic: the class that it is called on is the one to make
      return fromConfig(this, config, options);
    }

    constructor(values: Values) {
      super(...(baseTakesValues ? [values] : []));
      if (!isPlainObject(values))
        throw new TypeError(`the constructor of ${new.target.name} has to hand the values on: super(values)`);
      setOptions(this, values);
      const problems = uncheckedProblems(this, values);
      if (problems.length > 0)
        throw new ConfigurationError(problems.map((each) => ({ ...each, context: new.target.name })));
    }

    preconditions(): Objections {}
  }
  return Layer;
}

/** Further options on top of a configurable class, between which and this layer the user's own code may run. */
function laterLayer(schemas: SchemaMap, merged: SchemaMap, base: AnyConfigurableClass): AnyConfigurableClass {
  abstract class Layer extends base {
    static override readonly configSchema = merged;

    constructor(values: Values) {
      super(values);
      // The class above may have handed on its own options only.
      for (const name of Object.keys(schemas)) setOption(this, name, values[name]);
    }
  }
  return Layer;
}
