/** Tables that fpack has compressed equal those that it was given (fixtures/compressed_tables.py). */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { FitsError, type Hdu, openFits, type TableHdu } from "@ml-mosaic/fits";
import { describe, expect, test } from "vitest";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

function tableIn(hdu: Hdu | undefined): TableHdu {
  if (hdu?.kind !== "table") throw new Error(`no table, but ${hdu?.kind}`);
  return hdu;
}

describe.each(["fpack", "rice", "gzip_1", "gzip_2"])("tables_%s.fits.fz", (name) => {
  test("has every column, whole and in parts, as the plain file", async () => {
    await using plain = await openFits(fixture("tables.fits"));
    await using packed = await openFits(fixture(`tables_${name}.fits.fz`));
    for (const extension of ["STARS", "SPECTRA"]) {
      const own = tableIn(plain.hdus.find((hdu) => hdu.name === extension));
      const table = tableIn(packed.hdus.find((hdu) => hdu.name === extension));
      expect(table.columns).toEqual(own.columns);
      expect(table.numRows).toBe(150);
      for (const [index, { name: column }] of own.columns.entries()) {
        expect(await table.column(index), column).toEqual(await own.column(index));
        // Over the edge of a tile, and within the last, which is shorter.
        for (const range of [
          [60, 70],
          [64, 64],
          [140, 150],
        ] as const)
          expect(await table.column(column, range)).toEqual(await own.column(column, range));
      }
      const blocks = { columns: [0, own.columns.length - 1], height: 37 };
      expect(await Array.fromAsync(table.rows(blocks))).toEqual(await Array.fromAsync(own.rows(blocks)));
    }
  });

  test("has the plain table's header", async () => {
    await using plain = await openFits(fixture("tables.fits"));
    await using packed = await openFits(fixture(`tables_${name}.fits.fz`));
    const cards = (hdu: Hdu | undefined) =>
      hdu?.header.cards
        .filter(({ keyword }) => !/^(FZ|CHECKSUM|DATASUM)/.test(keyword))
        .map(({ keyword, value }) => [keyword, value]);
    for (const extension of [1, 2]) {
      expect(cards(packed.hdus[extension])).toEqual(cards(plain.hdus[extension]));
      expect(packed.hdus[extension]?.storedHeader.cards.map(({ keyword }) => keyword)).toContain("ZTABLE");
    }
  });
});

/** The file with some cards of its second HDU written otherwise. */
async function changed(cards: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const bytes = await readFile(fixture("tables_rice.fits.fz"));
  for (const [keyword, value] of Object.entries(cards)) {
    const at = bytes.indexOf(`${keyword.padEnd(8)}= `, 0, "latin1");
    if (at < 0) throw new Error(`no ${keyword}`);
    bytes.write(`${keyword.padEnd(8)}= ${value.padStart(20)}`.padEnd(80), at, "latin1");
  }
  return bytes;
}

describe("refused, with extension, keyword and value", () => {
  test.each<[Readonly<Record<string, string>>, RegExp]>([
    [{ ZCTYP1: "'BZIP2_1 '" }, /HDU 1.*ZCTYP1.*BZIP2_1.*RICE_1, GZIP_1, GZIP_2, NOCOMPRESS.*funpack/s],
    [{ ZCTYP6: "'RICE_1  '" }, /HDU 1.*ZCTYP6.*RICE_1 packs integers, the column has E/s],
    [{ ZTILELEN: "0" }, /HDU 1.*ZTILELEN.*0.*1 or more rows/s],
    [{ ZTILELEN: "10" }, /150 rows in tiles of 10 are 15 tiles, the table has 3/],
    [{ ZNAXIS1: "7" }, /NAXIS1.*7/s],
    [{ ZNAXIS2: "999999999999", ZTILELEN: "333333333333" }, /HDU 1.*ZNAXIS2.*cannot hold so many rows/s],
    [{ ZFORM3: "'3Y      '" }, /TFORM3.*3Y/s],
  ])("%j", async (cards, message) => {
    const error = await openFits(await changed(cards)).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    expect(error).toBeInstanceOf(FitsError);
    expect(String(error)).toMatch(message);
  });

  test("a column that is missing its bytes", async () => {
    const bytes = await changed({});
    await using file = await openFits(bytes);
    const table = tableIn(file.hdus[1]);
    const { dataOffset, dataLength } = table.extent;
    bytes.fill(0xff, dataOffset + 3 * 240, dataOffset + dataLength);
    for (const index of table.columns.keys()) {
      const error = await table.column(index).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(FitsError);
      expect(String(error)).toMatch(/HDU 1.*corrupt/s);
    }
  });
});
