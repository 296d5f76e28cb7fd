import { replaceFile } from "@ml-mosaic/base";
import { addCommentary, createFits, type Header, makeHeader, type TableColumn } from "@ml-mosaic/fits";
import type { CompletenessBin, Outcome } from "./completeness.ts";
import { type Judged, probabilityOf } from "./purity.ts";
import type { RecoveryFile } from "./recovery-file.ts";

export interface RecoveryTables {
  readonly fits: string;
  readonly injections: string;
  readonly completeness: string;
  readonly outcomes: readonly Outcome[];
  readonly judged: readonly Judged[];
  readonly file: RecoveryFile;
  /** How it was made, a line each. */
  readonly history: readonly string[];
}

interface Column<Row> {
  readonly name: string;
  readonly type: "int" | "double" | "text";
  readonly unit?: string;
  readonly description: string;
  readonly of: (row: Row) => number | string | undefined;
}

const injectionColumns: readonly Column<Outcome>[] = [
  { name: "id", type: "int", description: "Number", of: ({ id }) => id },
  { name: "x", type: "double", unit: "pixel", description: "Middle of its spine: column, from 0", of: ({ x }) => x },
  { name: "y", type: "double", unit: "pixel", description: "Middle of its spine: row, from 0", of: ({ y }) => y },
  { name: "length_pixels", type: "double", unit: "pixel", description: "Along its spine", of: ({ length }) => length },
  {
    name: "width_pixels",
    type: "double",
    unit: "pixel",
    description: "Full width at half maximum, mean along its spine",
    of: ({ width }) => width,
  },
  {
    name: "contrast",
    type: "double",
    description: "Height over the background, mean along its spine",
    of: ({ contrast }) => contrast,
  },
  {
    name: "significance",
    type: "double",
    description: "Height over the scatter of single pixels there",
    of: ({ significance }) => significance,
  },
  {
    name: "share",
    type: "double",
    description: "Of its spine, what spines cover that were not there before",
    of: ({ share }) => share,
  },
  { name: "recovered", type: "int", description: "1 if it counts as found", of: ({ recovered }) => Number(recovered) },
  {
    name: "measured_length",
    type: "double",
    unit: "pixel",
    description: "Of what covers most of it, in the catalogue",
    of: ({ measured }) => measured?.length,
  },
  {
    name: "measured_width",
    type: "double",
    unit: "pixel",
    description: "width_pixels of that",
    of: ({ measured }) => measured?.width,
  },
  {
    name: "measured_contrast",
    type: "double",
    description: "contrast of that",
    of: ({ measured }) => measured?.contrast,
  },
  {
    name: "measured_probability",
    type: "double",
    description: "probability of that",
    of: ({ measured }) => measured?.probability,
  },
];

const binColumns: readonly Column<CompletenessBin>[] = [
  {
    name: "quantity",
    type: "text",
    description: "By which filaments are put together",
    of: ({ quantity }) => quantity,
  },
  { name: "from", type: "double", description: "Least of it", of: ({ from }) => from },
  { name: "to", type: "double", description: "Most of it", of: ({ to }) => to },
  { name: "injected", type: "int", description: "How many were put into the map", of: ({ injected }) => injected },
  { name: "recovered", type: "int", description: "How many of them were found", of: ({ recovered }) => recovered },
  { name: "completeness", type: "double", description: "Share that was found", of: ({ completeness }) => completeness },
  {
    name: "low",
    type: "double",
    description: "Lower end of the 95 % interval (Clopper and Pearson)",
    of: ({ low }) => low,
  },
  { name: "high", type: "double", description: "Upper end of the 95 % interval", of: ({ high }) => high },
  { name: "fitted", type: "double", description: "What the logistic fit says of them", of: ({ fitted }) => fitted },
];

