/** Files that people have, and that depart from what others write. */
import { expect, test } from "vitest";
import { formatCard } from "./header/format-card.ts";
import type { Header } from "./header/header.ts";
import { formatHeader } from "./header/header-bytes.ts";
import { openFits } from "./open-fits.ts";

function bytesOf(...headers: readonly Header[]): Uint8Array {
  return Buffer.concat(headers.map((header) => formatHeader(header)));
}

const primary = (simple: boolean): Header => ({
  cards: [formatCard("SIMPLE", simple), formatCard("BITPIX", 8), formatCard("NAXIS", 0)],
});

test("SIMPLE = F: what has BITPIX and axes is read", async () => {
  await using file = await openFits(bytesOf(primary(false)));
  expect(file.hdus.map(({ name }) => name)).toEqual(["PRIMARY"]);
});

test.each([
  ["BZh91AY&SY", /packed by bzip2.*Unpack it with bunzip2, or pack it with gzip/],
  ["\x1f\x9d\x90SIMPLE", /packed by compress.*gunzip/],
  ["\xfd7zXZ\x00\x00", /packed by xz.*unxz/],
  ["PK\x03\x04map.fits", /packed by zip.*unzip/],
  ["<html>", /no FITS file/],
])("%j is named", async (start, message) => {
  const bytes = Buffer.from(start.padEnd(3000, "x"), "latin1");
  await expect(openFits(bytes)).rejects.toThrow(message);
});

test("a compressed image has the name behind the one of its table", async () => {
  const table: Header = {
    cards: [
      formatCard("XTENSION", "IMAGE"),
      formatCard("BITPIX", 8),
      formatCard("NAXIS", 0),
      formatCard("PCOUNT", 0),
      formatCard("GCOUNT", 1),
      formatCard("EXTNAME", "COMPRESSED_IMAGE"),
      formatCard("EXTNAME", "COMPRESSED_IMAGE"),
      formatCard("EXTNAME", "SCI"),
    ],
  };
  await using file = await openFits(bytesOf(primary(true), table));
  expect(file.hdu("sci").index).toBe(1);
});
