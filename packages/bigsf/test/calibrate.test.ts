/** `bigsf calibrate` on small trainings, and segmentation with what it has written. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Trainer } from "@ml-mosaic/training";
import { afterAll, beforeAll, expect, test } from "vitest";
import "../src/components.ts";
import { Calibration } from "../src/calibration/calibration.ts";
import type { CalibrationFile } from "../src/calibration/calibration-file.ts";
import { calibrated } from "../src/calibration/calibrator.ts";
import type { MapPaths } from "../src/maps/maps.ts";
import { Segmentation } from "../src/segmentation/segmentation.ts";
import { readPixels, SegmentWorkspace } from "./segment-workspace.ts";
import { runBigsf } from "./start-bigsf.ts";

const workspace = new SegmentWorkspace();
const model = { type: "unet", features: 4, num_blocks: 1 };
let maps: MapPaths;
/** A training on each of three splits, as bigsf train-k-fold leaves them. */
const folds = workspace.path("runs", "folds");

beforeAll(async () => {
  maps = await workspace.sample("sample", 96, 96);
  for (const split of [0, 1, 2]) {
    const trainer = await Trainer.fromConfig(
      {
        data: {
          type: "patches",
          source: { ...maps },
          patch_size: 16,
          stride: 8,
          folds: { k: 3, k_train: 1, area_size: 32, save_indices: false },
        },
        trainer: {
          output_dir: folds,
          run_name: `split_${split + 1}`,
          model,
          epochs: 3,
          optimizer: { type: "adam", lr: 0.02 },
        },
      },
      { split },
    );
    await trainer.train();
  }
  writeFileSync(join(folds, "test_results.csv"), "");
});
afterAll(() => workspace.remove());

function fileIn(folder: string): CalibrationFile {
  return JSON.parse(readFileSync(join(folder, "calibration.json"), "utf8"));
}

/** A folder that a test may change. */
function copyOf(name: string): string {
  const copy = workspace.path("runs", name);
  cpSync(folds, copy, { recursive: true });
  return copy;
}

test("each split by what the others say; the figures are those of the calibrated map", async () => {
  const seen: number[] = [];
  const calibration = Calibration.fromConfig({ training: folds, method: "temperature" });
  const { file, map } = await calibration.run({ onProgress: (done, total) => seen.push(done / total) });
  expect(JSON.parse(JSON.stringify(file))).toEqual(fileIn(folds));
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(1);
  expect(file.models.map(({ snapshot }) => snapshot)).toEqual(
    [1, 2, 3].map((split) => `split_${split}/best.safetensors`),
  );
  // Fitted on other areas each, they differ.
  expect(new Set([file, ...file.models].map(({ calibrator }) => JSON.stringify(calibrator))).size).toBe(4);
  for (const name of ["calibration.csv", "calibration.png"]) expect(existsSync(join(folds, name))).toBe(true);

  const probability = (await readPixels(map?.maps[0]?.outOfFold ?? "")).data;
  const [target, background, missing] = await Promise.all(
    [maps.target, maps.background, maps.missing].map(async (path) => (await readPixels(path ?? "")).data),
  );
  let [pixels, squares] = [0, 0];
  for (const [pixel, said] of probability.entries()) {
    const isKnown = (target?.[pixel] ?? 0) > 0 || (background?.[pixel] ?? 0) > 0;
    if (Number.isNaN(said) || !isKnown || (missing?.[pixel] ?? 0) <= 0) continue;
    pixels++;
    squares += (said - ((target?.[pixel] ?? 0) > 0 ? 1 : 0)) ** 2;
  }
  expect(pixels).toBe(file.fitted_on.pixels);
  // Pixels in one bin count alike, which moves single ones by up to 0.4 %.
  expect(file.held_out.calibrated.brier.value / (squares / pixels)).toBeCloseTo(1, 2);
});

