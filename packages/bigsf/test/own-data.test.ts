/** Data sets, losses and metrics of one's own: the same file in every command and in a program. */
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ConfigObject, toYaml } from "@ml-mosaic/configurable";
import { startProgram, temporaryFolderIn } from "@ml-mosaic/testing";
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
});

const ownLoss = `class_loss_function = labelled_hinge
path_to_class_loss_function = ./own.ts
imports = @ml-mosaic/bigsf, ./own.ts
metrics = dice, share_found`;

/** The same classes in an .ini file. @returns what its run tells, and the figures of it */
async function mosaic(name: string, data: string, asked = ownLoss) {
  const process = `lr = 1e-2
epochs = 2
${asked}
data_scheme = set
pipeline_scheme = network`;
  const monitor = "need_gpu = False\ngpu_available = None\nnb_processus = 1\nmultiplicity = 1";
  const unet =
    "type = network\nclass = unet\npath_to_class = @ml-mosaic/bigsf\nfeatures = 2\nnum_blocks = 1\nkey = unet";
  writeFileSync(
    join(folder, `${name}.ini`),
    `[PROCESS]\n${process}\n\n[MONITOR]\n${monitor}\n\n[SET]\ntype = set\n${data}\nkey = set\n\n[UNET]\n${unet}\n`,
  );
  const program = fileURLToPath(import.meta.resolve("../../mosaic/bin/mosaic.ts"));
  const started = (...args: readonly string[]) =>
    startProgram(globalThis.process.execPath, ["--disable-warning=ExperimentalWarning", program, ...args], { folder })
      .finished;
  const run = await started("run", `${name}.ini`, `${name}.db`);
  const written = await started("export", `${name}.db`, `${name}.json`);
  expect(written.code, written.stderr).toBe(0);
  const text = readFileSync(join(folder, `${name}.json`), "utf8");
  const rows: unknown = JSON.parse(text);
  const figures: Readonly<Record<string, unknown>> = Object(Array.isArray(rows) ? rows[0] : Object(rows).runs?.[0]);
  return { told: run.stdout + run.stderr, figures };
}

/** Patches of the maps. */
function patchesSection(): string {
  const source = Object.entries(maps).map(([layer, path]) => `source.${layer} = ${path}`);
  return `class = patches
path_to_class = @ml-mosaic/bigsf
${source.join("\n")}
patch_size = 16
stride = 8
folds.k = 3
folds.k_train = 1
folds.area_size = 16
batch_size = 4`;
}

test("a data set, a loss and a metric that their file only registers work in Mosaic's runs too", async () => {
  const parts = ["train", "valid", "test"].map(
    (part, phase) => `${part}.type = stripes\n${part}.size = 12\n${part}.phase = ${phase}`,
  );
  const { told, figures } = await mosaic(
    "stripes",
    `class = datasets\npath_to_class = @ml-mosaic/training\n${parts.join("\n")}\nbatch_size = 4`,
  );
  const numbers = { test_share_found: expect.any(Number), test_dice: expect.any(Number) };
  expect(figures, told).toMatchObject({ status: "done", ...numbers });
  expect(figures.test_loss).toBeGreaterThan(0);
});

test("runs of Mosaic on patches say beside their scores what share is labelled", async () => {
  const { told, figures } = await mosaic("patches", patchesSection());
  // All of these maps is labelled, and there is no rest.
  expect(figures, told).toMatchObject({ status: "done", test_labelled: 1, test_dice: expect.any(Number) });
});

test("Mosaic refuses losses and metrics that count all pixels in the words of a training file", async () => {
  const { told, figures } = await mosaic("generic", patchesSection(), "loss_function = mse");
  expect(figures.status).toBe("error");
  expect(told).toMatch(
    /patches \(@ml-mosaic\/bigsf\): loss_function: the loss MSELoss counts all pixels, also those that are not labelled; of patches there are /,
  );
});

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
  });

  test("so are losses in a sum, and skeleton recall without skeletons", async () => {
    const refused = (loss: ConfigObject) => {
      const given = config("summed");
      const model = { type: "unet", features: 2, num_blocks: 1 };
      return Trainer.fromConfig(write("summed", { ...given, trainer: { model, epochs: 1, loss } })).train();
    };
    const losses = [{ type: "dice" }, { type: "huber" }, { type: "skeleton_recall" }];
    await expect(refused({ type: "sum", losses })).rejects.toThrow(
      /trainer\.loss\.losses\[1\]\.type: the loss HuberLoss counts all pixels[\s\S]*trainer\.loss\.losses\[2\]\.type: needs targets with skeletons: give data\.skeletons: true/,
    );
  });

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
      /wrong\.yaml:\d+:\d+: trainer\.loss\.type: the loss HuberLoss counts all pixels.*; of patches there are bce, bce_dice, brier, cldice, dice, focal, skeleton_recall, sum, tversky/,
    );
    expect(command.stderr).toMatch(
      /trainer\.metrics\[1\]\.type: the metric ConfusionMatrix counts all pixels, also those that are not labelled; of patches there are accuracy, average_precision, best_threshold, brier, cldice, dice, iou/,
    );
    expect(command.stderr).toMatch(/trainer\.metrics\[2\]\.type: the metric R2Score/);
    await expect(Trainer.fromConfig(path)).rejects.toThrow(/3 problems/);
    expect(existsSync(join(folder, "runs", "wrong"))).toBe(false);
  });
});
