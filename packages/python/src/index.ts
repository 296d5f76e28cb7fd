/** Where the Python sources are. They need Python 3.9 or later with torch 1.13 or later, and nothing else. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What PYTHONPATH has to name for `python -m mosaic_worker`. */
export const pythonPath: string = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? ".." : "../..", import.meta.url),
);

/** Variables of the environment that its interpreter has to be started with. */
export const pythonEnvironment: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(pythonPath, "mosaic_worker", "environment.json"), "utf8"),
);
