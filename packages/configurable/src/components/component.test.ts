import { describe, expect, expectTypeOf, test } from "vitest";
import { checkValues } from "../check-values.ts";
import { ConfigurationError } from "../configuration-error.ts";
import { describeProblem } from "../problem.ts";
import { type Infer, schema } from "../schema.ts";
import { list, map } from "../types/collection-types.ts";
import { typeName } from "../types/form.ts";
import { literal } from "../types/literal.ts";
import { refine } from "../types/refine.ts";
import { float, int } from "../types/scalar-types.ts";
import { union } from "../types/union.ts";
import { within } from "../types/within.ts";
import { component } from "./component.ts";
import type { Later } from "./component-class.ts";
import { configurable } from "./configurable.ts";
import { register } from "./registry.ts";
import { resolvedConfig } from "./resolved-config.ts";
import { typedConfigurable } from "./typed-configurable.ts";

/** The names of what was constructed, in order. */
const made: string[] = [];
function madeBy(action: () => unknown): readonly string[] {
  made.length = 0;
  try {
    action();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
  }
  return [...made];
}

class Schedule extends configurable({ factor: schema(float, { default: 0.5 }) }) {
  readonly number = made.push("Schedule");
}

class Optimizer extends configurable({ lr: schema(float), schedule: schema(component(Schedule), { default: {} }) }) {
  readonly number = made.push("Optimizer");
  readonly step = this.lr * this.schedule.factor;
}

class Trainer extends configurable({
  optimizer: schema(component(Optimizer)),
  stop: schema(union(literal(false), component(Schedule)), { default: false }),
  others: schema(list(component(Schedule)), { default: [{ factor: 3 }] }),
  named: schema(map(list(component(Schedule))), { default: {} }),
  epochs: schema(int, { default: 3 }),
}) {
  readonly number = made.push("Trainer");
}

describe("component", () => {
  test("is made from its owner's configuration, inner ones first", () => {
    let trainer: Trainer | undefined;
    const order = madeBy(() => {
      trainer = Trainer.fromConfig({
        optimizer: { lr: 2 },
        stop: { factor: 9 },
        named: { a: [{}, { factor: 7 }] },
      });
    });
    if (trainer === undefined) expect.fail();
    expect(order).toEqual(["Schedule", "Optimizer", "Schedule", "Schedule", "Schedule", "Schedule", "Trainer"]);
    expectTypeOf(trainer.optimizer).toEqualTypeOf<Optimizer>();
    expectTypeOf(trainer.stop).toEqualTypeOf<false | Schedule>();
    expectTypeOf(trainer.others).toEqualTypeOf<Schedule[]>();
    expectTypeOf(trainer.named).toEqualTypeOf<Record<string, Schedule[]>>();
    expect(trainer.optimizer).toBeInstanceOf(Optimizer);
    expect(trainer.optimizer.step).toBe(1);
    expect(trainer.stop).toBeInstanceOf(Schedule);
    expect(trainer.others[0]?.factor).toBe(3);
    expect(trainer.named.a?.map(({ factor }) => factor)).toEqual([0.5, 7]);
  });

  test("nothing is made where anything at all is wrong", () => {
    expect(madeBy(() => Trainer.fromConfig({ optimizer: { lr: 2 }, epochs: "x" }))).toEqual([]);
    expect(madeBy(() => Trainer.fromConfig({ optimizer: { lr: 2 }, named: { a: [{ factor: "x" }] } }))).toEqual([]);
  });

  test("a default is written as a configuration has it, and checked", () => {
    const schemas = { optimizer: schema(component(Optimizer), { default: { lr: "x" } }) };
    expect(checkValues(schemas, {})).toMatchObject({
      ok: false,
      problems: [{ path: ["optimizer", "lr"], value: "x", expected: "a number as the default" }],
    });
    // @ts-expect-error the options and not an instance
    schema(component(Schedule), { default: 3 });
    // @ts-expect-error a list of options
    schema(list(component(Schedule)), { default: [3] });
    // @ts-expect-error a map of options
    schema(map(component(Schedule)), { default: { a: 3 } });
  });

  test("each instance is new", () => {
    const first = Trainer.fromConfig({ optimizer: { lr: 2 } });
    const second = Trainer.fromConfig({ optimizer: { lr: 2 } });
    expect(first.others[0]).not.toBe(second.others[0]);
  });

  test("only configurable classes", () => {
    class Plain {}
    // @ts-expect-error it has no configSchema
    expect(() => component(Plain)).toThrow("Plain is not made with configurable(…)");
    // @ts-expect-error it has no configSchema
    expect(() => component.later(Plain)).toThrow("Plain is not made with configurable(…)");
  });

  test("checkValues constructs too", () => {
    const checked = checkValues(
      { optimizer: schema(component(Optimizer)) },
      { optimizer: { lr: "4" } },
      { text: true },
    );
    if (!checked.ok) expect.fail();
    expectTypeOf(checked.values.optimizer).toEqualTypeOf<Optimizer>();
    expect(checked.values.optimizer.step).toBe(2);
  });
});

