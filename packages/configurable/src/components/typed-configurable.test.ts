import { describe, expect, expectTypeOf, test } from "vitest";
import { schema } from "../schema.ts";
import { list } from "../types/collection-types.ts";
import { int, string } from "../types/scalar-types.ts";
import { component } from "./component.ts";
import { configurable } from "./configurable.ts";
import { register } from "./registry.ts";
import { resolvedConfig } from "./resolved-config.ts";
import { TypedConfigurable, typedConfigurable } from "./typed-configurable.ts";

abstract class BaseModel extends typedConfigurable({ in_channels: schema(int, { default: 1 }) }) {
  static override readonly aliases = ["base_model"];
  abstract forward(x: number): number;
}

class CnnModel extends configurable(
  { filters: schema(int, { default: 32 }), kernel_size: schema(int, { default: 3 }) },
  BaseModel,
) {
  static override readonly aliases = ["cnn", "CNNModel"];
  override forward(x: number): number {
    return x * this.filters;
  }
}

class DeepCnn extends CnnModel {}

class Linear extends configurable({ width: schema(int) }, BaseModel) {
  override forward(x: number): number {
    return x;
  }
}

register(CnnModel, DeepCnn, Linear);

describe("the class is chosen", () => {
  test.each(["cnn", "CNN", "cnnmodel", "CnnModel", "CNNMODEL"])("by a name or an alias in any case: %s", (type) => {
    const model = BaseModel.fromConfig({ type, filters: 64, kernel_size: 5 });
    expect(model).toBeInstanceOf(CnnModel);
    expect(model.constructor).toBe(CnnModel);
    expect({ ...model }).toEqual({ in_channels: 1, filters: 64, kernel_size: 5 });
    expect(model.forward(2)).toBe(128);
    expectTypeOf(model).toEqualTypeOf<BaseModel>();
    expectTypeOf(model.in_channels).toEqualTypeOf<number>();
  });

  test("among the subclasses of the class that is asked", () => {
    expect(BaseModel.fromConfig({ type: "DeepCnn" })).toBeInstanceOf(DeepCnn);
    expect(CnnModel.fromConfig({ type: "deepcnn" })).toBeInstanceOf(DeepCnn);
    expect(() => CnnModel.fromConfig({ type: "linear", width: 3 })).toThrow(
      'type: expected one of "cnn", "DeepCnn", got "linear"',
    );
    expect(() => DeepCnn.fromConfig({ type: "cnn" })).toThrow('type: expected "DeepCnn", got "cnn"');
  });

  test("without a type: a registered class is meant itself", () => {
    const model = CnnModel.fromConfig({ filters: 3 });
    expectTypeOf(model).toEqualTypeOf<CnnModel>();
    expect(model.constructor).toBe(CnnModel);
    expect(() => BaseModel.fromConfig({ filters: 3 })).toThrow(
      'type: missing, expected one of "cnn", "DeepCnn", "Linear"',
    );
  });

  test("by the base's default", () => {
    abstract class Optimizer extends typedConfigurable({}) {
      static override readonly defaultType = "adam";
    }
    class Adam extends Optimizer {}
    class Sgd extends Optimizer {}
    expect(() => Optimizer.fromConfig({})).toThrow(
      new TypeError("the defaultType adam of Optimizer is not registered"),
    );
    register(Adam, Sgd);
    expect(Optimizer.fromConfig({})).toBeInstanceOf(Adam);
    expect(Optimizer.fromConfig({ type: "sgd" })).toBeInstanceOf(Sgd);
    expect(() => Optimizer.fromConfig({ type: null })).toThrow('type: expected one of "Adam", "Sgd", got null');
  });

  test("on top of another class", () => {
    class Module {
      training = true;
    }
    abstract class Net extends typedConfigurable({ a: schema(int) }, Module) {}
    class Mlp extends configurable({ b: schema(int) }, Net) {}
    register(Mlp);
    const net = Net.fromConfig({ type: "mlp", a: 1, b: 2 });
    expect({ ...net }).toEqual({ training: true, a: 1, b: 2 });
    expectTypeOf(net.training).toEqualTypeOf<boolean>();
  });

  test("for the seed's classes on TypedConfigurable", () => {
    class NewComponent extends configurable(
      { param1: schema(string, { default: "default" }), param2: schema(int, { default: 10 }) },
      TypedConfigurable,
    ) {}
    class NewComponentNeg extends configurable(
      { param1: schema(string, { default: "Neg" }), param2: schema(int, { default: -10 }) },
      TypedConfigurable,
    ) {}
    register(NewComponent, NewComponentNeg);
    expect({ ...TypedConfigurable.fromConfig({ type: "NewComponentNeg", param1: "example" }) }).toEqual({
      param1: "example",
      param2: -10,
    });
  });
});

