/** Files that are cut off, contradict themselves or are noise: one FitsError, soon, and without much memory. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { processorSeconds, temporaryFolder } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { createFits, FitsError, openFits, readCelestialWcs } from "../src/index.ts";

const fixtures = new URL("../fixtures/", import.meta.url);
const load = (name: string) => readFile(new URL(name, fixtures));

type Line = string;

function file(...hdus: readonly (readonly Line[])[]): Uint8Array {
  const headers = hdus.map((lines) => {
    const cards = [...lines, "END"].map((line) => line.padEnd(80)).join("");
    return cards.padEnd(Math.ceil(cards.length / 2880) * 2880);
  });
  return Buffer.from(headers.join(""), "latin1");
}

const card = (keyword: string, value: string | number) => `${keyword.padEnd(8)}= ${value}`;
const primary = (...lines: readonly Line[]) => [card("SIMPLE", "T"), ...lines];
const image = (bitpix: number, ...axes: readonly (string | number)[]) => [
  card("BITPIX", bitpix),
  card("NAXIS", axes.length),
  ...axes.map((length, i) => card(`NAXIS${i + 1}`, length)),
];
const table = (...lines: readonly Line[]) => [
  card("XTENSION", "'BINTABLE'"),
  ...image(8, 0, 0),
  card("PCOUNT", 0),
  card("GCOUNT", 1),
  ...lines,
];
const empty = primary(...image(8));

test.each<[string, Uint8Array, object]>([
  ["nothing", new Uint8Array(0), { code: "NOT_FITS", hdu: 0, offset: 0 }],
  ["a web page", Buffer.from("<html>".padEnd(5000)), { code: "NOT_FITS" }],
  ["no standard", file([card("SIMPLE", "1")]), { code: "NOT_FITS", keyword: "SIMPLE" }],
  ["no END", Buffer.from(card("SIMPLE", "T").padEnd(2880)), { code: "TRUNCATED", keyword: "END" }],
  ["no BITPIX", file(primary()), { code: "KEYWORD_MISSING", keyword: "BITPIX" }],
  ["BITPIX 7", file(primary(...image(7))), { code: "KEYWORD_INVALID", keyword: "BITPIX", value: 7 }],
  ["BITPIX as text", file(primary(card("BITPIX", "'8'"))), { code: "KEYWORD_INVALID", keyword: "BITPIX", value: "8" }],
  ["NAXIS 1000", file(primary(card("BITPIX", 8), card("NAXIS", 1000))), { code: "KEYWORD_INVALID", keyword: "NAXIS" }],
  ["NAXIS -1", file(primary(card("BITPIX", 8), card("NAXIS", -1))), { code: "KEYWORD_INVALID", keyword: "NAXIS" }],
  ["NAXIS 1E9", file(primary(card("BITPIX", 8), card("NAXIS", "1E9"))), { code: "KEYWORD_INVALID", keyword: "NAXIS" }],
  [
    "no NAXIS2",
    file(primary(card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", 1))),
    { code: "KEYWORD_MISSING", keyword: "NAXIS2" },
  ],
  ["a negative axis", file(primary(...image(8, -5))), { code: "KEYWORD_INVALID", keyword: "NAXIS1", value: -5 }],
  ["half a pixel", file(primary(...image(8, "2.5"))), { code: "KEYWORD_INVALID", keyword: "NAXIS1", value: 2.5 }],
  ["axes beyond numbers", file(primary(...image(8, 2 ** 50, 2 ** 50))), { code: "SIZE_INVALID" }],
  [
    "axes beyond integers",
    file(primary(...image(8, "99999999999999999999"))),
    { code: "KEYWORD_INVALID", keyword: "NAXIS1" },
  ],
  ["axes beyond the file", file(primary(...image(-64, 1e6, 1e6))), { code: "TRUNCATED", keyword: "NAXIS" }],
  [
    "an extension beyond the file",
    file(empty, [card("XTENSION", "'IMAGE'"), ...image(8, 10)]),
    { code: "TRUNCATED", hdu: 1, offset: 2880 },
  ],
  ["a bad scale", file(primary(...image(8), card("BSCALE", "'one'"))), { code: "KEYWORD_INVALID", keyword: "BSCALE" }],
  ["a bad blank", file(primary(...image(8), card("BLANK", "1.5"))), { code: "KEYWORD_INVALID", keyword: "BLANK" }],
  [
    "a bad card",
    file(primary(...image(8), card("BZERO", "1 2"))),
    { code: "KEYWORD_INVALID", keyword: "BZERO", value: "1 2" },
  ],
  ["no TFIELDS", file(empty, table()), { code: "KEYWORD_MISSING", keyword: "TFIELDS", hdu: 1 }],
  [
    "a bad TFORM",
    file(empty, table(card("TFIELDS", 1), card("TFORM1", "'1Z'"))),
    { code: "KEYWORD_INVALID", keyword: "TFORM1" },
  ],
  [
    "columns that do not fit",
    file(empty, table(card("TFIELDS", 1), card("TFORM1", "'1J'"))),
    { code: "KEYWORD_INVALID", keyword: "NAXIS1" },
  ],
  [
    "a compressed image without tiles",
    file(
      empty,
      table(
        card("TFIELDS", 1),
        card("TFORM1", "'0PB'"),
        card("TTYPE1", "'COMPRESSED_DATA'"),
        card("ZIMAGE", "T"),
        card("ZCMPTYPE", "'RICE_1'"),
        card("ZBITPIX", 16),
        card("ZNAXIS", 2),
        card("ZNAXIS1", 1e6),
        card("ZNAXIS2", 1e6),
      ),
    ),
    { code: "SIZE_INVALID", keyword: "ZNAXIS", hdu: 1 },
  ],
])("%s", async (_, bytes, expected) => {
  const opening = openFits(bytes);
  await expect(opening).rejects.toThrow(FitsError);
  await expect(opening).rejects.toMatchObject({ file: "(bytes)", ...expected });
});

test("a message has all that is needed", async () => {
  await expect(openFits(file(empty, [card("XTENSION", "'IMAGE'"), ...image(9, 10)]))).rejects.toThrow(
    "(bytes), HDU 1 (byte 2880), BITPIX = 9: expected 8, 16, 32, 64, -32 or -64. Correct this card of the header.",
  );
});

test("no file, a folder", async () => {
  await expect(openFits("/nowhere/a.fits")).rejects.toMatchObject({ code: "IO", file: "/nowhere/a.fits" });
  await expect(openFits("/tmp")).rejects.toMatchObject({ code: "IO" });
});

test("what follows the last HDU is left alone, and so is missing padding", async () => {
  const bytes = await load("headers.fits");
  await using longer = await openFits(Buffer.concat([bytes, Buffer.from("trailing")]));
  expect(longer.hdus.length).toBe(1);
  await using shorter = await openFits(bytes.subarray(0, bytes.length - 2870));
  expect((await shorter.image().read()).data.length).toBe(4);
});

test("regions that are not in the image", async () => {
  await using fits = await openFits(await load("images.fits"));
  const read = fits.image("INT16");
  for (const ranges of [
    [
      [0, 4],
      [0, 5],
    ],
    [[0, 3]],
    [
      [-1, 2],
      [0, 5],
    ],
    [
      [2, 1],
      [0, 5],
    ],
    [
      [0.5, 1],
      [0, 5],
    ],
    [
      [0, Number.NaN],
      [0, 1],
    ],
  ] as const) {
    await expect(read.section(...ranges)).rejects.toMatchObject({ code: "REGION_INVALID", hdu: read.index });
  }
  await expect(fits.image("INT16").rows({ height: 0 }).next()).rejects.toMatchObject({ code: "REGION_INVALID" });
  expect(() => fits.image("NOPE")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
});

/** Small fast generator, so that a failure can be repeated by its number. */
function generator(seed: number): (below: number) => number {
  let state = seed + 0x9e3779b9;
  return (below) => {
    state = Math.imul(state ^ (state >>> 16), 0x45d9f3b);
    state = Math.imul(state ^ (state >>> 16), 0x45d9f3b);
    state ^= state >>> 16;
    return (state >>> 0) % below;
  };
}

