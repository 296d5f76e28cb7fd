/** Numbers as people type them, for the inputs of a model: what does not fit is said with its place. */
import { countText } from "@ml-mosaic/base";
import type { TensorShape } from "../../wire/answers.ts";
import { nothingToSay, Refused } from "../refused.ts";

export interface InputValues {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export const mostValues = 200_000;
/** What a type has room for; of 64 bits what can be told exactly. */
const whole: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["bool", [0, 1]],
  ["int8", [-(2 ** 7), 2 ** 7 - 1]],
  ["uint8", [0, 2 ** 8 - 1]],
  ["int16", [-(2 ** 15), 2 ** 15 - 1]],
  ["uint16", [0, 2 ** 16 - 1]],
  ["int32", [-(2 ** 31), 2 ** 31 - 1]],
  ["int64", [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]],
]);
const real: ReadonlySet<string> = new Set(["float32", "float64"]);

/** @throws Refused for what is no number, and for too many or too few of them */
export function inputValues(input: TensorShape, text: string): InputValues {
  const { name, type } = input;
  const range = whole.get(type);
  if (!real.has(type) && range === undefined)
    throw refusal(`${name}: values of the type ${type} cannot be typed in here`);
  const words = text.split(/[\s,;]+/).filter((word) => word !== "");
  if (words.length > mostValues)
    throw refusal(`${name}: more than ${countText(mostValues, "number")} are too many here`);
  const values = words.map((word, index) => {
    const value = /^[+-]?(nan|inf(inity)?)$/i.test(word) ? special(word) : Number(word);
    if (Number.isNaN(value) && !/nan/i.test(word))
      throw refusal(`${name}: ${JSON.stringify(word.slice(0, 40))}, number ${index + 1}, is no number`);
    if (range === undefined) return value;
    const [low, high] = range;
    const place = `${name}: ${word.slice(0, 40)}, number ${index + 1},`;
    if (!Number.isInteger(value)) throw refusal(`${place} is not whole, as the model wants them (${type})`);
    if (value < low || value > high)
      throw refusal(`${place} is not between ${low} and ${high}, as the model wants them (${type})`);
    return value;
  });
  return { name, type, shape: shapeFor(input, values.length), values };
}

function special(word: string): number {
  if (/nan/i.test(word)) return Number.NaN;
  return word.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** One size may be open, such as the number of samples: it is what the numbers make it. */
export function shapeFor({ name, shape }: TensorShape, count: number): readonly number[] {
  const known = shape.filter((size) => typeof size === "number" && size > 0).map(Number);
  const open = shape.length - known.length;
  const size = known.reduce((product, length) => product * length, 1);
  const each = countText(size, "number");
  if (count === 0) throw refusal(`${name}: type ${shape.length > 0 && open > 0 ? `${each} a sample` : each}`);
  if (open === 0) {
    if (count !== size) throw refusal(`${name} takes ${each}, and ${count} ${count === 1 ? "was" : "were"} given`);
    return known;
  }
  if (open > 1 && count !== size)
    throw refusal(`${name} (${shape.join(" × ")}) leaves several sizes open: ${each} alone can be given here`);
  if (count % size !== 0)
    throw refusal(`${name} takes ${each} a sample, and ${count} ${count === 1 ? "was" : "were"} given`);
  // The first one takes them all.
  let left = count / size;
  return shape.map((length) => {
    if (typeof length === "number" && length > 0) return length;
    const taken = left;
    left = 1;
    return taken;
  });
}

function refusal(message: string): Refused {
  return new Refused(nothingToSay, { message });
}
