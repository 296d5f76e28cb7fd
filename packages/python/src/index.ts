/** Where the Python sources are. They need Python 3.9 or later with torch 1.13 or later, and nothing else. */
import { fileURLToPath } from "node:url";

/** What PYTHONPATH has to name for `python -m mosaic_worker`. */
export const pythonPath: string = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? ".." : "../..", import.meta.url),
);
