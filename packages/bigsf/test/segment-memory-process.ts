/** Segments what its argument, a configuration, says, and prints the most memory that it had, in MB. */
import { readFileSync } from "node:fs";
import { Segmentation } from "../src/segmentation/segmentation.ts";

await Segmentation.fromConfig(process.argv[2] ?? "").run();
const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
console.log(Number(kilobytes) / 1000);