const DIGITS = "0123456789-.E'TFABCDIJKLMPQX ";

/** Cuts, noise, and digits in headers, which is where the harm is. */
function mutate(original: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = Uint8Array.from(original);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(bytes.length);
    const kind = random(8);
    if (kind === 0) return bytes.subarray(0, at);
    if (kind === 1) bytes.fill(random(256), at, at + random(400));
    else if (kind === 2) bytes[at] = random(256);
    else {
      const inCard = Math.floor(random(Math.min(bytes.length, 9000)) / 80) * 80 + 10 + random(21);
      bytes[inCard] = DIGITS.charCodeAt(random(DIGITS.length));
    }
  }
  return bytes;
}

/** What may be thrown: an error of this package that says where in the file it is. */
function expectPlaced(error: unknown): void {
  if (!(error instanceof FitsError)) throw error;
  expect(error.hdu, error.message).toBeGreaterThanOrEqual(0);
  expect(error.offset, error.message).toBeGreaterThanOrEqual(0);
}

/** Reads all there is; what it reads must not be larger than the file can hold. */
async function readAll(bytes: Uint8Array): Promise<void> {
  await using fits = await openFits(bytes);
  for (const hdu of fits.hdus) {
    await fits.verify(hdu);
    try {
      readCelestialWcs(hdu.header);
      if (hdu.kind === "image" && hdu.shape.length > 0) {
        const { data } = await hdu.read();
        expect(data.byteLength).toBeLessThanOrEqual(bytes.length * 8 * 1100);
      } else if (hdu.kind === "table") {
        for (const i of hdu.columns.keys()) await hdu.column(i);
      }
    } catch (error) {
      expectPlaced(error);
    }
  }
}

