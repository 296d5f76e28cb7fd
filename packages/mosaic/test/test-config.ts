// A whole configuration file in a real folder, for tests to break in one place each.

import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";

/** The tutorial's file, with the lines that tests refer to. */
export const CONFIG = `# The tutorial
[PROCESS]
lr = 1e-2
epochs = 400
data_scheme = dataset
pipeline_scheme = mlp

[MONITOR]
need_gpu = False
gpu_available = None
nb_processus = 2
multiplicity = 4

[dataset_OR]
type = dataset
class = DatasetOr
path_to_class = ./dataset.ts
batch_size = 1
data_size = 200
train_prop = 0.8
key = data_{class}

[mlp_funnel]
type = mlp
class = MlpFunnel
path_to_class = ./mlp.ts
length = 4
width = {2-4}
key = mlp_{class}
`;

/** A new folder with the modules that CONFIG names, and a way to write configuration files into it. */
export async function openFolder() {
  const folder = temporaryFolder();
  await writeFile(join(folder, "dataset.ts"), "export class DatasetOr {}\n");
  await writeFile(join(folder, "mlp.ts"), "export class MlpFunnel {}\n");
  return {
    folder,
    path: (name: string) => join(folder, name),
    write: async (text: string | Uint8Array, name = "config.ini"): Promise<string> => {
      const file = join(folder, name);
      await writeFile(file, text);
      return file;
    },
    close: () => rm(folder, { recursive: true }),
  };
}

/** CONFIG with one line replaced, or followed by others. */
export function edited(line: string, replacement: string): string {
  if (!CONFIG.includes(`${line}\n`)) throw new Error(`CONFIG has no line "${line}"`);
  return CONFIG.replace(`${line}\n`, () => (replacement === "" ? "" : `${replacement}\n`));
}

/** CONFIG with further lines in PROCESS, from line 4 on. */
export function withProcess(lines: string): string {
  return edited("lr = 1e-2", `lr = 1e-2\n${lines}`);
}
