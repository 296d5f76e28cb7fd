import type { Terminal } from "ml-mosaic/command-line";

/** Lines at the bottom of a terminal that are written over; where that cannot be, they are left out. */
export class StatusLines {
  readonly #terminal: Terminal;
  #lines: readonly string[] = [];
  #shownAt = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Shows these instead of those before; more often than ten times a second, the last ones wait. */
  show(lines: readonly string[]): void {
    if (!this.#terminal.isLive || performance.now() - this.#shownAt < 100) return;
    this.#shownAt = performance.now();
    this.#clear();
    this.#draw(lines);
  }

  /** Writes a line that stays, above the others. */
  print(line: string): void {
    const lines = this.#lines;
    this.#clear();
    this.#terminal.err(`${line}\n`);
    this.#draw(lines);
  }

  /** Removes the lines. */
  end(): void {
    this.#clear();
  }

  #draw(lines: readonly string[]): void {
    this.#lines = lines;
    if (lines.length > 0) this.#terminal.err(`${lines.join("\n")}\n`);
  }

  #clear(): void {
    // Up and wiped out, line by line.
    if (this.#lines.length > 0) this.#terminal.err("\u001b[1A\u001b[2K".repeat(this.#lines.length));
    this.#lines = [];
  }
}
