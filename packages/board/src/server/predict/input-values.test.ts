import { expect, test } from "vitest";
import { inputValues } from "./input-values.ts";

const input = (type: string, ...shape: readonly (number | string)[]) => ({ name: "x", type, shape });

test.each([
  { shape: ["batch", 2], text: "1 2", is: [1, 2] },
  { shape: ["batch", 2], text: " 1e-3,-2;\n+3\t4 ", is: [2, 2] },
  { shape: [1, 3], text: "1 2 3", is: [1, 3] },
  { shape: ["batch", "length"], text: "5", is: [1, 1] },
  { shape: ["batch", 1, 2, 2], text: "1 2 3 4 NaN inf -Infinity 8", is: [2, 1, 2, 2] },
  { shape: [], text: "7", is: [] },
])("$text fits $shape", ({ shape, text, is }) => {
  const { values, shape: found } = inputValues(input("float32", ...shape), text);
  expect(found).toEqual(is);
  expect(values).toHaveLength(is.reduce((product, size) => product * size, 1));
});

test.each([
  { type: "float32", shape: ["batch", 2], text: "1", says: "x takes 2 numbers a sample, and 1 was given" },
  { type: "float32", shape: [2], text: "1 2 3", says: "x takes 2 numbers, and 3 were given" },
  { type: "float32", shape: ["batch", 2], text: "", says: "x: type 2 numbers a sample" },
  { type: "float32", shape: ["batch", 2], text: "1 <img>", says: 'x: "<img>", number 2, is no number' },
  {
    type: "int64",
    shape: ["batch"],
    text: "1 2.5",
    says: "x: 2.5, number 2, is not whole, as the model wants them (int64)",
  },
  {
    type: "int64",
    shape: ["batch"],
    text: "nan",
    says: "x: nan, number 1, is not whole, as the model wants them (int64)",
  },
  {
    type: "uint8",
    shape: ["batch"],
    text: "255 300",
    says: "x: 300, number 2, is not between 0 and 255, as the model wants them (uint8)",
  },
  {
    type: "int8",
    shape: ["batch"],
    text: "-128 -129",
    says: "x: -129, number 2, is not between -128 and 127, as the model wants them (int8)",
  },
  {
    type: "bool",
    shape: ["batch"],
    text: "1 0 5",
    says: "x: 5, number 3, is not between 0 and 1, as the model wants them (bool)",
  },
  {
    type: "int64",
    shape: ["batch"],
    text: "9007199254740992",
    says: "x: 9007199254740992, number 1, is not between -9007199254740991 and 9007199254740991",
  },
  { type: "string", shape: ["batch"], text: "1", says: "x: values of the type string cannot be typed in here" },
  {
    type: "float32",
    shape: ["a", "b", 2],
    text: "1 2 3 4",
    says: "x (a × b × 2) leaves several sizes open: 2 numbers alone can be given here",
  },
])("$text for $type $shape: $says", ({ type, shape, text, says }) => {
  expect(() => inputValues(input(type, ...shape), text)).toThrow(says);
});

test("too many are refused", () => {
  expect(() => inputValues(input("float32", "batch"), "1 ".repeat(200_001))).toThrow("more than 200,000 numbers");
});
