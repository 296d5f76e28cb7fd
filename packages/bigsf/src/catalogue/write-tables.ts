/** The catalogue as a FITS binary table and as a VOTable: the same columns, values and words. */
import { replaceFile } from "@ml-mosaic/base";
import { addCommentary, createFits, type Header, makeHeader, type TableColumn } from "@ml-mosaic/fits";
import type { CatalogueColumn } from "./columns.ts";
import type { Filament } from "./filament.ts";

export interface CatalogueTable {
  readonly columns: readonly CatalogueColumn[];
  readonly filaments: readonly Filament[];
  /** How it was made, a sentence each. */
  readonly history: readonly string[];
}

export async function writeFitsTable(path: string, { columns, filaments, history }: CatalogueTable): Promise<void> {
  await using writer = await createFits(path, { checksum: true });
  const header = history.reduce<Header>(
    (made, line) => addCommentary(made, "HISTORY", inAscii(line)),
    makeHeader({ CREATOR: "bigsf catalogue", RADESYS: "ICRS" }),
  );
  const written = columns.map(({ name, unit, ucd, description, type, of }): TableColumn => {
    const values = filaments.map(of);
    const described = { name, unit, ucd, description: inAscii(description) };
    if (type === "text") return { ...described, values: values.map((value) => inAscii(String(value ?? ""))) };
    const numbers = values.map((value) => (typeof value === "number" ? value : Number.NaN));
    return type === "int"
      ? { ...described, values: Int32Array.from(numbers) }
      : { ...described, values: Float64Array.from(numbers) };
  });
  await writer.table({ name: "FILAMENTS", header, columns: written });
  await writer.close();
}

/** Of coordinates, by how their columns are called: `ra`, `ra_1`. Those of the map's own frame may be of any. */
const frames = new Map([
  ["ra", "icrs"],
  ["dec", "icrs"],
  ["l", "galactic"],
  ["b", "galactic"],
]);

/** VOTable 1.4 (IVOA, 2019), serialised as TABLEDATA. */
export async function writeVotable(path: string, { columns, filaments, history }: CatalogueTable): Promise<void> {
  const fields = columns.map(({ name, type, unit, ucd, description }) => {
    const kind = type === "text" ? 'datatype="char" arraysize="*"' : `datatype="${type}"`;
    const withUnit = unit === "" ? "" : ` unit="${escaped(unit)}"`;
    const frame = frames.get(/^[a-z]+/.exec(name)?.[0] ?? "");
    const withFrame = frame === undefined ? "" : ` ref="${frame}"`;
    return `<FIELD ID="${name}" name="${name}" ucd="${ucd}" ${kind}${withUnit}${withFrame}><DESCRIPTION>${escaped(description)}</DESCRIPTION></FIELD>`;
  });
  const rows = filaments.map(
    (filament) => `<TR>${columns.map(({ of }) => `<TD>${escaped(String(of(filament) ?? ""))}</TD>`).join("")}</TR>`,
  );
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">',
    "<RESOURCE>",
    '<COOSYS ID="icrs" system="ICRS"/>',
    '<COOSYS ID="galactic" system="galactic"/>',
    `<TABLE name="filaments" nrows="${filaments.length}">`,
    `<DESCRIPTION>${escaped(history.join("\n"))}</DESCRIPTION>`,
    ...fields,
    "<DATA><TABLEDATA>",
    ...rows,
    "</TABLEDATA></DATA>",
    "</TABLE>",
    "</RESOURCE>",
    "</VOTABLE>",
    "",
  ];
  await replaceFile(path, lines.join("\n"));
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replace(/[^\t\n\r -퟿-�]/g, "?");
}

function inAscii(text: string): string {
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
