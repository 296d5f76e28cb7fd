import { describe, expect, expectTypeOf, test } from "vitest";
import { ConfigurationError } from "../configuration-error.ts";
import { type Infer, schema } from "../schema.ts";
import { list } from "../types/collection-types.ts";
import { literal } from "../types/literal.ts";
import { float, int, path, string } from "../types/scalar-types.ts";
import { component } from "./component.ts";
import type { ComponentClass, Objections } from "./component-class.ts";
import { configurable } from "./configurable.ts";

class Cnn extends configurable({
  filters: schema(int, { default: 32, aliases: ["f"] }),
  activation: schema(literal("relu", "sigmoid"), { default: "relu" }),
  seed: schema(int, { optional: true }),
  sizes: schema(list(int), { default: [1] }),
}) {
  readonly doubled = 2 * this.filters;
}

describe("options as attributes", () => {
  test("have the configuration's names, typed, before the fields of the class are set", () => {
    const cnn = Cnn.fromConfig({ f: 64 });
    expect({ ...cnn }).toEqual({ filters: 64, activation: "relu", seed: undefined, sizes: [1], doubled: 128 });
    expect(cnn).toBeInstanceOf(Cnn);
    expectTypeOf(cnn).toEqualTypeOf<Cnn>();
    expectTypeOf(cnn.filters).toEqualTypeOf<number>();
    expectTypeOf(cnn.activation).toEqualTypeOf<"relu" | "sigmoid">();
    expectTypeOf(cnn.seed).toEqualTypeOf<number | undefined>();
    expectTypeOf(cnn.sizes).toEqualTypeOf<number[]>();
    expectTypeOf(Cnn.configSchema.filters.type.read).toBeFunction();
    // @ts-expect-error options are not written to
    cnn.filters = 3;
    // @ts-expect-error no such option
    expect(cnn.filter).toBeUndefined();
  });

  test("the constructor takes the checked values, typed", () => {
    const direct = new Cnn({ filters: 2, activation: "sigmoid", seed: undefined, sizes: [] });
    expect(direct.doubled).toBe(4);
    // @ts-expect-error a missing option
    expect(() => new Cnn({ filters: 2 })).not.toThrow();
    expectTypeOf<ConstructorParameters<typeof Cnn>[0]>().toEqualTypeOf<Infer<typeof Cnn.configSchema>>();
  });

  test("in a constructor of the class's own", () => {
    const options = { width: schema(int), depth: schema(int, { default: 2 }) };
    class Mlp extends configurable(options) {
      readonly title: string;
      constructor(values: Infer<typeof options>) {
        super(values);
        this.title = `${values.depth} x ${this.width}`;
      }
    }
    expect(Mlp.fromConfig({ width: 3 }).title).toBe("2 x 3");
  });

  test("each instance has lists of its own", () => {
    Cnn.fromConfig({}).sizes.push(5);
    expect(Cnn.fromConfig({}).sizes).toEqual([1]);
    const config = { sizes: [3] };
    Cnn.fromConfig(config).sizes.push(5);
    expect(config).toEqual({ sizes: [3] });
  });
});

