import { CommandHost, type Finished, type Running, startProgram } from "@ml-mosaic/testing";

const command = new URL("../bin/bigsf.ts", import.meta.url).pathname;
const environment = { ...process.env, NO_COLOR: "1" };
const host = new CommandHost(new URL("./bigsf-commands.ts", import.meta.url).pathname);

/** The command as users run it. */
export function startBigsf(folder: string, ...args: readonly string[]): Running {
  return startProgram(process.execPath, ["--disable-warning=ExperimentalWarning", command, ...args], {
    folder,
    environment,
  });
}

/** The command in the process that all tests of a file share; beside another one in a process of its own. */
export function runBigsf(folder: string, ...args: readonly string[]): Promise<Finished> {
  return host.isBusy
    ? startBigsf(folder, ...args).finished
    : host.run({ folder, environment, words: [command, ...args] });
}
