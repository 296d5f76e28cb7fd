import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { openFits } from "../open-fits.ts";
import { createFits } from "./fits-writer.ts";
import type { TableColumn } from "./table-columns.ts";

const folder = temporaryFolder();

async function written(name: string, columns: readonly TableColumn[]): Promise<string> {
  const path = join(folder, name);
  await using writer = await createFits(path, { checksum: true });
  await writer.table({ columns, name: "TABLE" });
  await writer.close();
  return path;
}

test("columns of every type are read as they were written", async () => {
  const numbers = {
    double: Float64Array.of(1.5, Number.NaN, -1e300),
    float: Float32Array.of(0.5, Number.NaN, 3e38),
    long: BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n),
    int: Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1),
    short: Int16Array.of(-32768, 7, 32767),
    byte: Uint8Array.of(0, 7, 255),
  };
  const columns: TableColumn[] = Object.entries(numbers).map(([name, values]) => ({ name, values, unit: "pixel" }));
  const words = ["", "a name", "longer than the others"];
  const description = "what is told of a column in more words than one card of a header has room for, and so in two";
  await using file = await openFits(
    await written("all.fits", [...columns, { name: "text", values: words, description, ucd: "meta.id" }]),
  );
  const table = file.table("TABLE");
  for (const [name, values] of Object.entries(numbers))
    expect(await table.column(name)).toMatchObject({ data: values });
  expect(await table.column("text")).toMatchObject({ data: words });
  expect(table.columns[0]?.unit).toBe("pixel");
  const cards = new Map(table.header.cards.map(({ keyword, value }) => [keyword, value]));
  expect([cards.get("TCOMM7"), cards.get("TUCD7"), cards.get("LONGSTRN")]).toEqual([
    description,
    "meta.id",
    "OGIP 1.0",
  ]);
  expect(await file.verify(table)).toEqual({ datasum: "right", checksum: "right" });
});

test("an integer that stands for none", async () => {
  const path = await written("null.fits", [{ name: "n", values: Int32Array.of(1, -9), nullValue: -9 }]);
  await using file = await openFits(path);
  expect(await file.table().column("n")).toMatchObject({ nulls: Uint8Array.of(0, 1) });
});

test("columns that do not go together, and what a table cannot hold, are refused", async () => {
  const short = [
    { name: "a", values: ["x"] },
    { name: "b", values: Uint8Array.of(1, 2) },
  ];
  await expect(written("uneven.fits", short)).rejects.toThrow(/the column b has 2 rows, the first one 1/);
  await expect(written("foreign.fits", [{ name: "a", values: ["Ö"] }])).rejects.toThrow(/the column a holds "Ö"/);
});
