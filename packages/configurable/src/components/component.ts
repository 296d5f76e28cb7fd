import { construct, type Type } from "../types/type.ts";
import { type ComponentClass, isComponentClass, type Later, notConfigurable } from "./component-class.ts";
import { expectedConfig } from "./registry.ts";
import { resolvedConfig } from "./resolved-config.ts";

/**
 * A component inside another: its value is an instance, made from its own options when the owner is.
 *
 * @example
 * class Trainer extends configurable({ model: schema(component(BaseModel)) }) {}
 * Trainer.fromConfig({ model: { type: "cnn" } }).model; // a CnnModel
 */
export function component<Instance extends object>(componentClass: ComponentClass<Instance>): Type<Instance> {
  return { ...described(componentClass), read: (value, options) => componentClass.readComponent(value, options) };
}

/** A component that is checked with its owner and constructed when the owner asks, as often as it asks. */
component.later = function later<Instance extends object>(
  componentClass: ComponentClass<Instance>,
): Type<Later<Instance>> {
  return {
    ...described(componentClass),
    read: (value, options) => {
      const reading = componentClass.readComponent(value, options);
      if (!reading.ok) return { ok: false, problems: reading.problems };
      return { ok: true, value: Object.assign(() => construct(reading), { config: resolvedConfig(reading.value) }) };
    },
  };
};

function described(componentClass: ComponentClass): Pick<Type<unknown>, "expected" | "form"> {
  if (!isComponentClass(componentClass)) throw new TypeError(notConfigurable(componentClass));
  return { expected: expectedConfig(componentClass), form: { kind: "component", component: componentClass } };
}
