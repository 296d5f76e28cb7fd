/** What the tests of `bigsf segment` work with: a small synthetic map, models trained on it, and the command. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigObject, toYaml } from "@ml-mosaic/configurable";
import { openFits } from "@ml-mosaic/fits";
import type { Finished } from "@ml-mosaic/testing";
import { Trainer } from "@ml-mosaic/training";
import "../src/components.ts";
import { PatchesData } from "../src/datasets/patches-data.ts";
import type { MapPaths } from "../src/maps/maps.ts";
import { writeSample } from "../src/sample/write-sample.ts";
import { runBigsf, startBigsf } from "./start-bigsf.ts";

export class SegmentWorkspace {
  readonly folder = mkdtempSync(join(tmpdir(), "bigsf-segment-"));

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  sample(name: string, height: number, width: number): Promise<MapPaths> {
    return writeSample({ folder: this.path(name), height, width, seed: 3 });
  }

  /** Trains for one epoch. @returns the path of the best snapshot */
  async train(
    name: string,
    maps: MapPaths,
    {
      model,
      data = {},
      metrics = [],
    }: { readonly model: ConfigObject; readonly data?: ConfigObject; readonly metrics?: readonly ConfigObject[] },
  ): Promise<string> {
    const trainer = await Trainer.fromConfig({
      data: {
        type: "patches",
        source: { ...maps },
        patch_size: 16,
        stride: 8,
        folds: { k: 3, k_train: 1, area_size: 32, save_indices: false },
        ...data,
      },
      trainer: {
        output_dir: this.path("runs"),
        run_name: name,
        model,
        epochs: 1,
        metrics,
        optimizer: { type: "adam", lr: 0.01 },
      },
    });
    const { folder } = await trainer.train();
    if (trainer.data instanceof PatchesData) await trainer.data.close();
    return join(folder, "best.safetensors");
  }

  /** Writes `<name>.yaml` into the workspace, whose results go into the folder `name`. @returns its path */
  config(name: string, values: ConfigObject): string {
    const path = this.path(`${name}.yaml`);
    writeFileSync(path, toYaml({ output: name, ...values }));
    return path;
  }

  /** Runs `bigsf segment`. @param signal is sent when the segmentation has begun */
  async segment(config: string, signal?: NodeJS.Signals): Promise<Finished> {
    if (signal === undefined) return runBigsf(this.folder, "segment", "-c", config);
    const running = startBigsf(this.folder, "segment", "-c", config);
    await running.said("\n");
    running.kill(signal);
    return running.finished;
  }
}

export async function readPixels(path: string): Promise<{ shape: readonly number[]; data: Float64Array }> {
  await using file = await openFits(path);
  return file.image().as("float64").read();
}
