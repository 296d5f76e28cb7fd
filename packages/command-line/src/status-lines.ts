import type { Terminal } from "./command.ts";

/** Lines at the bottom of a terminal that are written over; where that cannot be, they are left out. */
export class StatusLines {
  readonly #terminal: Terminal;
  readonly #columns: () => number;
  #lines: readonly string[] = [];
  // Before any moment, also that at which the process began.
  #shownAt = Number.NEGATIVE_INFINITY;

  /** @param columns how wide the terminal is now */
  constructor(terminal: Terminal, columns = () => process.stderr.columns ?? 80) {
    this.#terminal = terminal;
    this.#columns = columns;
  }

  /** Shows these instead of those before; more often than ten times a second, the last ones wait. */
  show(lines: readonly string[]): void {
    if (!this.#terminal.isLive || performance.now() - this.#shownAt < 100) return;
    this.#shownAt = performance.now();
    this.#clear();
    // A line that the terminal would wrap is two for it, and one of them would stay.
    this.#draw(lines.map((line) => line.slice(0, Math.max(1, this.#columns() - 1))));
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