describe("a constructor that fails", () => {
  class Layer extends configurable({ groups: schema(int) }) {
    constructor(values: { readonly groups: number }) {
      super(values);
      if (this.groups === 0) throw new RangeError("groups is 0: give at least 1");
    }
  }
  class Net extends configurable({ layers: schema(list(component(Layer))) }) {}
  class Owner extends configurable({ net: schema(component(Net)) }) {}

  test("is named by its place, with its error as the cause", () => {
    try {
      Owner.fromConfig({ net: { layers: [{ groups: 1 }, { groups: 0 }] } }, { context: "run 3" });
      expect.fail();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      expect(error.message).toBe("run 3 net.layers[1]: Layer cannot be constructed: groups is 0: give at least 1");
      expect(error.cause).toBeInstanceOf(RangeError);
    }
  });

  test("is a problem for checkValues", () => {
    expect(checkValues({ net: schema(component(Net)) }, { net: { layers: [{ groups: 0 }] } })).toMatchObject({
      ok: false,
      problems: [{ kind: "construction", path: ["net", "layers", 0] }],
    });
  });
});

describe("component.later", () => {
  class Folds extends configurable({ optimizer: schema(component.later(Optimizer)), sizes: schema(list(int)) }) {}

  test("is checked with its owner, and made when and as often as the owner asks", () => {
    let folds: Folds | undefined;
    expect(
      madeBy(() => {
        folds = Folds.fromConfig({ optimizer: { lr: 2 }, sizes: [1] });
      }),
    ).toEqual([]);
    if (folds === undefined) expect.fail();
    const { optimizer } = folds;
    expectTypeOf(optimizer).toEqualTypeOf<Later<Optimizer>>();
    expect(optimizer.config).toEqual({ lr: 2, schedule: { factor: 0.5 } });
    const both = [optimizer(), optimizer()];
    expect(made).toEqual(["Schedule", "Optimizer", "Schedule", "Optimizer"]);
    expect(both[0]).not.toBe(both[1]);
    expect(both[0]?.schedule).not.toBe(both[1]?.schedule);
    expect(resolvedConfig(folds)).toEqual({ optimizer: { lr: 2, schedule: { factor: 0.5 } }, sizes: [1] });
    expect(() => Folds.fromConfig({ optimizer: { lr: "x" }, sizes: [] })).toThrow(
      'optimizer.lr: expected a number, got "x"',
    );
  });

  test("each one made has lists of its own", () => {
    class Sizes extends configurable({ sizes: schema(list(int), { default: [1] }) }) {}
    class Owner extends configurable({ sizes: schema(component.later(Sizes), { default: {} }) }) {}
    const { sizes } = Owner.fromConfig({});
    sizes().sizes.push(2);
    expect(sizes().sizes).toEqual([1]);
    expect(sizes.config).toEqual({ sizes: [1] });
  });
});

