/** Where the lines of a configuration are from: its file, the files that it includes, and arguments of the command. */

interface Part {
  readonly name: string;
  /** How many lines of others come before it. */
  readonly before: number;
  /** An argument is all of its part. */
  readonly isArgument: boolean;
}

export interface Place {
  readonly file: string;
  readonly line?: number;
}

/** All lines have one numbering, the file's own first, so that a number says where a value stands, wherever that is. */
export class SourceLines {
  readonly file: string;
  readonly #parts: Part[] = [];
  #count = 0;

  constructor(file: string) {
    this.file = file;
    this.#parts.push({ name: file, before: 0, isArgument: false });
  }

  /** How many lines there are. The next part begins behind them. */
  get count(): number {
    return this.#count;
  }

  /** The first file is there from the start, and its lines are added with its name. */
  addFile(name: string, lines: number): void {
    if (this.#count > 0) this.#parts.push({ name, before: this.#count, isArgument: false });
    this.#count += lines;
  }

  /** @returns the number of its line */
  addArgument(text: string): number {
    this.#parts.push({ name: `argument ${text}`, before: this.#count, isArgument: true });
    this.#count += 1;
    return this.#count;
  }

  isArgument(line: number): boolean {
    return this.#partOf(line).isArgument;
  }

  placeOf(line: number | undefined): Place {
    const { name, before, isArgument } = this.#partOf(line);
    return line === undefined || isArgument ? { file: name } : { file: name, line: line - before };
  }

  /** @example "config.ini:3" */
  placeText(number: number): string {
    const { file, line } = this.placeOf(number);
    return line === undefined ? file : `${file}:${line}`;
  }

  /** For the middle of a sentence: "line 3", "line 3 of base.ini", "the argument PROCESS.lr=1" */
  lineText(number: number): string {
    const { file, line } = this.placeOf(number);
    if (line === undefined) return `the ${file}`;
    return file === this.file ? `line ${line}` : `line ${line} of ${file}`;
  }

  #partOf(line: number | undefined): Part {
    const part = line === undefined ? undefined : this.#parts.findLast(({ before }) => line > before);
    return part ?? { name: this.file, before: 0, isArgument: false };
  }
}
