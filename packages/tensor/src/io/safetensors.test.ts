import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toNumbers } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import * as nn from "../nn/index.ts";
import { Generator } from "../random/generator.ts";
import { readSafetensors, type StateDict, type StateEntry, writeSafetensors } from "./safetensors.ts";

const fixtures = fileURLToPath(new URL("../../fixtures", import.meta.url));
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "safetensors-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const floats = (...values: readonly number[]): StateEntry => ({
  data: Float32Array.from(values),
  shape: [values.length],
  dtype: "float32",
});

/** A file from its parts; the header's length is the true one unless told otherwise. */
function build(header: unknown, body: Uint8Array = new Uint8Array(), claimed?: bigint): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(text.length));
  return Buffer.concat([length, text, body]);
}

async function readBytes(bytes: Uint8Array) {
  const path = join(folder, "bytes.safetensors");
  writeFileSync(path, bytes);
  return readSafetensors(path);
}

test("reads what an independent writer wrote, and writes it with the same bytes", async () => {
  for (const name of ["types", "mlp"]) {
    const path = join(fixtures, `${name}.safetensors`);
    const { tensors, metadata } = await readSafetensors(path);
    await writeSafetensors(join(folder, "copy"), new Map([...tensors].reverse()), metadata);
    expect(readFileSync(join(folder, "copy")).equals(readFileSync(path))).toBe(true);
  }
  const { tensors, metadata } = await readSafetensors(join(fixtures, "types.safetensors"));
  const read = Object.fromEntries(
    Array.from(tensors, ([name, { data, shape }]) => [name, { data: Array.from<number | bigint>(data), shape }]),
  );
  expect(metadata).toEqual({ "made by": "safetensors_format.py", ö: "ü" });
  expect(read).toEqual({
    weight: { data: [1.5, -2.25, Math.fround(3e-40), Infinity, -Infinity, Number.NaN], shape: [2, 3] },
    steps: { data: [2n ** 53n + 1n], shape: [] },
    counts: { data: [-(2n ** 63n), 2n ** 63n - 1n], shape: [2, 1] },
    index: { data: [-(2 ** 31), 0, 2 ** 31 - 1], shape: [3] },
    mask: { data: [1, 0, 1], shape: [3] },
    empty: { data: [], shape: [0, 3] },
    "ümläut.層": { data: [Math.fround(0.1)], shape: [1] },
  });
});

test("reads types that there are not here as those that hold their numbers", async () => {
  const { tensors } = await readSafetensors(join(fixtures, "other-types.safetensors"));
  const names = [...tensors.keys()].filter((name) => !name.endsWith(" as read"));
  expect(names.toSorted()).toEqual(["brain", "byte", "double", "half", "short", "signed byte"]);
  for (const name of names) expect(tensors.get(name), name).toEqual(tensors.get(`${name} as read`));
  expect(tensors.get("byte")).toMatchObject({ dtype: "uint8", shape: [256] });
  const unsigned = build(
    { a: { dtype: "U16", shape: [2], data_offsets: [0, 4] }, b: { dtype: "U32", shape: [1], data_offsets: [4, 8] } },
    Uint8Array.of(0xff, 0xff, 1, 0, 0xfe, 0xff, 0xff, 0xff),
  );
  const read = await readBytes(unsigned);
  expect(read.tensors.get("a")).toEqual({ data: Int32Array.of(65_535, 1), shape: [2], dtype: "int32" });
  expect(read.tensors.get("b")).toEqual({ data: BigInt64Array.of(2n ** 32n - 2n), shape: [1], dtype: "int64" });
});

const torch = spawnSync("/usr/bin/python3", ["-c", "import torch"]).status === 0;

test.skipIf(!torch && process.env.REQUIRE_ALL !== "1")(
  "a PyTorch module takes over what a module here saved",
  async () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2)).initialize(
      new Generator(1),
    );
    const path = join(folder, "model");
    await model.saveModel(path);
    const expected = Object.fromEntries(
      Array.from(model.stateDict(), ([name, { data, shape }]) => [name, { data: toNumbers(data), shape }]),
    );
    writeFileSync(`${path}.json`, JSON.stringify(expected));
    const result = spawnSync(
      "/usr/bin/python3",
      [join(fixtures, "safetensors_format.py"), `${path}.safetensors`, `${path}.json`],
      {
        encoding: "utf8",
        env: { ...process.env, OMP_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1" },
      },
    );
    expect(result.stderr).toBe("");
    expect(result.stdout).toContain("All keys matched");
  },
);

