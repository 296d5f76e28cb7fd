/** What the tests of `bigsf train` and `bigsf train-k-fold` work with: a small synthetic map and the command. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigObject, toYaml } from "@ml-mosaic/configurable";
import type { Finished, Running } from "@ml-mosaic/testing";
import { Preprocessing } from "../src/patches/preprocessing.ts";
import { writeSample } from "../src/sample/write-sample.ts";
import { runBigsf, startBigsf } from "./start-bigsf.ts";

/** Options that differ from the usual ones. */
export interface RunFiles {
  readonly data?: ConfigObject;
  readonly folds?: ConfigObject;
  readonly trainer?: ConfigObject;
  readonly more?: ConfigObject;
}

export class TrainingWorkspace {
  readonly folder = mkdtempSync(join(tmpdir(), "bigsf-train-"));
  readonly #started: Running[] = [];

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** A map of 128 x 128 and patches of 16 x 16 from it. */
  async prepare(): Promise<void> {
    const maps = await writeSample({ folder: this.path("sample"), height: 128, width: 128, seed: 1 });
    await Preprocessing.fromConfig({ ...maps, output: this.path("data"), patch_size: 16, stride: 8 }).run();
  }

  /** No process outlives a test. */
  remove(): void {
    for (const running of this.#started) if (running.groupLives()) running.signalGroup("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Writes `<name>.yaml`, whose run goes into `runs/<name>`, or to where `trainer` says. @returns its path */
  config(name: string, { data, folds, trainer, more }: RunFiles = {}): string {
    const values: ConfigObject = {
      data: {
        ...(data?.source === undefined ? { path: "data/patches.h5" } : {}),
        folds: { k: 3, k_train: 0.34, area_size: 32, overlap: 4, ...folds },
        train: { data_augmentations: [{ type: "random_rotation" }, { type: "noise" }] },
        ...data,
      },
      trainer: {
        output_dir: "runs",
        run_name: name,
        model: { type: "unet", features: 4, num_blocks: 1 },
        optimizer: { type: "adam", lr: 0.01 },
        epochs: 4,
        batch_size: 4,
        metrics: [{ type: "dice" }, { type: "average_precision" }],
        ...trainer,
      },
      ...more,
    };
    const path = this.path(`${name}.yaml`);
    writeFileSync(path, toYaml(values));
    return path;
  }

  run(...args: readonly string[]): Promise<Finished> {
    return runBigsf(this.folder, ...args);
  }

  start(...args: readonly string[]): Running {
    const running = startBigsf(this.folder, ...args);
    this.#started.push(running);
    return running;
  }

  /** Names of the files in a folder, those of folders in it as `folder/name`. */
  files(...names: readonly string[]): readonly string[] {
    const root = this.path(...names);
    return readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(root, name)).isFile())
      .sort();
  }

  /** What the files of a folder hold, by name. */
  contents(...names: readonly string[]): Readonly<Record<string, string>> {
    const read = (name: string) => readFileSync(this.path(...names, name)).toString("base64");
    return Object.fromEntries(this.files(...names).map((name) => [name, read(name)]));
  }

  text(...names: readonly string[]): string {
    return readFileSync(this.path(...names), "utf8");
  }
}
