/** Tables of numbers and short words as CSV (RFC 4180), as spreadsheets and pandas read them. */

export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${cells.map((cell) => quoted(cell === undefined ? "" : String(cell))).join(",")}\n`;
}

function quoted(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

export function csvText({ columns, rows }: CsvTable): string {
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))].map(csvLine).join("");
}

/** Reads what `csvText` wrote. A last line that was not written to its end is left out. */
export function readCsvText(text: string): CsvTable {
  const lines = wholeLines(text).map(cellsOf);
  const [columns = [], ...rows] = lines;
  return {
    columns,
    rows: rows
      .filter((cells) => cells.length === columns.length)
      .map((cells) => Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""]))),
  };
}

function wholeLines(text: string): readonly string[] {
  const lines: string[] = [];
  let begin = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '"') isQuoted = !isQuoted;
    if (text[index] !== "\n" || isQuoted) continue;
    lines.push(text.slice(begin, index));
    begin = index + 1;
  }
  return lines;
}

function cellsOf(line: string): readonly string[] {
  const cells = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g);
  return Array.from(cells, ([, quotedText, plain = ""]) => quotedText?.replaceAll('""', '"') ?? plain);
}
