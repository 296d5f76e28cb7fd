/** Data sets, losses and metrics of one's own: the same file in every command and in a program. */
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfigObject, toYaml } from "@ml-mosaic/configurable";
import { temporaryFolderIn } from "@ml-mosaic/testing";
import { Trainer } from "@ml-mosaic/training";
import { beforeAll, describe, expect, test } from "vitest";
import "../src/components.ts";
import { writeMaps } from "../src/datasets/map-examples.ts";
import type { MapPaths } from "../src/maps/maps.ts";
import { startBigsf } from "./start-bigsf.ts";

// In the repository, where files of one's own find the packages.
const folder = temporaryFolderIn(import.meta.dirname);
let maps: MapPaths;

beforeAll(async () => {
  cpSync(join(import.meta.dirname, "own"), folder, { recursive: true });
  maps = await writeMaps(folder, { height: 48, width: 48 });
});

const stripes = (phase: number): ConfigObject => ({ type: "stripes", size: 12, phase });

function write(name: string, config: ConfigObject): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, toYaml(config));
  return path;
}

function ownConfig(run: string): ConfigObject {
  return {
    imports: ["./own.ts"],
    data: { type: "datasets", train: stripes(0), valid: stripes(3), test: stripes(5) },
    trainer: {
      output_dir: "runs",
      run_name: run,
      model: { type: "unet", features: 2, num_blocks: 1 },
      loss: { type: "labelled_hinge" },
      batch_size: 4,
      epochs: 2,
      metrics: [{ type: "dice" }, { type: "share_found" }],
    },
  };
}

const testOf = (...names: readonly string[]) =>
  readFileSync(join(folder, "runs", ...names, "test_results.csv"), "utf8");

test("a data set, a loss and a metric of one's own give the same in train, train-k-fold, a program and Mosaic", async () => {
  const command = await startBigsf(folder, "train", "-c", write("command", ownConfig("command"))).finished;
  expect(command.code, command.stderr).toBe(0);
  expect(command.stdout).toMatch(/share_found +[\d.]+/);
  const folds = await startBigsf(folder, "train-k-fold", "-c", write("folds", ownConfig("folds"))).finished;
  expect(folds.code, folds.stderr).toBe(0);
  expect(folds.stdout).toMatch(
    /^test set +split 1 (?:.|\n)*\n\ntables: runs\/folds\/test_results.csv and summary.csv\n$/,
  );
  await Trainer.fromConfig(write("program", ownConfig("program"))).train();
  expect(testOf("command")).toBe(testOf("program"));
  expect(testOf("folds", "split_1")).toBe(testOf("program"));
}, 120_000);

describe("a training file without data.type", () => {
  const config = (run: string): ConfigObject => ({
    data: {
      source: { ...maps },
      patch_size: 16,
      stride: 8,
      folds: { k: 3, k_train: 1, area_size: 16, save_indices: false },
    },
    trainer: {
      output_dir: "runs",
      run_name: run,
      model: { type: "unet", features: 2, num_blocks: 1 },
      epochs: 1,
      metrics: [{ type: "accuracy" }, { type: "f1" }, { type: "mse" }],
      loss: { type: "mse" },
    },
  });

  test("means patches, in the command and in a program", async () => {
    const command = await startBigsf(folder, "train", "-c", write("untyped", config("untyped"))).finished;
    expect(command.code, command.stderr).toBe(0);
    await Trainer.fromConfig(write("untyped-program", config("untyped-program"))).train();
    expect(testOf("untyped")).toBe(testOf("untyped-program"));
  }, 120_000);

  test("losses and metrics that count all pixels are refused where they stand, in every way to read the file", async () => {
    const path = write("wrong", {
      ...config("wrong"),
      trainer: {
        model: { type: "unet", features: 2, num_blocks: 1 },
        epochs: 1,
        loss: { type: "huber" },
        metrics: [{ type: "dice" }, { type: "confusion_matrix" }, { type: "r2" }],
      },
    });
    const command = await startBigsf(folder, "train", "-c", path).finished;
    expect(command.code).toBe(2);
    expect(command.stderr).toMatch(
      /wrong\.yaml:\d+:\d+: trainer\.loss\.type: the loss HuberLoss counts all pixels.*; of patches there are bce, bce_dice, brier, dice, focal, tversky/,
    );
    expect(command.stderr).toMatch(
      /trainer\.metrics\[1\]\.type: the metric ConfusionMatrix counts all pixels, also those that are not labelled; of patches there are accuracy, average_precision, best_threshold, brier, dice, iou/,
    );
    expect(command.stderr).toMatch(/trainer\.metrics\[2\]\.type: the metric R2Score/);
    await expect(Trainer.fromConfig(path)).rejects.toThrow(/3 problems/);
    expect(existsSync(join(folder, "runs", "wrong"))).toBe(false);
  });
});
