/** A file of a terabyte with holes: sections and rows touch only their bytes, and memory does not grow. */

import { open } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { plainStore } from "../src/image/pixel-store.ts";
import { type ByteSource, createFits, openFits } from "../src/index.ts";

const HEIGHT = 500_000;
const WIDTH = 500_000;
let folder = "";
let path = "";

beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, "large.fits");
  const cards = [`SIMPLE  = T`, `BITPIX  = -32`, `NAXIS   = 2`, `NAXIS1  = ${WIDTH}`, `NAXIS2  = ${HEIGHT}`, "END"];
  const handle = await open(path, "w");
  await handle.write(
    Buffer.from(
      cards
        .map((line) => line.padEnd(80))
        .join("")
        .padEnd(2880),
    ),
  );
  const pixel = Buffer.alloc(4);
  pixel.writeFloatBE(42.5);
  await handle.write(pixel, 0, 4, 2880 + 4 * (400_001 * WIDTH + 300_002));
  await handle.truncate(Math.ceil((2880 + 4 * WIDTH * HEIGHT) / 2880) * 2880);
  await handle.close();
});

const resident = () => process.memoryUsage().rss / 2 ** 20;

test("a section, rows and a column of a terabyte", async () => {
  const before = resident();
  await using fits = await openFits(path);
  const image = fits.image();
  expect(image.shape).toEqual([HEIGHT, WIDTH]);
  const { data } = await image.as("float32").section([400_000, 400_300], [300_000, 300_500]);
  expect(data[500 + 2]).toBe(42.5);
  expect(data.reduce((sum, value) => sum + value, 0)).toBe(42.5);
  const column = await image.section([399_000, 402_000], [300_002, 300_003]);
  expect(column.data[1001]).toBe(42.5);
  let rows = 0;
  for await (const block of image.rows()) {
    rows += block.rowCount;
    if (rows > 100) break;
  }
  expect(resident() - before).toBeLessThan(100);
});

test("what does not fit into memory is said to", async () => {
  await using fits = await openFits(path);
  await expect(fits.image().read()).rejects.toMatchObject({ code: "SIZE_INVALID" });
});

test("a gzip file of more than is held in memory", async () => {
  const out = join(folder, "packed.fits.gz");
  const before = resident();
  await using writer = await createFits(out);
  const rows = await writer.startImage({ shape: [5000, 4000], type: "float32" });
  for (let i = 0; i < 50; i++) await rows.write(new Float32Array(100 * 4000).fill(i));
  await rows.end();
  await writer.close();
  await using fits = await openFits(out);
  const { data } = await fits.image().section([4099, 4101], [3999, 4000]);
  expect(data).toEqual(Float32Array.of(40, 41));
  expect(resident() - before).toBeLessThan(250);
});

test("a section reads only its bytes", async () => {
  let read = 0;
  const source: ByteSource = {
    name: "counted",
    size: 2 ** 40,
    async readInto(target) {
      read += target.length;
    },
    async close() {},
  };
  const store = plainStore(source, 2880, [HEIGHT, WIDTH], -32);
  await store.read([
    [10, 110],
    [1000, 1100],
  ]);
  expect(read).toBe(100 * 100 * 4);
  read = 0;
  await store.read([
    [10, 20],
    [0, WIDTH],
  ]);
  expect(read).toBe(10 * WIDTH * 4);
});

test("rows of an image are written with little memory", async () => {
  const out = join(folder, "written.fits");
  const before = resident();
  await using writer = await createFits(out, { checksum: true });
  const rows = await writer.startImage({ shape: [10_000, 4000], type: "int16" });
  const block = new Int16Array(100 * 4000).fill(7);
  for (let i = 0; i < 100; i++) await rows.write(block);
  await rows.end();
  await writer.close();
  expect(resident() - before).toBeLessThan(100);
  await using fits = await openFits(out);
  expect(await fits.verify(fits.image())).toEqual({ datasum: "right", checksum: "right" });
  expect((await fits.image().section([9999, 10_000], [3999, 4000])).data).toEqual(Int16Array.of(7));
});