describe("base classes", () => {
  abstract class Module {
    static readonly kind: string = "module";
    training = true;
    protected readonly hidden = 3;
    abstract forward(x: number): number;
    size(): number {
      return this.hidden;
    }
  }

  abstract class BaseModel extends configurable(
    { in_channels: schema(int), lr: schema(float, { default: 1 }) },
    Module,
  ) {}

  class Unet extends configurable(
    { features: schema(int, { default: 8 }), lr: schema(float, { default: 2 }) },
    BaseModel,
  ) {
    readonly total = this.features * this.in_channels;
    override forward(x: number): number {
      return x * this.total * this.hidden;
    }
  }

  test("another library's class comes along, with its members and statics", () => {
    const unet = Unet.fromConfig({ in_channels: 2 });
    expectTypeOf(unet).toEqualTypeOf<Unet>();
    expectTypeOf(unet.in_channels).toEqualTypeOf<number>();
    expect(unet).toBeInstanceOf(Module);
    expect([unet.total, unet.training, unet.size(), unet.forward(1), Unet.kind]).toEqual([16, true, 3, 48, "module"]);
  });

  test("schemas merge down the chain, and the subclass wins", () => {
    expect(Object.keys(Unet.configSchema)).toEqual(["in_channels", "lr", "features"]);
    expect(Unet.fromConfig({ in_channels: 1 }).lr).toBe(2);
    expectTypeOf<keyof typeof Unet.configSchema>().toEqualTypeOf<"in_channels" | "lr" | "features">();
    expect(BaseModel.configSchema).not.toHaveProperty("features");
  });

  test("abstract methods have to be written, and abstract classes cannot be made", () => {
    // @ts-expect-error forward is missing
    class Unfinished extends configurable({}, BaseModel) {}
    expect(Unfinished.fromConfig({ in_channels: 1 }).forward).toBeUndefined();
    // @ts-expect-error it is abstract
    expect(() => new BaseModel({ in_channels: 1, lr: 1 })).not.toThrow();
    expectTypeOf(BaseModel.fromConfig).returns.toBeObject();
  });

  test("a subclass without options of its own", () => {
    class Wide extends Unet {
      static override readonly kind = "wide";
    }
    const wide = Wide.fromConfig({ in_channels: 3 });
    expectTypeOf(wide).toEqualTypeOf<Wide>();
    expect([wide.total, Wide.kind]).toEqual([24, "wide"]);
  });

  test("a class with a configSchema that takes its values itself", () => {
    const options = { width: schema(int) };
    class Plain {
      static readonly configSchema = options;
      readonly area: number;
      constructor({ width }: Infer<typeof options>) {
        this.area = width * width;
      }
    }
    class Solid extends configurable({ height: schema(int) }, Plain) {
      readonly volume = this.area * this.height;
    }
    const solid = Solid.fromConfig({ width: 2, height: 3 });
    expectTypeOf(solid.width).toEqualTypeOf<number>();
    expect([solid.volume, solid.width]).toEqual([12, 2]);
  });

  test("a class between that hands on its own options only", () => {
    const options = { a: schema(int) };
    class First extends configurable(options) {
      constructor({ a }: Infer<typeof options>) {
        super({ a: a + 1 });
      }
    }
    class Second extends configurable({ b: schema(int) }, First) {}
    expect({ ...Second.fromConfig({ a: 1, b: 5 }) }).toEqual({ a: 2, b: 5 });
  });
});

describe("preconditions", () => {
  const bodies: string[] = [];

  class Folds extends configurable({
    area_size: schema(int),
    overlap: schema(int, { default: 0 }),
    name: schema(string, { default: "" }),
  }) {
    constructor(values: { readonly area_size: number; readonly overlap: number; readonly name: string }) {
      super(values);
      bodies.push(this.name);
    }

    override preconditions(): Objections {
      if (this.overlap < this.limit()) return undefined;
      return { option: "overlap", message: `must be below area_size (${this.area_size})` };
    }

    limit(): number {
      return this.area_size;
    }
  }
  const message = "overlap: must be below area_size (4)";

  test("run before the constructor's body, with the methods of the class", () => {
    expect(() => Folds.fromConfig({ area_size: 4, overlap: 4, name: "x" })).toThrow(message);
    expect(bodies).toEqual([]);
    expect(Folds.fromConfig({ area_size: 4, overlap: 3 }).overlap).toBe(3);
    expect(bodies).toEqual([""]);
  });

  test("hold for the constructor too", () => {
    expect(() => new Folds({ area_size: 4, overlap: 9, name: "direct" })).toThrow(`Folds ${message}`);
    expect(bodies).not.toContain("direct");
  });

  test("see the components inside", () => {
    class Data extends configurable({ patch_size: schema(int), folds: schema(component(Folds)) }) {
      override preconditions() {
        return this.patch_size > this.folds.limit() ? "patches do not fit into areas" : [];
      }
    }
    expect(() => Data.fromConfig({ patch_size: 9, folds: { area_size: 8 } })).toThrow("patches do not fit into areas");
    expect(Data.fromConfig({ patch_size: 8, folds: { area_size: 8 } }).folds).toBeInstanceOf(Folds);
  });

  test("of the base run where the subclass asks for them", () => {
    class Strict extends configurable({}, Folds) {
      override preconditions() {
        return super.preconditions() ?? (this.area_size > 100 ? "too large" : undefined);
      }
    }
    expect(() => Strict.fromConfig({ area_size: 4, overlap: 4 })).toThrow(message);
    expect(() => Strict.fromConfig({ area_size: 400 })).toThrow("too large");
  });
});