describe("refine", () => {
  const positive = refine(int, "an integer above 0", (value) => value > 0);

  test("takes some values of a type only", () => {
    expectTypeOf<Infer<{ a: ReturnType<typeof schema<number>> }>["a"]>().toEqualTypeOf<number>();
    expect(positive.read(3)).toEqual({ ok: true, value: 3 });
    expect(positive.read("3", { text: true })).toEqual({ ok: true, value: 3 });
    for (const value of [0, -1, 1.5, "x"])
      expect(positive.read(value)).toMatchObject({ ok: false, problems: [{ value, expected: "an integer above 0" }] });
  });

  test("what is wrong inside is said as it is", () => {
    const two = refine(list(positive), "a list of two", (value) => value.length === 2);
    expect(two.read([1, 0])).toMatchObject({ ok: false, problems: [{ path: [1], expected: "an integer above 0" }] });
    expect(two.read([1])).toMatchObject({ ok: false, problems: [{ path: [], expected: "a list of two" }] });
    expect(two.read(1)).toMatchObject({ ok: false, problems: [{ path: [], expected: "a list of two" }] });
  });

  test("of components", () => {
    class Owner extends configurable({
      schedule: schema(refine(component(Schedule), "a schedule that falls", ({ factor }) => factor < 1)),
    }) {}
    expect(Owner.fromConfig({ schedule: {} }).schedule).toBeInstanceOf(Schedule);
    expect(() => Owner.fromConfig({ schedule: { factor: 2 } })).toThrow(
      "schedule: expected a schedule that falls, got",
    );
  });
});

describe("within", () => {
  test.each([
    [{ minimum: 1 }, "an integer of at least 1", [1, 2], [0]],
    [{ exclusiveMinimum: 1 }, "an integer above 1", [2], [1, 0]],
    [{ minimum: 0, maximum: 2 }, "an integer of at least 0 and of at most 2", [0, 2], [-1, 3]],
    [{ exclusiveMinimum: 0, exclusiveMaximum: 2 }, "an integer above 0 and below 2", [1], [0, 2]],
    [{}, "an integer", [-5], [0.5]],
  ])("%o", (bounds, expected, right, wrong) => {
    const type = within(int, bounds);
    expect(type.expected).toBe(expected);
    for (const value of right) expect(type.read(value)).toEqual({ ok: true, value });
    for (const value of wrong) expect(type.read(value)).toMatchObject({ ok: false, problems: [{ value, expected }] });
  });

  test("bounds add up", () => {
    const type = within(within(float, { minimum: 0 }), { maximum: 1 });
    expect([-0.1, 0, 1, 1.1].map((value) => type.read(value).ok)).toEqual([false, true, true, false]);
    expect(typeName(type)).toBe("float ≥ 0 ≤ 1");
  });
});

describe("a union of components", () => {
  abstract class Own extends typedConfigurable({}) {}
  class Focal extends configurable({ gamma: schema(float, { default: 2 }) }, Own) {}
  abstract class General extends typedConfigurable({}) {}
  class Huber extends configurable({ delta: schema(float) }, General) {
    override preconditions() {
      return this.delta > 0 ? [] : ["delta has to be above 0"];
    }
  }
  register(Focal, Huber);
  const loss = union(component(Own), component(General));

  test("is called by its bases, without those below them", () => {
    abstract class Generic extends typedConfigurable({}, Own) {}
    expect(typeName(list(loss))).toBe("list of (Own | General)");
    expect(typeName(list(union(component(Own), component(Generic))))).toBe("list of Own");
  });

  const messages = (value: unknown) => {
    const reading = loss.read(value);
    return reading.ok ? reading.value : reading.problems.map(describeProblem);
  };

  test("is the one that knows the type, and so are its problems", () => {
    expect(messages({ type: "focal" })).toBeInstanceOf(Focal);
    expect(messages({ type: "huber", delta: 1 })).toBeInstanceOf(Huber);
    expect(messages({ type: "huber", delta: "x" })).toEqual(['delta: expected a number, got "x"']);
    expect(messages({ type: "focal", delta: 1 })).toEqual(["delta: unknown option, expected type, gamma"]);
    expect(messages({ type: "huber", delta: 0 })).toEqual(["delta has to be above 0"]);
  });

  test("names both where neither does", () => {
    expect(messages({ type: "hubre" })).toEqual([
      'type: expected "Focal" or "Huber", got "hubre"; did you mean "Huber"?',
    ]);
    expect(messages({})).toEqual(['type: missing, expected "Focal" or "Huber"']);
    expect(messages(3)).toEqual([
      "expected a map of options of Own, with a type or a map of options of General, with a type, got 3",
    ]);
  });
});
