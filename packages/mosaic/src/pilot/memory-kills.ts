/** How many processes the system has killed because the memory of this job was used up, as far as control groups tell. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const groups = "/sys/fs/cgroup";

/** Undefined where nothing tells. */
export function memoryKills(): number | undefined {
  for (const [file, pattern] of countersOf(read("/proc/self/cgroup") ?? "")) {
    const [, count] = pattern.exec(read(file) ?? "") ?? [];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

function* countersOf(text: string): Iterable<readonly [file: string, pattern: RegExp]> {
  for (const line of text.split("\n")) {
    const [, controllers, path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === "") yield [join(groups, path, "memory.events"), /^oom_kill (\d+)$/m];
    else if (controllers?.split(",").includes("memory") === true)
      yield [join(groups, "memory", path, "memory.oom_control"), /^oom_kill (\d+)$/m];
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
