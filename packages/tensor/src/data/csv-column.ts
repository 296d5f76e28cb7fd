import { TensorError } from "../errors.ts";

/**
 * What a column holds: decimal numbers, whole numbers, or text whose different values are classes. These are numbered
 * in the order of their sorted names, unless the names are listed.
 */
export type CsvColumn = "float32" | "int64" | "class" | readonly string[];

/** A finite number, or an infinity as Python and C write it: `inf`, `-Infinity`. */
export function decimalOf(text: string): number | undefined {
  const [, sign] = /^([+-]?)inf(?:inity)?$/i.exec(text) ?? [];
  if (sign !== undefined) return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? value : undefined;
}

/** How a number is written that is missing, or none. */
export function isMissingText(text: string): boolean {
  return /^(?:|n\/?a|null|[+-]?nan)$/i.test(text);
}

/** A whole number of 64 bits. */
export function wholeOf(text: string): bigint | undefined {
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace("+", "")) : undefined;
  return value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined;
}

/** What a cell must be; the names of classes where they are listed. */
export function wantedOf(kind: CsvColumn): string {
  switch (kind) {
    case "float32":
      return "a number";
    case "int64":
      return "a whole number of 64 bits";
    case "class":
      return "the name of a class";
    default:
      return `one of ${kind.join(", ")}`;
  }
}

/** How many problems a message shows. */
const maxShown = 20;

/** Everything wrong with a file, to be told in one go. */
export class CsvProblems {
  readonly #name: string;
  readonly #found: { readonly line: number; readonly what: string }[] = [];
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add(line: number, what: string): void {
    this.#count++;
    if (this.#found.length < 1000) this.#found.push({ line, what });
  }

  wrongCell(line: number, column: string, text: string, kind: CsvColumn): void {
    this.add(line, `${column} is ${text === "" ? "missing" : JSON.stringify(text)}; it must be ${wantedOf(kind)}`);
  }

  throwAny(): void {
    if (this.#count === 0) return;
    const lines = this.#found
      .toSorted((a, b) => a.line - b.line)
      .slice(0, maxShown)
      .map(({ line, what }) => `  line ${line}: ${what}`);
    const more = this.#count - lines.length;
    throw new TensorError(
      "TENSOR_FILE",
      [`${this.#name} has ${this.#count} wrong values`, ...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join(
        "\n",
      ),
    );
  }
}
