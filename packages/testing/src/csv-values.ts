/** The cells of a table, numbers as numbers. */
export function csvValues(text: string): readonly (readonly (string | number)[])[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(",").map((cell) => (cell === "" || Number.isNaN(Number(cell)) ? cell : Number(cell))));
}
