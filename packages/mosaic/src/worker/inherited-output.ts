/**
 * What comes out of this process past JavaScript: from child processes of a module that inherit its output, and from
 * native libraries. The supervisor has made standard output and error one file without a name; the worker moves what is
 * in it to the log of the run at hand.
 */
import { fstatSync, ftruncateSync, readSync } from "node:fs";

const file = 1;
const pieceBytes = 64 * 1024;

export class InheritedOutput {
  #moved = 0;

  /** What an earlier run's processes have printed since its end belongs to no log. */
  begin(): void {
    ftruncateSync(file);
    this.#moved = 0;
  }

  moveTo(log: { write(bytes: Uint8Array): void }): void {
    for (let left = fstatSync(file).size - this.#moved; left > 0; ) {
      const piece = Buffer.alloc(Math.min(left, pieceBytes));
      const bytes = readSync(file, piece, 0, piece.length, this.#moved);
      if (bytes === 0) return;
      log.write(piece.subarray(0, bytes));
      this.#moved += bytes;
      left -= bytes;
    }
  }
}
