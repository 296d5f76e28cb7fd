/** A column of texts while it is read: each text is kept once, and runs have the number of theirs. */
import type { ColumnValues } from "./records.ts";
import { textOrNullIn } from "./stored-value.ts";

export type Cell = number | string | null;

/** Code of a run that has no text. */
const noText = 0xffffffff;

export class TextColumn {
  readonly #codes: Uint32Array<ArrayBuffer>;
  readonly #known = new Map<string, number>();

  constructor(rows: number) {
    this.#codes = new Uint32Array(rows).fill(noText);
  }

  codeOf(cell: Cell | undefined): number {
    const text = typeof cell === "string" ? cell : textOrNullIn({ cell: cell ?? null }, "cell");
    if (text === null) return noText;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, this.#known.size);
    return this.#known.size - 1;
  }

  set(row: number, code: number): void {
    this.#codes[row] = code;
  }

  get values(): ColumnValues {
    return { kind: "text", texts: [...this.#known.keys()], codes: this.#codes };
  }
}
