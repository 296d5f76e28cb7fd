import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, hostname, release, totalmem, type } from "node:os";
import { basename } from "node:path";
import { shellText } from "@ml-mosaic/command-line";

const require = createRequire(import.meta.url);

function versionIn(text: string): string {
  const { version }: { version?: unknown } = JSON.parse(text);
  return String(version);
}

/** Versions that bits depend on. */
export function engineVersion(): string {
  // One level higher in the published package, whose sources lie in dist.
  const own = import.meta.url.endsWith(".ts") ? "../../package.json" : "../../../package.json";
  const mosaic = versionIn(readFileSync(new URL(own, import.meta.url), "utf8"));
  const tensor = createRequire(require.resolve("@ml-mosaic/tensor"));
  const runtime = versionIn(readFileSync(tensor.resolve("onnxruntime-node/package.json"), "utf8"));
  return `ml-mosaic ${mosaic}, onnxruntime-node ${runtime}, node ${process.versions.node}`;
}

/** As it was given, without the program's folder. */
export function commandGiven(): string {
  const [, program = "", ...args] = process.argv;
  return [basename(program).replace(/\.[jt]s$/, ""), ...args].map(shellText).join(" ");
}

export function machineFacts(): Readonly<Record<string, string | number>> {
  const processors = cpus();
  return {
    host: hostname(),
    system: `${type()} ${release()} ${arch()}`,
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memory_bytes: totalmem(),
  };
}
