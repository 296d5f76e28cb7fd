import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { readImage } from "./image.ts";
import { firstPicture } from "./png-chunks.ts";

const folder = temporaryFolder("png ");
const picture = fileURLToPath(new URL("../../fixtures/images/rgb.png", import.meta.url));
const headerEnd = 8 + 12 + 13;

function chunk(name: string, data: Uint8Array): Buffer {
  const whole = Buffer.alloc(12 + data.length);
  whole.writeUInt32BE(data.length);
  whole.write(name, 4, "latin1");
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, -4)), whole.length - 4);
  return whole;
}

/** The picture with chunks behind its header, and what reading it takes. */
async function withChunks(chunks: readonly Buffer[]) {
  const bytes = await readFile(picture);
  const path = join(folder, "chunks.png");
  await writeFile(path, Buffer.concat([bytes.subarray(0, headerEnd), ...chunks, bytes.subarray(headerEnd)]));
  const before = process.memoryUsage().rss;
  const image = await readImage(path);
  return { image, bytes: process.memoryUsage().rss - before };
}

/** 300 MB of one letter in 300 kB. */
const bomb = deflateSync(Buffer.alloc(300e6, "a"));

test.each([
  ["zTXt", [chunk("zTXt", Buffer.concat([Buffer.from("Comment\0\0"), bomb]))]],
  ["iTXt", [chunk("iTXt", Buffer.concat([Buffer.from("Comment\0\u0001\0\0\0"), bomb]))]],
  ["iCCP", [chunk("iCCP", Buffer.concat([Buffer.from("profile\0\0"), bomb]))]],
  [
    "APNG",
    [chunk("acTL", Buffer.from([0, 0, 0, 2, 0, 0, 0, 0])), chunk("fdAT", Buffer.concat([Buffer.alloc(4), bomb]))],
  ],
  ["300,000 texts", Array.from({ length: 300_000 }, () => chunk("tEXt", Buffer.from("a\0b")))],
  ["300,000 empty data", Array.from({ length: 300_000 }, () => chunk("IDAT", Buffer.alloc(0)))],
])("what is no picture costs nothing: %s", async (_, chunks) => {
  const plain = await readImage(picture);
  const { image, bytes } = await withChunks(chunks);
  expect(image).toEqual(plain);
  expect(bytes).toBeLessThan(150e6);
});

test("picture data beyond the header's size are refused, before they fill the memory", async () => {
  const bytes = await readFile(picture);
  const path = join(folder, "data.png");
  await writeFile(
    path,
    Buffer.concat([bytes.subarray(0, headerEnd), chunk("IDAT", bomb), chunk("IEND", Buffer.alloc(0))]),
  );
  const before = process.memoryUsage().rss;
  await expect(readImage(path)).rejects.toThrow(/broken PNG file: its data are more than the \d+ bytes of its picture/);
  expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
});

test("a file of more bytes than its pixels could need is refused unread", async () => {
  const path = join(folder, "long.png");
  const bytes = await readFile(picture);
  await writeFile(path, Buffer.concat([bytes, Buffer.alloc(2 ** 26 + 8 * 1000)]));
  await expect(readImage(path, { maxPixels: 1000 })).rejects.toThrow(/more than 67116864, .*is it a picture\?/);
});

test.each([
  [
    "ends in the middle of a chunk",
    (bytes: Buffer) => bytes.subarray(0, 100),
    /in the middle of IDAT|before its picture/,
  ],
  ["has two headers", (bytes: Buffer) => Buffer.concat([bytes.subarray(0, headerEnd), bytes.subarray(8)]), /two IHDR/],
  ["has a wrong CRC", (bytes: Buffer) => Buffer.from(bytes).fill(1, headerEnd - 4, headerEnd), /CRC of IHDR/],
])("a file that %s", async (_, change, message) => {
  expect(() => firstPicture(change(Buffer.from(bytesOfPicture)))).toThrow(message);
});

const bytesOfPicture = await readFile(picture);