test("segmentation takes it where it lies, also for one of the splits", async () => {
  const snapshot = join(folds, "split_2", "best.safetensors");
  const common = { model_snapshot: snapshot, source: maps.image, threshold: 0.3 };
  const run = (output: string, more: object) =>
    Segmentation.fromConfig({ ...common, output: workspace.path(output), ...more }).run();
  await run("raw", { calibrated: false });
  const result = await run("calibrated", {});
  const [raw, said] = await Promise.all(
    ["raw", "calibrated"].map(async (name) => (await readPixels(workspace.path(name, "probability.fits"))).data),
  );
  const { calibrator } = fileIn(folds);
  let above = 0;
  for (const [pixel, value] of (raw ?? []).entries()) {
    const expected = calibrated(calibrator, value);
    if (expected > 0.3) above++;
    if (Number.isNaN(value)) expect(said?.[pixel]).toBeNaN();
    else expect(Math.abs((said?.[pixel] ?? 0) - expected)).toBeLessThan(1e-6);
  }
  expect(result.kind === "written" && result.counts.filament).toBe(above);
  // What it was made by belongs to the results.
  expect(readFileSync(workspace.path("calibrated", "config.yaml"), "utf8")).toMatch(/# {3}calibration [0-9a-f]{64}\n/);
  expect((await run("calibrated", {})).kind).toBe("reused");
  await expect(run("calibrated", { calibrated: false })).rejects.toThrow("results of another configuration");
});

test("one training: its test set by its validation set", async () => {
  const single = join(copyOf("single"), "split_1");
  const { file, map } = await Calibration.fromConfig({ training: single }).run();
  expect(file.fitted_on.part).toBe("valid");
  expect(file.models).toEqual([expect.objectContaining({ snapshot: "best.safetensors", calibrator: file.calibrator })]);
  expect(map).toBeUndefined();
});

test("what does not fit is refused, and says what to do", async () => {
  const changed = copyOf("changed");
  await Calibration.fromConfig({ training: changed }).run();
  const snapshot = join(changed, "split_1", "best.safetensors");
  const segment = (more: object) =>
    Segmentation.fromConfig({
      model_snapshot: snapshot,
      source: maps.image,
      output: workspace.path("refused"),
      ...more,
    }).run();
  writeFileSync(join(changed, "calibration.json"), "{");
  await expect(segment({})).rejects.toThrow(/calibrated: .*calibration\.json cannot be read: .*run bigsf calibrate/s);
  rmSync(join(changed, "calibration.json"));
  await expect(segment({ calibrated: true })).rejects.toThrow(
    `calibrated: there is no calibration.json for ${snapshot}; bigsf calibrate makes it`,
  );
  const others = readFileSync(join(folds, "calibration.json"), "utf8").replace(/"sha256": "[0-9a-f]/g, '"sha256": "g');
  writeFileSync(join(changed, "calibration.json"), others);
  await expect(segment({})).rejects.toThrow(
    `was made for other models than ${snapshot}; run bigsf calibrate again, or segment with calibrated: false`,
  );
  rmSync(join(changed, "split_2"), { recursive: true });
  const calibrate = (training: string) => Calibration.fromConfig({ training }).run();
  await expect(calibrate(changed)).rejects.toThrow(
    `not all splits in ${changed} are trained; bigsf train-k-fold goes on with them`,
  );
  const empty = workspace.path("empty");
  mkdirSync(empty);
  await expect(calibrate(empty)).rejects.toThrow(`${empty} holds no training: neither best.safetensors nor split_1`);
  expect(() => Calibration.fromConfig({ training: workspace.path("none") })).toThrow("there is no folder");
  const mistakes = { training: workspace.path("none"), method: "none", metod: "temperature" };
  const told = () => Calibration.fromConfig(mistakes);
  for (const each of ["metod", "there is no folder", "method: expected"]) expect(told).toThrow(each);
});

test("the command", async () => {
  const config = workspace.config("calibrate", { training: "runs/folds", method: "isotonic" });
  writeFileSync(config, readFileSync(config, "utf8").replace(/^output:.*\n/, ""));
  const { code, stdout, stderr } = await runBigsf(workspace.folder, "calibrate", "-c", config);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(
    /^isotonic, \d+ steps, fitted on [\d,]+ labelled pixels of \d areas; reported on what it was not fitted on: each model's test set by what the other 2 models say of theirs\.\n\nheld-out pixels +as the models say +95 % +calibrated +95 %\n.*\nexpected calibration error .*\nBrier score .*\nright, of 85 to 95 % sure .*\n\nThe Brier score is .*\nOut of fold, calibrated: Dice [\d.]+, average precision [\d.]+\. Labels cover .*\n\nruns\/folds\/calibration\.json, calibration\.csv, calibration\.png, runs\/folds\/out_of_fold_calibrated\.fits\n$/,
  );
});
