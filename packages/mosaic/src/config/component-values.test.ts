import { describe, expect, test } from "vitest";
import { evaluate, parseCondition } from "../conditions/index.ts";
import { componentValues } from "./component-values.ts";

/** Whether a condition holds of a run with these options. */
function holds(condition: string, texts: Readonly<Record<string, string>>): boolean {
  const parsed = parseCondition(condition);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const componentValue = componentValues();
  return evaluate(parsed.condition, (name) => componentValue(name, texts));
}

const sgd = { optimizer: "SGD(momentum=0.9)" };
const dotted = { optimizer: "sgd", "optimizer.momentum": "0.90" };

describe("of a component a condition", () => {
  test.each<[string, Readonly<Record<string, string>>, boolean]>([
    ["optimizer = SGD", sgd, true],
    ["optimizer = sgd", dotted, true],
    ["optimizer != SGD", sgd, false],
    ["optimizer in (adam, Sgd)", sgd, true],
    ["optimizer = 'SGD(momentum=0.9)'", dotted, true],
    ["optimizer = 'SGD(momentum=0.5)'", dotted, false],
    ["optimizer = 'SGD(nesterov=false)'", sgd, true],
    ["optimizer.momentum > 0.5", sgd, true],
    ["optimizer.momentum = 0.9", dotted, true],
    ["optimizer.momentum = 0", { optimizer: "SGD" }, true],
    ["optimizer.momentum = 0", {}, false],
    ["not optimizer.momentum = 0", {}, false],
    ["optimizer = adam", {}, true],
    ["optimizer = 'Adam(eps=1e-8)'", {}, true],
    ["optimizer.betas = '0.9, 0.999'", {}, true],
    ["optimizer > 3", sgd, false],
    ["scheduler = none", {}, true],
    ["scheduler != None", { scheduler: "StepLR(step_size=3)" }, true],
    ["early_stopping = true", { early_stopping: "True" }, true],
    ["early_stopping = false", {}, true],
    ["loss_function = MSELoss", {}, true],
    ["loss_function = MSELoss", { class_loss_function: "Own" }, false],
    ["loss_function = bce_with_logits", { loss_function: "BCEWithLogitsLoss" }, true],
  ])("%s of %j: %j", (condition, texts, expected) => expect(holds(condition, texts)).toBe(expected));
});
