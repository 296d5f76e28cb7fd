import { describe, expect, test } from "vitest";
import { component } from "../components/component.ts";
import { configurable } from "../components/configurable.ts";
import { register } from "../components/registry.ts";
import { resolvedConfig } from "../components/resolved-config.ts";
import { typedConfigurable } from "../components/typed-configurable.ts";
import { optionTypes } from "../describe/option-types.ts";
import { describeProblem } from "../problem.ts";
import { schema } from "../schema.ts";
import { list } from "../types/collection-types.ts";
import { boolean, float, string } from "../types/scalar-types.ts";
import { construct } from "../types/type.ts";
import { nestTexts } from "./nest-texts.ts";

abstract class Optimizer extends typedConfigurable({}) {}
class SGD extends configurable(
  { momentum: schema(float, { default: 0 }), nesterov: schema(boolean, { default: false }) },
  Optimizer,
) {
  static override readonly aliases = ["sgd"];
}
class Adam extends configurable(
  { betas: schema(list(float), { default: [0.9, 0.999] }), note: schema(string, { default: "" }) },
  Optimizer,
) {
  static override readonly aliases = ["adam"];
}
class Chain extends configurable({ parts: schema(list(component(Optimizer))) }, Optimizer) {
  static override readonly aliases = ["chain"];
}
register(SGD, Adam, Chain);

const options = { optimizer: schema(component(Optimizer)) };

function read(texts: Readonly<Record<string, string>>) {
  const reading = component(Optimizer).read(nestTexts(texts, options).optimizer, { text: true });
  return reading.ok ? resolvedConfig(construct(reading)) : reading.problems.map(describeProblem);
}

describe("a component in text", () => {
  test.each<[string, object]>([
    ["SGD", { type: "sgd", momentum: 0, nesterov: false }],
    ["SGD()", { type: "sgd", momentum: 0, nesterov: false }],
    ["SGD(momentum=0.9, nesterov = True)", { type: "sgd", momentum: 0.9, nesterov: true }],
    ["Adam(betas=[0.8, 0.9])", { type: "adam", betas: [0.8, 0.9], note: "" }],
    ['Adam(note="a, (b")', { type: "adam", betas: [0.9, 0.999], note: "a, (b" }],
    [
      "chain(parts=[SGD(momentum=0.5), Adam])",
      {
        type: "chain",
        parts: [
          { type: "sgd", momentum: 0.5, nesterov: false },
          { type: "adam", betas: [0.9, 0.999], note: "" },
        ],
      },
    ],
  ])("%s", (text, config) => expect(read({ optimizer: text })).toEqual(config));

  test("has options beside it, written with dots", () => {
    const config = { type: "sgd", momentum: 0.9, nesterov: true };
    expect(read({ optimizer: "SGD", "optimizer.momentum": "0.9", "optimizer.nesterov": "True" })).toEqual(config);
    expect(read({ "optimizer.momentum": "0.9", optimizer: "SGD(nesterov=True)" })).toEqual(config);
    expect(read({ optimizer: "chain", "optimizer.parts": "SGD, Adam(betas=[0, 0])" })).toMatchObject({
      parts: [{ type: "sgd" }, { betas: [0, 0] }],
    });
  });

  test.each<[string, string]>([
    ["SGD(momentum=0.9", '"SGD(momentum=0.9" is no component: write name(option=value, option=value)'],
    ["(x=1)", '"(x=1)" is no component: write name(option=value, option=value)'],
    ["SGD(0.9)", '"0.9" is no option: write SGD(option=value, option=value)'],
    ["SGD(momentum=0, momentum=1)", "SGD(…) has momentum twice: keep one of the two"],
    ["SGD(momentum=x)", 'momentum: expected a number, got "x"'],
    ["SGD(betas=[0])", "betas: unknown option (adam has it), expected type, momentum, nesterov"],
    ["SDG", 'type: expected one of "sgd", "adam", "chain", got "SDG"; did you mean "sgd"?'],
    [
      "chain(parts=[SGD, Adm])",
      'parts[1].type: expected one of "sgd", "adam", "chain", got "Adm"; did you mean "adam"?',
    ],
    ["chain(parts=[SGD,])", '"SGD," has an empty place in its list.'],
  ])("refuses %s", (text, message) => {
    expect(read({ optimizer: text })).toEqual([expect.stringContaining(message)]);
  });
});

test("the types of an option inside are those of every class that has it", () => {
  const names = (...path: string[]) => optionTypes(options, path).map(({ form }) => form?.kind);
  expect(names("optimizer", "betas")).toEqual(["list"]);
  expect(names("optimizer", "momentum")).toEqual(["float"]);
  expect(names("optimizer", "speed")).toEqual([]);
  expect(names("model")).toEqual([]);
});
