import fc from "fast-check";
import ort from "onnxruntime-node";
import { expect, test, vi } from "vitest";
import { arange, fromArray } from "../creation.ts";
import { DataLoader } from "../data/data-loader.ts";
import { setPart } from "../dtype.ts";
import { normalizeAxis } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import { knownValue } from "./known-value.ts";

/** Numbers from 0 to 1 choose the axis and the place, whatever the shape is by then. */
type Move = (x: Tensor, a: number, b: number) => Tensor;
const upTo = (share: number, count: number) => Math.min(count, Math.floor(share * (count + 1)));
const axisOf = (x: Tensor, share: number) => normalizeAxis(upTo(share, x.ndim - 1), x.ndim, "test");
const moves: readonly Move[] = [
  (x) => x.flatten(),
  (x, a) => x.unsqueeze(upTo(a, x.ndim)),
  (x) => (x.numel === 1 ? x.reshape([1]) : x.squeeze()),
  (x, a, b) => x.transpose(axisOf(x, a), axisOf(x, b)),
  (x, a, b) => x.slice(axisOf(x, a), upTo(b, x.size(axisOf(x, a)) - 1)),
  (x, a, b) => x.slice(axisOf(x, a), 0, 1 + upTo(b, x.size(axisOf(x, a)) - 1), 2),
  (x, a, b) => (x.ndim > 1 ? x.select(axisOf(x, a), upTo(b, x.size(axisOf(x, a)) - 1)) : x.clone()),
  (x, a, b) => x.chunk(2, axisOf(x, a)).at(upTo(b, 1)) ?? x,
  (x) => x.expand([1, ...x.shape]),
  (x) => x.expand([2, ...x.shape]),
  (x) => x.detach().clone(),
];

test("what lies in a constant is read, with the elements that computing gives", async () => {
  const whole = arange(24).float().reshape([2, 3, 4]);
  const held = fromArray(
    Float32Array.from({ length: 24 }, (_, index) => index),
    [2, 3, 4],
  );
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  let read = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...moves), share, share), { maxLength: 5 }), async (chosen) => {
      const moved = (from: Tensor) => chosen.reduce((x, [move, a, b]) => move(x, a, b), from);
      const known = knownValue(moved(held));
      if (known !== undefined) read++;
      expect(knownValue(moved(whole.add(0)))).toBeUndefined();
      expect(await moved(held).data()).toEqual(await moved(whole.add(0)).data());
      if (known !== undefined) expect(known).toEqual(await moved(whole.add(0)).data());
    }),
  );
  expect(read).toBeGreaterThan(0);
});

test("what is read of a variable stays when that changes", async () => {
  const weight = parameter(Float32Array.of(1, 2, 3, 4), [2, 2]);
  const row = await weight.select(0, 1).data();
  setPart(weight.value, Float32Array.of(9, 9, 9, 9), 0);
  expect(row).toEqual(Float32Array.of(3, 4));
});

test("samples that are computed alike are one program, whatever they lie in and are computed with", async () => {
  const create = vi.spyOn(ort.InferenceSession, "create");
  const images = fromArray(
    Float32Array.from({ length: 40 }, (_, index) => index),
    [10, 4],
  );
  const get = async (index: number) => [
    images
      .select(0, index)
      .sub(0.5)
      .mul(2 + index)
      .exp(),
  ];
  const loader = new DataLoader({ length: 10, get }, { batchSize: 5 });
  let batches = 0;
  for await (const [batch] of loader) batches += batch === undefined ? 0 : 1;
  expect(batches).toBe(2);
  expect(create).toHaveBeenCalledTimes(1);
  create.mockRestore();
});
