import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Tells kinds of processors apart, whose bits may differ, also where a virtual machine gives all of them one name. */
export function processor(): string {
  const [first = ""] = readFileSync("/proc/cpuinfo", "utf8").split("\n\n");
  const kind = first.split("\n").filter((line) => /^(model name|cpu family|model|flags)\s*:/.test(line));
  return createHash("sha256").update(kind.join("\n")).digest("hex").slice(0, 16);
}
