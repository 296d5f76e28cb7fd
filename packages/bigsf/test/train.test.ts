/** `bigsf train`, run as users run it, and what goes on from its snapshots. */

import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Finished, startProgram, temporaryFolderIn } from "@ml-mosaic/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeMaps } from "../src/datasets/map-examples.ts";
import { type RunFiles, TrainingWorkspace } from "./training-workspace.ts";

const workspace = new TrainingWorkspace();
let reference: Finished;

beforeAll(async () => {
  await workspace.prepare();
  reference = await workspace.run("train", "-c", workspace.config("reference", long), "--split", "2");
  expect(reference.code, reference.stderr).toBe(0);
});
afterAll(() => workspace.remove());

/** Long enough to be stopped on the way. */
const long: RunFiles = { trainer: { epochs: 30 } };

function lines(...names: readonly string[]): readonly string[] {
  const rows = workspace
    .text(...names)
    .trim()
    .split("\n");
  const seconds = rows[0]?.split(",").indexOf("seconds") ?? -1;
  expect(seconds).toBeGreaterThan(0);
  return rows.map((row) => row.split(",").toSpliced(seconds, 1).join(","));
}

function results(name: string): Readonly<Record<string, unknown>> {
  return { log: lines("runs", name, "logs_train.csv"), tests: workspace.text("runs", name, "test_results.csv") };
}

test("prints, files; the same command once more trains nothing and tells the same", async () => {
  expect(reference.stderr).toContain(
    "Split 2 of 3; bigsf train-k-fold trains all of them, bigsf train --split another.\n",
  );
  expect(
    reference.stderr.match(
      /^epoch [ \d]\d of 30: train loss [\d.]+, valid loss [\d.]+, dice [\d.]+, average_precision [\d.]+, labelled [\d.]+, unlabelled_found [\d.]+ {2}\([\d.]+ s\)$/gm,
    ),
  ).toHaveLength(30);
  expect(reference.stdout).toMatch(
    /^test set +value\n[- ]+\nloss +[\d.]+\ndice +[\d.]+\naverage_precision +[\d.]+\nlabelled +[\d.]+\nunlabelled_found +[\d.]+\n\nLabels cover [\d.]+ % of the pixels; of the rest, of which nobody knows, [\d.]+ % are called filament\.\n\nbest epoch \d+ of 30: runs\/reference\/best\.safetensors\n$/,
  );
  expect(workspace.files("runs", "reference")).toEqual([
    "best.safetensors",
    "config.yaml",
    "last.safetensors",
    "logs_train.csv",
    "test_results.csv",
  ]);
  const again = await workspace.run("train", "-c", workspace.path("reference.yaml"), "--split", "2");
  expect(again).toMatchObject({ code: 0, stdout: reference.stdout });
  expect(again.stderr).not.toContain("epoch");
});

test("Ctrl-C: exit code 3, and the same command goes on; another split may not", async () => {
  const config = workspace.config("stopped", long);
  const running = workspace.start("train", "-c", config, "--split", "2");
  await running.said("epoch  2 of 30");
  running.signalGroup("SIGINT");
  const stopped = await running.finished;
  expect(stopped.code, stopped.stderr).toBe(3);
  expect(stopped.stderr).toMatch(/Stopped after \d+ epochs; the same command goes on from runs\/stopped\.\n$/);
  const other = await workspace.run("train", "-c", config);
  expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/is of split 1, this run of split 0/) });
  copyFileSync(workspace.path("runs/stopped/last.safetensors"), workspace.path("stopped.safetensors"));
  const last = await workspace.run("train", "-c", config, "--split", "2");
  expect(last.code, last.stderr).toBe(0);
  expect(last.stderr).not.toContain("epoch  1 of 30");
  expect(results("stopped")).toEqual(results("reference"));
});

describe("a snapshot, in a script of one's own", () => {
  // In the repository, where scripts find the packages.
  let scripts: string;
  beforeAll(() => {
    scripts = temporaryFolderIn(import.meta.dirname);
  });

  function script(folder: string, options = ""): Promise<Finished> {
    const path = join(scripts, "go-on.ts");
    writeFileSync(
      path,
      `import "@ml-mosaic/bigsf";
import { Trainer } from "@ml-mosaic/training";
const { test, epochsDone } = await Trainer.fromSnapshot("last.safetensors"${options}).train();
console.log(JSON.stringify([epochsDone, test]));
`,
    );
    return startProgram(process.execPath, ["--disable-warning=ExperimentalWarning", path], { folder }).finished;
  }

  test.each([
    ["where the data lie where they lay", ""],
    ["where the data have moved", "elsewhere.h5"],
  ])(
    "goes on in an empty folder, %s",
    async (name, moved) => {
      const folder = workspace.path(`empty${moved}`);
      mkdirSync(folder);
      copyFileSync(workspace.path("stopped.safetensors"), join(folder, "last.safetensors"));
      const data = workspace.path("data/patches.h5");
      if (moved !== "") renameSync(data, workspace.path(moved));
      try {
        const options =
          moved === "" ? "" : `, { overrides: { data: { path: ${JSON.stringify(workspace.path(moved))} } } }`;
        const { code, stdout, stderr } = await script(folder, options);
        expect(code, stderr).toBe(0);
        const [epochs, tested] = JSON.parse(stdout);
        expect([name, epochs]).toEqual([name, 30]);
        const [header = "", row = ""] = workspace.text("runs/reference/test_results.csv").trim().split("\n");
        const wanted = Object.fromEntries(header.split(",").map((column, at) => [column, row.split(",")[at]]));
        expect(String(tested.loss)).toBe(wanted.test_loss);
        expect(String(tested.metrics.dice)).toBe(wanted.test_dice);
      } finally {
        if (moved !== "") renameSync(workspace.path(moved), data);
      }
      // The epochs after the snapshot, as they were without a stop.
      const log = lines(`empty${moved}`, "logs_train.csv");
      expect(log.length).toBeGreaterThan(5);
      expect(log.slice(1)).toEqual(lines("runs/reference/logs_train.csv").slice(1 - log.length));
      expect(workspace.files(`empty${moved}`)).toContain("config.yaml");
    },
    60_000,
  );
});

