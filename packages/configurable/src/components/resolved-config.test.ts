import { expect, test } from "vitest";
import { schema } from "../schema.ts";
import { map } from "../types/collection-types.ts";
import { any, float, int, path } from "../types/scalar-types.ts";
import { component } from "./component.ts";
import { configurable } from "./configurable.ts";
import { register } from "./registry.ts";
import { resolvedConfig } from "./resolved-config.ts";
import { typedConfigurable } from "./typed-configurable.ts";

abstract class Optimizer extends typedConfigurable({ lr: schema(float, { default: 0.1, aliases: ["rate"] }) }) {}
class Adam extends configurable({ eps: schema(float, { default: 1e-8 }) }, Optimizer) {
  static override readonly aliases = ["adam", "adaptive"];
}
class Sgd extends Optimizer {}
register(Adam, Sgd);

class Trainer extends configurable({
  optimizer: schema(component(Optimizer)),
  spare: schema(component.later(Optimizer), { optional: true }),
  named: schema(map(component(Optimizer)), { default: {} }),
  file: schema(path, { default: "a.csv" }),
  epochs: schema(int, { default: 3 }),
  notes: schema(any, { optional: true }),
}) {
  readonly other = "no option";
}

test("everything that was left out is there, under primary names, and only options", () => {
  const trainer = Trainer.fromConfig(
    { optimizer: { type: "ADAPTIVE", rate: 2 }, named: { a: { type: "sgd" } }, notes: { b: [1] } },
    { folder: "/data" },
  );
  const config = {
    optimizer: { type: "adam", lr: 2, eps: 1e-8 },
    spare: null,
    named: { a: { type: "Sgd", lr: 0.1 } },
    file: "/data/a.csv",
    epochs: 3,
    notes: { b: [1] },
  };
  expect(resolvedConfig(trainer)).toEqual(config);
  expect(Object.keys(resolvedConfig(trainer))).toEqual(Object.keys(config));
  expect(resolvedConfig(Trainer.fromConfig(config))).toEqual(config);
  expect(resolvedConfig(trainer.optimizer)).toEqual(config.optimizer);
});

test("it is a copy", () => {
  const trainer = Trainer.fromConfig({ optimizer: { type: "adam" }, spare: { type: "sgd" }, notes: { b: [1] } });
  const config = resolvedConfig(trainer);
  expect(config).toMatchObject({ spare: { type: "Sgd", lr: 0.1 } });
  if (typeof config.notes === "object" && config.notes !== null) Reflect.set(config.notes, "b", "changed");
  expect(trainer.notes).toEqual({ b: [1] });
});

test("of what was made without a configuration", () => {
  class Stop extends configurable({ patience: schema(int) }) {}
  expect(resolvedConfig(new Stop({ patience: 3 }))).toEqual({ patience: 3 });
  expect(() => resolvedConfig(new Date())).toThrow("Date has no configSchema made of schema(…)");
});