test("any state comes back as it was", async () => {
  const entry = fc.oneof(
    fc.float32Array({ maxLength: 9 }).map((data): StateEntry => ({ data, shape: [data.length], dtype: "float32" })),
    fc.bigInt64Array({ maxLength: 9 }).map((data): StateEntry => ({ data, shape: [1, data.length], dtype: "int64" })),
    fc.int32Array({ maxLength: 9 }).map((data): StateEntry => ({ data, shape: [data.length, 1], dtype: "int32" })),
    fc.uint8Array({ maxLength: 9 }).map((data): StateEntry => ({ data, shape: [data.length], dtype: "uint8" })),
    fc.uint8Array({ maxLength: 9, max: 1 }).map((data): StateEntry => ({ data, shape: [data.length], dtype: "bool" })),
  );
  const name = fc
    .oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "toString", "0", ""))
    .filter((text) => text !== "__metadata__");
  const texts = fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }));
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(name, entry), { selector: ([each]) => each }),
      texts,
      async (entries, metadata) => {
        const path = join(folder, "any.safetensors");
        await writeSafetensors(path, new Map(entries), metadata);
        const read = await readSafetensors(path);
        expect(new Map(read.tensors)).toEqual(new Map(entries));
        expect({ ...read.metadata }).toEqual({ ...metadata });
        // Tensors begin at multiples of their size, as in the reference implementation.
        expect(readFileSync(path).readBigUInt64LE(0) % 8n).toBe(0n);
      },
    ),
    { numRuns: 200 },
  );
});