describe("what cannot be trained is told before anything begins", () => {
  const train = { model: { type: "unet", features: 4, num_blocks: 2 } };
  const unet = (options: Readonly<Record<string, number>>): RunFiles => ({
    trainer: { ...train, model: { ...train.model, ...options } },
  });

  test.each<[string, RunFiles, string]>([
    ["two maps of logits", unet({ out_channels: 2 }), "a model of one output channel (out_channels: 1)"],
    [
      "two channels",
      unet({ in_channels: 2 }),
      "UNet takes patches [batch, 2, height, width] and got [2, 1, 16, 16]: in_channels is 2",
    ],
    [
      "patches that cannot be halved",
      unet({ num_blocks: 5 }),
      "UNet cannot halve patches of 16 x 16 5 times (num_blocks)",
    ],
    [
      "too few areas",
      { folds: { area_size: 128 } },
      "the patches lie in only 1 area of 128 x 128 pixels; there are 3 folds",
    ],
    ["a missing file", { data: { path: "nowhere.h5" } }, "nowhere.h5; bigsf preprocess -c makes one"],
    ["an empty set", { data: { test: { stride: 1000 } } }, "has no patch left by stride 1000"],
    ["a patch size of another file", { data: { patch_size: 32 } }, "patch_size is 32, but "],
    ["data of another kind", { data: { type: "none" } }, "data.type: expected one of "],
  ])("%s", async (name, files, message) => {
    const run = `wrong ${name}`;
    const { code, stderr, stdout } = await workspace.run("train", "-c", workspace.config(run, files));
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(message)]);
    // Not the stack of a program's fault.
    expect(stderr).not.toMatch(/^ +at /m);
    expect(existsSync(workspace.path("runs", run))).toBe(false);
  });

  test("splits without a filament, all of them at once", async () => {
    const maps = await writeMaps(workspace.folder, {
      height: 64,
      width: 64,
      target: (y, x) => (y < 16 && x === 5 ? 1 : 0),
    });
    const config = workspace.config("no filament", {
      data: { source: { ...maps }, patch_size: 16, stride: 8 },
      folds: { overlap: 0 },
    });
    const { code, stderr } = await workspace.run("train-k-fold", "-c", config);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^\d problems:\n/);
    for (const split of [1, 2, 3])
      expect(stderr).toMatch(new RegExp(`none of the \\d+ patches in the \\w+ set of split ${split} \\(`));
    expect(existsSync(workspace.path("runs", "no filament"))).toBe(false);
  });

  test("everything in a file at once, with its places", async () => {
    const config = workspace.config("many", {
      data: { path: "nowhere.h5" },
      folds: { k: 2 },
      trainer: {
        model: { type: "unett" },
        optimizer: { type: "adam", lr: -1 },
        epochs: 0,
        metrics: [{ type: "dicee" }],
        earlystopping: { patience: 3 },
      },
      more: { imports: ["./nowhere.ts"] },
    });
    const { code, stderr } = await workspace.run("train-k-fold", "-c", config);
    expect(code).toBe(2);
    for (const part of [
      /many\.yaml:\d+:\d+: imports\[0\]: /,
      /data\.path: there is no file /,
      /data\.folds\.k: 2 folds are too few/,
      /trainer\.optimizer\.lr: expected a number above 0, got -1/,
      /trainer\.epochs: expected an integer of at least 1, got 0/,
      /trainer\.earlystopping: .*did you mean "early_stopping"/,
    ])
      expect(stderr).toMatch(part);
  });

  test("a snapshot of another model in the run's folder", async () => {
    const config = workspace.config("changed", { trainer: { epochs: 1 } });
    expect((await workspace.run("train", "-c", config)).code).toBe(0);
    const larger = workspace.config("larger", {
      trainer: { ...train, model: { ...train.model, features: 8 }, epochs: 1 },
    });
    expect((await workspace.run("train", "-c", larger)).code).toBe(0);
    copyFileSync(workspace.path("runs/larger/last.safetensors"), workspace.path("runs/changed/last.safetensors"));
    const { code, stderr } = await workspace.run("train", "-c", config);
    expect(code).toBe(2);
    expect(stderr).toContain("runs/changed/last.safetensors");
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test.each([
    [["--split", "0"], '--split: expected an integer of at least 1, got "0"'],
    [["--split", "two"], '--split: expected an integer of at least 1, got "two"'],
    [["--split", "4"], "--split is 4: the data have 3 splits"],
    [[], "--config"],
  ])("%j", async (args, message) => {
    const config = args.length > 0 ? ["-c", workspace.path("reference.yaml")] : [];
    const { code, stderr } = await workspace.run("train", ...config, ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
