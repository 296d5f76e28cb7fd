import { type Running, startProgram } from "@ml-mosaic/testing";

const command = new URL("../bin/bigsf.ts", import.meta.url).pathname;

/** The command as users run it. */
export function startBigsf(folder: string, ...args: readonly string[]): Running {
  const environment = { ...process.env, NO_COLOR: "1" };
  return startProgram(process.execPath, ["--disable-warning=ExperimentalWarning", command, ...args], {
    folder,
    environment,
  });
}
