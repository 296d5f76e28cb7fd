import { closeSync, fstatSync, openSync, readSync, unlinkSync } from "node:fs";
import { temporaryPath } from "../run/temporary-place.ts";

/** A file without a name, which is gone with the last process that has it open. */
export class NamelessFile {
  readonly descriptor: number;

  /** @param flags by default what is written goes to the end: several processes may write, none over what another has written */
  constructor(flags: "ax+" | "wx+" = "ax+") {
    const path = temporaryPath("output");
    this.descriptor = openSync(path, flags, 0o600);
    unlinkSync(path);
  }

  /** The end of what was written, as text. */
  tail(mostBytes: number): string {
    const { size } = fstatSync(this.descriptor);
    const bytes = Buffer.alloc(Math.min(size, mostBytes));
    const count = readSync(this.descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8", 0, count).trim();
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
