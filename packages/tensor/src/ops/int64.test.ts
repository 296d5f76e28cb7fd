/** Integers are exact to their 64 bits, and begin again beyond these, as in PyTorch; BigInt says what is right. */
import { expect, test } from "vitest";
import { Generator } from "../random/generator.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Buffer } from "../variable.ts";

const generator = new Generator(5);
const wrapped = (value: bigint) => BigInt.asIntN(64, value);

/** Of all sizes, powers of two among them: what is done in 32 bits or in floating point shows at one of them. */
function anyInteger(): bigint {
  const bits = (BigInt(generator.uint32()) << 32n) | BigInt(generator.uint32() >>> 0);
  const kind = generator.integer(0, 5);
  if (kind < 3) return BigInt.asIntN([64, 33, 3][kind] ?? 64, bits);
  return (kind === 3 ? 1n : -1n) << BigInt(generator.integer(0, 62));
}

const [rows, columns] = [12, 25];
const [a, b] = [0, 1].map(() => Array.from({ length: rows * columns }, anyInteger));
if (a === undefined || b === undefined) throw new Error("there are two");
const integers = (values: readonly bigint[], shape: Shape) =>
  new Buffer(shape, "int64", () => BigInt64Array.from(values));
const [x, y] = [integers(a, [rows, columns]), integers(b, [rows, columns])];

const pairs = (operation: (left: bigint, right: bigint) => bigint) =>
  a.map((left, index) => wrapped(operation(left, b[index] ?? 0n)));
const row = (index: number) => a.slice(index * columns, (index + 1) * columns);
const column = (index: number) => a.filter((_, at) => at % columns === index);
const ofRows = (fold: (values: readonly bigint[]) => bigint) =>
  Array.from({ length: rows }, (_, at) => wrapped(fold(row(at))));
const ofColumns = (fold: (values: readonly bigint[]) => bigint) =>
  Array.from({ length: columns }, (_, at) => wrapped(fold(column(at))));
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
const product = (values: readonly bigint[]) => values.reduce((total, value) => wrapped(total * value), 1n);
const largest = (values: readonly bigint[]) => values.reduce((most, value) => (value > most ? value : most));
const smallest = (values: readonly bigint[]) => values.reduce((least, value) => (value < least ? value : least));
const odd = a.map((value) => value | 1n);

const cases: Readonly<Record<string, readonly [Tensor, readonly bigint[]]>> = {
  add: [x.add(y), pairs((left, right) => left + right)],
  mul: [x.mul(y), pairs((left, right) => left * right)],
  minimum: [x.minimum(y), pairs((left, right) => (left < right ? left : right))],
  maximum: [x.maximum(y), pairs((left, right) => (left > right ? left : right))],
  lt: [x.lt(y), pairs((left, right) => (left < right ? 1n : 0n))],
  relu: [x.relu(), a.map((value) => (value > 0n ? value : 0n))],
  abs: [x.abs(), a.map((value) => wrapped(value < 0n ? -value : value))],
  sign: [x.sign(), a.map((value) => (value > 0n ? 1n : value < 0n ? -1n : 0n))],
  pow: [x.pow(3), a.map((value) => wrapped(value ** 3n))],
  sum: [x.sum(), [wrapped(sum(a))]],
  "sum of rows": [x.sum(1), ofRows(sum)],
  "sum of columns": [x.sum(0), ofColumns(sum)],
  "sum of planes": [
    x.reshape([3, 4, columns]).sum([0, 2]),
    [0, 1, 2, 3].map((at) => wrapped(sum([0, 4, 8].flatMap((first) => row(first + at))))),
  ],
  prod: [integers(odd, [rows * columns]).prod(), [product(odd)]],
  "prod of rows": [
    integers(odd, [rows, columns]).prod(1),
    Array.from({ length: rows }, (_, at) => product(odd.slice(at * columns, (at + 1) * columns))),
  ],
  "prod of columns": [x.prod(0), ofColumns(product)],
  max: [x.max(0), ofColumns(largest)],
  min: [x.min(1), ofRows(smallest)],
  argmax: [x.argmax(1), ofRows((values) => BigInt(values.indexOf(largest(values))))],
  cumsum: [x.reshape([-1]).cumsum(0), a.map((_, at) => wrapped(sum(a.slice(0, at + 1))))],
  sort: [x.sort(0).values.select(0, 0), ofColumns(smallest)],
  matmul: [
    x.matmul(y.t()),
    Array.from({ length: rows * rows }, (_, at) => {
      const [i, j] = [Math.floor(at / rows), at % rows];
      return wrapped(sum(row(i).map((value, k) => value * (b[j * columns + k] ?? 0n))));
    }),
  ],
  "matmul of stacks": [
    x.reshape([3, 4, columns]).matmul(y.select(0, 0)),
    ofRows((values) => sum(values.map((value, k) => value * (b[k] ?? 0n)))),
  ],
};

test.each(Object.entries(cases))("%s", async (_name, [tensor, expected]) => {
  expect(Array.from(await tensor.data(), BigInt)).toEqual(expected);
});
