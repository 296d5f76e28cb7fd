import { expect, test } from "vitest";
import { modelLayers } from "./model-layers.ts";

/** Messages as Protocol Buffers writes them: by number, texts and messages with their length, numbers plain. */
type Content = number | string | readonly Field[];
type Field = readonly [number: number, content: Content];

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function bytesOf(fields: readonly Field[]): readonly number[] {
  return fields.flatMap(([number, content]) => {
    if (typeof content === "number") return [...varint(number * 8), ...varint(content)];
    const bytes = typeof content === "string" ? [...new TextEncoder().encode(content)] : bytesOf(content);
    return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
  });
}

const shape = (name: string, ...sizes: readonly (number | string)[]): readonly Field[] => [
  [1, name],
  [
    2,
    [
      [
        1,
        [
          [1, 1],
          [2, sizes.map((size): Field => [1, [[typeof size === "number" ? 1 : 2, size]]])],
        ],
      ],
    ],
  ],
];

const model = Uint8Array.from(
  bytesOf([
    [1, 8],
    [
      7,
      [
        [
          1,
          [
            [1, "x"],
            [1, "weight"],
            [2, "h"],
            [3, "first"],
            [4, "MatMul"],
          ],
        ],
        [
          1,
          [
            [1, "h"],
            [2, "y"],
            [4, "Relu"],
          ],
        ],
        [
          1,
          [
            [1, "y"],
            [1, "weight"],
            [2, "z"],
            [4, "MatMul"],
          ],
        ],
        [
          5,
          [
            [1, 3],
            [1, 400],
            [2, 1],
            [8, "weight"],
          ],
        ],
        [11, shape("x", "batch", 3)],
        [11, shape("weight", 3, 400)],
        [12, shape("z", "batch", 400)],
        [13, shape("h", "batch", 400)],
      ],
    ],
  ]),
);

test("operators in their order, with what each gives and how many parameters it has", () => {
  expect(modelLayers(model)).toEqual({
    inputs: [{ name: "x", type: "float32", shape: ["batch", 3] }],
    outputs: [{ name: "z", type: "float32", shape: ["batch", 400] }],
    layers: [
      { name: "first", operator: "MatMul", output: "batch × 400", parameters: 1200 },
      { name: "y", operator: "Relu", output: "", parameters: 0 },
      { name: "z", operator: "MatMul", output: "batch × 400", parameters: 0 },
    ],
  });
});

test("what is no model is refused", () => {
  for (const bytes of [model.subarray(0, 40), new TextEncoder().encode("<html>no model</html>"), new Uint8Array(0)])
    expect(() => modelLayers(bytes)).toThrow(RangeError);
});
