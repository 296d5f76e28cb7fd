import { fileURLToPath } from "node:url";
import { nodeOptions } from "@ml-mosaic/base";
import type { WorkerProgram } from "./spawned-worker.ts";

// The sources run as .ts, the published package as .js.
const main = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../worker/main.ts" : "../worker/main.js", import.meta.url),
);

/** Carries out runs whose modules are TypeScript or JavaScript. */
export const typescriptWorker: WorkerProgram = {
  command: process.execPath,
  // Left alone, V8 takes 20 MB more of each worker for young garbage, and gains little by it.
  args: [...nodeOptions, "--max-semi-space-size=4", main],
  environment: {},
};
