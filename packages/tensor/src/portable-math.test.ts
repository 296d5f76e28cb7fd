import { expect, test } from "vitest";
import { cos, log, power } from "./portable-math.ts";
import { Generator } from "./random/generator.ts";

const generator = new Generator(0);
const floats = new Float64Array(1);
const halves = new Uint32Array(floats.buffer);
/** Any positive number, as likely small as large. */
function anyPositive(): number {
  halves[0] = generator.uint32();
  halves[1] = generator.uint32() & 0x7fffffff;
  return floats[0] ?? 0;
}

function ulps(got: number, wanted: number): number {
  if (Object.is(got, wanted)) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(wanted)) return Number.POSITIVE_INFINITY;
  return Math.abs(got - wanted) / 2 ** (Math.max(-1022, Math.floor(Math.log2(Math.abs(wanted)))) - 52);
}

test.each<readonly [string, () => readonly [ours: number, theirs: number]]>([
  [
    "log",
    () => {
      const x = anyPositive();
      return [log(x), Math.log(x)];
    },
  ],
  [
    "log near 1",
    () => {
      const x = generator.uniform(0.5, 2);
      return [log(x), Math.log(x)];
    },
  ],
  [
    "cos",
    () => {
      const x = generator.uniform(-1000, 1000);
      return [cos(x), Math.cos(x)];
    },
  ],
  [
    "cos near its zeros",
    () => {
      const x = (generator.integer(-500, 500) + 0.5) * Math.PI;
      return [cos(x), Math.cos(x)];
    },
  ],
  [
    "power",
    () => {
      const [x, y] = [anyPositive(), generator.uniform(-20, 20)];
      return [power(x, y), x ** y];
    },
  ],
  [
    "powers of decays",
    () => {
      const [x, y] = [generator.uniform(), generator.integer(0, 5000)];
      return [power(x, y), x ** y];
    },
  ],
])("%s is within a unit of the last place of the engine's own", (_name, pair) => {
  let worst = 0;
  for (let index = 0; index < 20_000; index++) {
    const [ours, theirs] = pair();
    worst = Math.max(worst, ulps(ours, theirs));
  }
  expect(worst).toBeLessThanOrEqual(1);
});

test("what is no ordinary number is as IEEE has it", () => {
  const special = [
    0,
    -0,
    1,
    -1,
    2,
    -2,
    0.5,
    -3,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    5e-324,
    1e308,
  ];
  for (const x of special) {
    expect(log(x)).toBe(Math.log(x));
    if (Math.abs(x) < 1e300 || !Number.isFinite(x)) expect(cos(x)).toBe(Math.cos(x));
    for (const y of special) expect(ulps(power(x, y), x ** y), `power(${x}, ${y})`).toBeLessThanOrEqual(1);
  }
});