/** `npm run test:fuzz` asks for 20,000, which makes 140,000 files. */
const NUM_MUTATIONS = Number(process.env.FITS_FUZZ ?? 300);

/** One compressed image of each kind: those of the fixture are too many to be read for each mutation. */
async function someCompressed(): Promise<Uint8Array> {
  const folder = temporaryFolder();
  const path = join(folder, "some.fits");
  await using all = await openFits(await load("compressed.fits"));
  await using writer = await createFits(path);
  const names = ["PRIMARY", "RICE_1-I2", "GZIP_2-I4", "RICE-CUBE", "RICE_1-D2", "GZIP2-FLOAT", "RICE-FLAT"];
  for (const name of names) await writer.copy(all, all.hdu(name));
  await writer.close();
  const bytes = await readFile(path);
  return bytes;
}

describe("mutated files", () => {
  const files = [
    "images.fits",
    "scaled.fits",
    "headers.fits",
    "table.fits",
    "plio_1.fits",
    "hcompress_1.fits",
    "tables_fpack.fits.fz",
    "compressed images",
  ];
  test.each(files)("%s", async (name) => {
    const original = name === "compressed images" ? await someCompressed() : await load(name);
    let opened = 0;
    for (let seed = 0; seed < NUM_MUTATIONS; seed++) {
      const seconds = await processorSeconds(async () => {
        try {
          await readAll(mutate(original, generator(seed)));
          opened += 1;
        } catch (error) {
          try {
            expectPlaced(error);
          } catch (cause) {
            throw new Error(`${name}, mutation ${seed}`, { cause });
          }
        }
      });
      expect(seconds, `${name}, mutation ${seed}`).toBeLessThan(5);
    }
    // Otherwise the mutations would only try how files are opened.
    expect(opened).toBeGreaterThan(NUM_MUTATIONS / 20);
  });

  test("packed files", async () => {
    const original = gzipSync(await load("headers.fits"));
    for (let seed = 0; seed < NUM_MUTATIONS; seed++) {
      await readAll(mutate(original, generator(seed))).catch((error: unknown) => {
        if (!(error instanceof FitsError)) throw new Error(`packed, mutation ${seed}`, { cause: error });
      });
    }
  });

  test("memory", () => {
    // The largest file has 200 kB: a process that once made room for what a header claims would stand out.
    expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(1000);
  });

  test("noise", async () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = generator(seed);
      const bytes = Uint8Array.from({ length: random(9000) }, () => random(256));
      if (seed % 2 === 0) bytes.set(file(empty).subarray(0, 80));
      await expect(openFits(bytes)).rejects.toThrow(FitsError);
    }
  });
});