describe("register", () => {
  test("a class whose name or alias another has is refused, and changes nothing", () => {
    class Convolutional extends BaseModel {
      static override readonly aliases = ["Cnn"];
      override forward(x: number): number {
        return x;
      }
    }
    const before = [...BaseModel.registered];
    expect(() => register(Convolutional)).toThrow(
      new TypeError(
        'the classes CnnModel and Convolutional are both called "Cnn": give one of them another name or alias',
      ),
    );
    expect(BaseModel.registered).toEqual(before);
  });

  test("two classes of one name", () => {
    const other = class Linear extends CnnModel {};
    expect(() => register(other)).toThrow('the classes Linear and Linear are both called "Linear"');
  });

  test("under another base the name is free, and a class may be registered again", () => {
    abstract class Encoder extends typedConfigurable({}) {}
    const other = class Linear extends Encoder {};
    register(other);
    register(other, CnnModel);
    expect(Encoder.registered.map(({ type }) => type)).toEqual(["Linear"]);
    expect(BaseModel.registered.map(({ type }) => type)).toEqual(["cnn", "DeepCnn", "Linear"]);
  });

  test("aliases are not inherited", () => {
    expect(BaseModel.registered.map(({ names }) => names)).toEqual([["cnn", "CNNModel"], ["DeepCnn"], ["Linear"]]);
  });

  test("only classes below a typed one, and only ones that can be made", () => {
    class Plain extends configurable({}) {}
    expect(() => register(Plain)).toThrow(
      "Plain cannot be registered: no base class of it is made with typedConfigurable(…)",
    );
    expectTypeOf(register).parameter(0).not.toEqualTypeOf<typeof BaseModel>();
    // @ts-expect-error it is abstract
    expect(() => register(TypedConfigurable, Plain)).toThrow("Plain cannot be registered");
  });

  test("an option that is called as the choice is", () => {
    const message = 'has an option "type", which chooses the class: give it another name';
    expect(() => typedConfigurable({ type: schema(int) })).toThrow(message);
    class Kind extends configurable({ kind: schema(int, { aliases: ["type"] }) }, BaseModel) {
      override forward(x: number): number {
        return x;
      }
    }
    expect(() => register(Kind)).toThrow(`Kind ${message}`);
  });

  test("one that is forgotten is missed loudly", () => {
    abstract class Metric extends typedConfigurable({}) {}
    class Dice extends Metric {}
    expect(() => Metric.fromConfig({ type: "dice" })).toThrow(
      'type: expected a Metric, but none is known: import a file that calls register(…), got "dice"',
    );
    expect(() => Dice.fromConfig({})).toThrow("type: missing, expected a Dice, but none is known");
  });
});

test("components of their own kind", () => {
  abstract class Augmentation extends typedConfigurable({}) {}
  class Flip extends configurable({ axis: schema(int, { default: 0 }) }, Augmentation) {}
  class Compose extends configurable({ parts: schema(list(component(Augmentation))) }, Augmentation) {}
  register(Flip, Compose);
  const config = {
    type: "Compose",
    parts: [
      { type: "Flip", axis: 1 },
      { type: "Compose", parts: [] },
    ],
  };
  const composed = Augmentation.fromConfig(config);
  expect(resolvedConfig(composed)).toEqual(config);
  if (!(composed instanceof Compose)) expect.fail();
  expectTypeOf(composed.parts).toEqualTypeOf<Augmentation[]>();
  expect(composed.parts[0]).toBeInstanceOf(Flip);
});
