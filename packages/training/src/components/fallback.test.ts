import { configurable, register, typedConfigurable } from "@ml-mosaic/configurable";
import { expect, test } from "vitest";
import { componentOr } from "./fallback.ts";

abstract class Loss extends typedConfigurable({}) {}
abstract class Generic extends typedConfigurable({}, Loss) {}

/** Differs from BCELoss by its capitals, and has an alias that BCEWithLogitsLoss has too: as in BigSF. */
class BceLoss extends configurable({}, Loss) {
  static override readonly aliases = ["bce"];
}
class BCELoss extends configurable({}, Generic) {
  static override readonly aliases = ["binary_cross_entropy"];
}
class BCEWithLogitsLoss extends configurable({}, Generic) {
  static override readonly aliases = ["bce"];
}
register(BceLoss, BCELoss, BCEWithLogitsLoss);

const loss = componentOr<Loss>(Loss, Generic);
const read = (type: string) => {
  const reading = loss.read({ type });
  return reading.ok ? reading.value.constructor.name : reading.problems;
};

test.each([
  ["BceLoss", "BceLoss"],
  ["BCELoss", "BCELoss"],
  ["bce", "BceLoss"],
  ["BCE", "BceLoss"],
  ["bcewithlogitsloss", "BCEWithLogitsLoss"],
])("%s is %s", (type, name) => {
  expect(read(type)).toBe(name);
});

test.each(["bceloss", "BCEloss", "Bceloss"])("%s may be two losses, and is refused by the names of both", (type) => {
  const message = `"${type}" may be "BceLoss" or "BCELoss", which are different; write it as one of them`;
  expect(read(type)).toEqual([{ kind: "precondition", path: ["type"], message }]);
});