function judgedColumns({ purity }: RecoveryFile): readonly Column<Judged>[] {
  const said = (each: Judged) => purity?.traits && probabilityOf(purity.traits, each, true);
  return [
    { name: "id", type: "int", description: "Number of the filament of the catalogue", of: ({ id }) => id },
    { name: "x", type: "double", unit: "pixel", description: "Its middle: column, from 0", of: ({ x }) => x },
    { name: "y", type: "double", unit: "pixel", description: "Its middle: row, from 0", of: ({ y }) => y },
    { name: "contrast", type: "double", description: "As in the catalogue", of: ({ contrast }) => contrast },
    {
      name: "width_pixels",
      type: "double",
      unit: "pixel",
      description: "As in the catalogue",
      of: ({ width }) => width,
    },
    { name: "probability", type: "double", description: "As in the catalogue", of: ({ probability }) => probability },
    {
      name: "judgement",
      type: "text",
      description: "By the labels under most of its spine: filament, none, or unknown",
      of: ({ judgement }) => judgement,
    },
    {
      name: "filament_probability",
      type: "double",
      description: "How probable it is that it is one, by filaments of other squares of the map",
      of: (each) => said(each)?.value,
    },
  ];
}

/** `recovery.fits` with all tables, and two of them as ECSV too. */
export async function writeTables(tables: RecoveryTables): Promise<void> {
  const { outcomes, judged, file, history } = tables;
  const { bins } = file.completeness;
  const head = [...history, `seed ${file.seed}`];
  await using writer = await createFits(tables.fits, { checksum: true });
  const header = head.reduce<Header>(
    (made, line) => addCommentary(made, "HISTORY", inAscii(line)),
    makeHeader({ CREATOR: "bigsf recover" }),
  );
  await writer.table({
    name: "INJECTIONS",
    header,
    columns: injectionColumns.map((each) => fitsColumn(each, outcomes)),
  });
  await writer.table({ name: "COMPLETENESS", header, columns: binColumns.map((each) => fitsColumn(each, bins)) });
  if (judged.length > 0)
    await writer.table({
      name: "PURITY",
      header,
      columns: judgedColumns(file).map((each) => fitsColumn(each, judged)),
    });
  await writer.close();
  await replaceFile(tables.injections, ecsv(injectionColumns, outcomes, head));
  await replaceFile(tables.completeness, ecsv(binColumns, bins, head));
}

function fitsColumn<Row>({ name, type, unit, description, of }: Column<Row>, rows: readonly Row[]): TableColumn {
  const values = rows.map(of);
  const described = { name, description, ...(unit === undefined ? {} : { unit }) };
  if (type === "text") return { ...described, values: values.map((value) => inAscii(String(value ?? ""))) };
  const numbers = values.map((value) => (typeof value === "number" ? value : Number.NaN));
  return { ...described, values: type === "int" ? Int32Array.from(numbers) : Float64Array.from(numbers) };
}

/** Enhanced character-separated values 1.0 (Astropy Project, APE 6). */
function ecsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[], history: readonly string[]): string {
  const types = { int: "int64", double: "float64", text: "string" } as const;
  const head = [
    "%ECSV 1.0",
    "---",
    "datatype:",
    ...columns.map(({ name, type, unit, description }) => {
      const parts = [`name: ${name}`, ...(unit === undefined ? [] : [`unit: ${unit === "pixel" ? "pix" : unit}`])];
      return `- {${[...parts, `datatype: ${types[type]}`, `description: ${JSON.stringify(description)}`].join(", ")}}`;
    }),
    "delimiter: ','",
    `meta: ${JSON.stringify({ history })}`,
    "schema: astropy-2.0",
  ];
  const cell = (value: number | string | undefined) =>
    typeof value === "number" && !Number.isNaN(value) ? String(value) : typeof value === "string" ? value : "nan";
  const lines = rows.map((row) => columns.map(({ of }) => cell(of(row))).join(","));
  return [...head.map((line) => `# ${line}`), columns.map(({ name }) => name).join(","), ...lines, ""].join("\n");
}

function inAscii(text: string): string {
  return text.replace(/[^ -~]/g, "?");
}
