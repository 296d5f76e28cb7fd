import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameReader, frameOf, mostBodyBytes } from "./frame.ts";
import { readValue, writeValue } from "./values.ts";

/** As `scripts/wire-cases.ts` tells them. */
interface Cases {
  readonly values: readonly { name: string; value: Told; frame: string; written: boolean }[];
  readonly broken: readonly { name: string; bytes: string }[];
}
type Told = readonly [kind: string, what?: unknown];

const cases: Cases = JSON.parse(readFileSync(join(import.meta.dirname, "../../../python/wire-cases.json"), "utf8"));

function untold([kind, what]: Told): unknown {
  switch (kind) {
    case "double":
      return Number(what);
    case "integer":
      return Number.isSafeInteger(Number(what)) ? Number(what) : BigInt(String(what));
    case "text":
      return String.fromCharCode(...Object(what));
    case "list":
      return Array.from(Object(what), untold);
    case "object":
      return Object.fromEntries(Array.from(Object(what), ([name, value]) => [name, untold(value)]));
    default:
      return JSON.parse(kind);
  }
}

const read = (...pieces: readonly Buffer[]) => {
  const reader = new FrameReader();
  return pieces.flatMap((piece) => Array.from(reader.take(piece), readValue));
};

describe("the cases that the tests of the Python worker read too", () => {
  test.each(cases.values)("$name", ({ value, frame, written }) => {
    const bytes = Buffer.from(frame, "hex");
    expect(read(bytes)).toStrictEqual([untold(value)]);
    if (written) expect(frameOf(writeValue(untold(value))).toString("hex")).toBe(frame);
    else expect(read(frameOf(writeValue(untold(value))))).toStrictEqual([untold(value)]);
  });

  test.each(cases.broken)("refuses $name", ({ bytes }) => {
    const all = Buffer.from(bytes, "hex");
    expect(() => read(all)).toThrow(expect.objectContaining({ code: "BAD_MESSAGE" }));
    // Nor does it read it where it comes by bytes.
    expect(() => read(...Array.from(all, (byte) => Buffer.of(byte)))).toThrow();
  });
});

const values: readonly unknown[] = [{ kind: "done", loss: Number.NaN, name: "Łódź" }, [], 3, "x".repeat(300)];
const stream = Buffer.concat(values.map((value) => frameOf(writeValue(value))));

test("reads frames that are cut at any byte", () => {
  for (let at = 0; at <= stream.length; at++)
    expect(read(stream.subarray(0, at), stream.subarray(at))).toStrictEqual(values);
});

test("says nothing of a frame that is not whole", () => {
  const whole = frameOf(writeValue("one"));
  for (let at = 0; at < whole.length; at++) expect(read(whole.subarray(0, at))).toEqual([]);
});

test("takes time in proportion to what comes, however small the pieces of a large frame", () => {
  const reader = new FrameReader();
  const frame = frameOf(writeValue("x".repeat(8_000_000)));
  const start = process.cpuUsage().user;
  let bodies = 0;
  for (let at = 0; at < frame.length; at += 1000) bodies += [...reader.take(frame.subarray(at, at + 1000))].length;
  expect(bodies).toBe(1);
  // Joined at each piece it would be 32 GB to copy.
  expect((process.cpuUsage().user - start) / 1e6).toBeLessThan(2);
});

test("refuses a body past the bound before it comes, and writes none", () => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(mostBodyBytes + 1, 0);
  expect(() => read(head)).toThrow(/67108865 bytes; 67108864 are the most/);
  expect(() => frameOf("x".repeat(mostBodyBytes + 1))).toThrow(/67108865 bytes/);
  const largest = `"${"x".repeat(mostBodyBytes - 2)}"`;
  expect([...new FrameReader().take(frameOf(largest))].map((text) => text.length)).toEqual([mostBodyBytes]);
});

test("any values come through, in any pieces", () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      fc.constant(null),
      fc.boolean(),
      fc.double(),
      fc.integer(),
      fc.bigInt().filter((integer) => !Number.isSafeInteger(Number(integer))),
      fc.string({ unit: "binary" }),
      fc.array(fc.nat(0xff_ff)).map((units) => String.fromCharCode(...units)),
      fc.array(tie("any")),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("$number", "$object", "$", "__proto__")), tie("any"), {
        noNullPrototype: true,
      }),
    ),
  })).any;
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), fc.array(fc.nat()), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map((each) => frameOf(writeValue(each))));
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      expect(read(...pieces)).toStrictEqual(sent);
    }),
    { numRuns: 300 },
  );
});

test("a bit that has turned is found", () => {
  fc.assert(
    fc.property(fc.nat(stream.length - 1), fc.nat(7), (at, bit) => {
      const turned = Buffer.from(stream);
      turned.writeUInt8(turned.readUInt8(at) ^ (1 << bit), at);
      let come: readonly unknown[] = [];
      try {
        come = read(turned);
      } catch {
        return;
      }
      // A length that is larger than what comes waits for more.
      expect(come.length).toBeLessThan(values.length);
      expect(values.slice(0, come.length)).toStrictEqual(come);
    }),
    { numRuns: 2000 },
  );
});
