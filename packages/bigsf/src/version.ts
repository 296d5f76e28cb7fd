import { readFileSync } from "node:fs";

/** Of this package. Its sources lie one folder less deep than what is published. */
export function ownVersion(): string {
  const own = import.meta.url.endsWith(".ts") ? "../package.json" : "../../package.json";
  const { version }: { version?: unknown } = JSON.parse(readFileSync(new URL(own, import.meta.url), "utf8"));
  return String(version);
}