describe("what is wrong with a class is said to its author", () => {
  test("an option that hides something", () => {
    class Verbs {
      train(): void {}
    }
    class Odd extends configurable({ train: schema(int) }, Verbs) {}
    expect(() => Odd.fromConfig({ train: 1 })).toThrow(
      new TypeError('the option "train" of Odd would hide what its class has under that name: rename the option'),
    );
    class Fields {
      training = true;
    }
    // @ts-expect-error a number that is a boolean
    class Field extends configurable({ training: schema(int) }, Fields) {}
    expect(() => Field.fromConfig({ training: 1 })).toThrow('the option "training" of Field would hide');
    class Language extends configurable({ constructor: schema(int) }) {}
    expect(() => Language.fromConfig({ constructor: 1 })).toThrow('the option "constructor" of Language');
  });

  test("a constructor that does not hand on the values", () => {
    class Forgetful extends configurable({ a: schema(int) }) {
      constructor(values: { readonly a: number }) {
        // @ts-expect-error the values are missing
        super(values.a);
      }
    }
    expect(() => Forgetful.fromConfig({ a: 1 })).toThrow(
      "Forgetful cannot be constructed: the constructor of Forgetful has to hand the values on: super(values)",
    );
  });

  test("schemas that are none", () => {
    // @ts-expect-error an int is a type, no option
    expect(() => configurable({ a: int })).toThrow("configurable takes a map of options, each made with schema(…)");
    class Wrong {
      static readonly configSchema = { a: 3 };
      readonly a = 3;
    }
    expect(() => configurable({}, Wrong)).toThrow("the configSchema of Wrong is not made of schema(…)");
  });
});

describe("fromConfig", () => {
  test("the error has all problems, as data too", () => {
    try {
      Cnn.fromConfig({ filters: "x", sizes: [1, 2.5] }, { context: "[CNN]" });
      expect.fail();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      expect(error.message).toBe(
        '2 problems:\n  [CNN] filters: expected an integer, got "x"\n  [CNN] sizes[1]: expected an integer, got 2.5',
      );
      expect(error.problems).toMatchObject([
        { kind: "invalid", path: ["filters"], value: "x", context: "[CNN]" },
        { kind: "invalid", path: ["sizes", 1], value: 2.5, context: "[CNN]" },
      ]);
    }
  });

  test("text and folder are as for checkValues", () => {
    class Reader extends configurable({ file: schema(path), rows: schema(int) }) {}
    const reader = Reader.fromConfig({ file: "a.csv", rows: "3" }, { text: true, folder: "/data" });
    expect({ ...reader }).toEqual({ file: "/data/a.csv", rows: 3 });
  });

  test.each([[undefined], [null], [3], [[]], [new Map()]])("%o is no configuration", (config) => {
    expect(() => Cnn.fromConfig(config)).toThrow("expected a map of options of Cnn, got");
  });

  test("a class keeps its type when it is handed on", () => {
    function make<Instance extends object>(made: ComponentClass<Instance>): Instance {
      return made.fromConfig({});
    }
    expect(make(Cnn).doubled).toBe(64);
  });
});