describe("what cannot be written", () => {
  test.each([
    [
      "too few elements",
      new Map([["w", { ...floats(1, 2), shape: [3] }]]),
      /tensor w is float32 \[3\], but has 2 elements/,
    ],
    [
      "another type",
      new Map([["w", { ...floats(1), dtype: "int32" as const }]]),
      /tensor w is int32 \[1\], but has 1 elements of float32/,
    ],
    ["a reserved name", new Map([["__metadata__", floats(1)]]), /__metadata__/],
  ])("%s", async (_, state: StateDict, message) => {
    await expect(writeSafetensors(join(folder, "never"), state)).rejects.toThrow(message);
    await expect(writeSafetensors(join(folder, "never"), state)).rejects.toThrow(TensorError);
  });

  test("a folder that does not exist; nothing is left behind", async () => {
    const before = readdirSync(folder);
    await expect(writeSafetensors(join(folder, "no", "where"), new Map())).rejects.toThrow(
      /where cannot be written: the folder .*no does not exist/,
    );
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe("what cannot be read", () => {
  const entry = (begin: number, end: number, rest: object = {}) => ({
    dtype: "F32",
    shape: [(end - begin) / 4],
    data_offsets: [begin, end],
    ...rest,
  });
  test.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(), /shorter than 8 bytes/],
    ["a huge header", build({}, undefined, 2n ** 63n), /header claims 9223372036854776000 bytes/],
    ["a header longer than the file", build({}, undefined, 3n), /header claims 3 bytes; is the file cut off/],
    ["no JSON", build("{nope"), /no JSON/],
    ["no UTF-8", Buffer.concat([build("", undefined, 3n), Buffer.from([0x22, 0xff, 0x22])]), /no JSON/],
    ["no header at all", build(""), /no JSON/],
    ["a list", build([]), /no JSON object/],
    ["null", build("null"), /no JSON object/],
    ["an entry that is no object", build({ w: 3 }), /tensor w has the type undefined/],
    [
      "an unknown type",
      build({ w: { dtype: "F8_E4M3", shape: [1], data_offsets: [0, 1] } }, new Uint8Array(1)),
      /cannot be read as a safetensors file: tensor w has the type "F8_E4M3"; types that can be read are F32, F64/,
    ],
    ["a space before the header", build(` ${JSON.stringify({ w: entry(0, 0) })}`), /does not begin with \{/],
    ["a byte order mark before the header", build(`\uFEFF${JSON.stringify({ w: entry(0, 0) })}`), /no JSON/],
    [
      "a name twice",
      build(`{"w":${JSON.stringify(entry(0, 0))},"\\u0077":${JSON.stringify(entry(0, 0))}}`),
      /the name "w" twice/,
    ],
    [
      "a type twice",
      build('{"a, {\\"":{"dtype":"F32","shape":[0],"dtype":"I64","data_offsets":[0,0]}}'),
      /"dtype" twice/,
    ],
    [
      "a boolean that is 2",
      build({ w: { dtype: "BOOL", shape: [3], data_offsets: [0, 3] } }, Uint8Array.of(0, 1, 2)),
      /tensor w is BOOL, but not all of its bytes are 0 or 1/,
    ],
    ["a type that is no text", build({ w: { dtype: { toString: 1 } } }), /tensor w has the type/],
    ["no shape", build({ w: { dtype: "F32", data_offsets: [0, 0] } }), /tensor w has no shape/],
    ["a negative size", build({ w: entry(0, 4, { shape: [-1] }) }), /tensor w has no shape/],
    ["half a size", build({ w: entry(0, 4, { shape: [0.5] }) }), /tensor w has no shape/],
    ["no offsets", build({ w: { dtype: "F32", shape: [1] } }), /data_offsets/],
    ["three offsets", build({ w: entry(0, 4, { data_offsets: [0, 4, 4] }) }, new Uint8Array(4)), /data_offsets/],
    [
      "offsets the wrong way round",
      build({ w: entry(0, 4, { data_offsets: [4, 0] }) }, new Uint8Array(4)),
      /needs 4 bytes, its data_offsets are 4 and 0/,
    ],
    [
      "offsets that do not fit the shape",
      build({ w: entry(0, 4, { shape: [2] }) }, new Uint8Array(4)),
      /w \[2\] needs 8 bytes/,
    ],
    [
      "a shape beyond all memory",
      build({ w: entry(0, 4, { shape: [2 ** 52, 2 ** 52] }) }, new Uint8Array(4)),
      /needs .* bytes/,
    ],
    ["bytes cut off", build({ w: entry(0, 8) }, new Uint8Array(7)), /take 8 bytes, it has 7; is it cut off/],
    ["bytes left over", build({ w: entry(0, 4) }, new Uint8Array(5)), /take 4 bytes, it has 5$/],
    [
      "a hole",
      build({ v: entry(0, 4), w: entry(8, 12) }, new Uint8Array(12)),
      /tensor w begins at byte 8, the ones before it end at 4/,
    ],
    ["an overlap", build({ v: entry(0, 8), w: entry(4, 12) }, new Uint8Array(12)), /tensor w begins at byte 4/],
    ["metadata that is no text", build({ __metadata__: { a: { toString: 1 } } }), /__metadata__/],
    ["metadata that is a list", build({ __metadata__: ["a"] }), /__metadata__/],
  ])("%s", async (_, bytes, message) => {
    await expect(readBytes(bytes)).rejects.toThrow(message);
    await expect(readBytes(bytes)).rejects.toThrow(TensorError);
    await expect(readBytes(bytes)).rejects.toThrow(folder);
  });

  test("a file that is not there", async () => {
    await expect(readSafetensors(join(folder, "missing"))).rejects.toThrow(/cannot read .*missing/);
    await expect(readSafetensors(join(folder, "missing"))).rejects.toThrow(TensorError);
  });

  test("every beginning of a true file is refused", async () => {
    const whole = readFileSync(join(fixtures, "types.safetensors"));
    for (let length = 0; length < whole.length; length += length < 16 || length > whole.length - 16 ? 1 : 13)
      await expect(readBytes(whole.subarray(0, length)), `${length} bytes`).rejects.toThrow(TensorError);
  });

  test("arbitrary bytes, headers and changes of a true file are read or refused with a TensorError", async () => {
    const whole = readFileSync(join(fixtures, "types.safetensors"));
    const changed = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 })
      .map((changes) => {
        const copy = Uint8Array.from(whole);
        for (const [position, byte] of changes) copy[position] = byte;
        return copy;
      });
    const number = fc.oneof(fc.integer({ min: -4, max: 40 }), fc.double());
    const almost = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom("F32", "I64", "BOOL", "F16", "BF16", "U8", "F64", "I16"), fc.jsonValue()),
        shape: fc.oneof(fc.array(number, { maxLength: 3 }), fc.jsonValue()),
        data_offsets: fc.oneof(fc.tuple(number, number), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const header = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.oneof(fc.string(), fc.constantFrom("__metadata__", "__proto__")),
        fc.oneof(almost, fc.jsonValue()),
      ),
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      changed,
      fc.tuple(header, fc.uint8Array({ maxLength: 40 })).map(([top, body]) => build(top, body)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        try {
          for (const [, { data, shape }] of (await readBytes(content)).tensors)
            expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(TensorError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
