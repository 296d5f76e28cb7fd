/** `bigsf train-k-fold`, run as users run it, undisturbed and disturbed. */
import { cpSync, existsSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { getString, openFits } from "@ml-mosaic/fits";
import { Generator } from "@ml-mosaic/tensor";
import { until } from "@ml-mosaic/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFolderMaps } from "../src/board/folder-maps.ts";
import { TrainingWorkspace } from "./training-workspace.ts";

const workspace = new TrainingWorkspace();
let reference: Awaited<ReturnType<TrainingWorkspace["run"]>>;
const splitFiles = ["best.safetensors", "config.yaml", "last.safetensors", "logs_train.csv", "test_results.csv"];

beforeAll(async () => {
  await workspace.prepare();
  reference = await workspace.run("train-k-fold", "-c", workspace.config("reference"));
  expect(reference.code, reference.stderr).toBe(0);
});
afterAll(() => workspace.remove());

/** What a k-fold run has found out: all but times, and the names of folders. */
function results(name: string): Readonly<Record<string, unknown>> {
  const {
    "out_of_fold.fits": map,
    "test_results.csv": tests,
    "summary.csv": summary,
  } = workspace.contents("runs", name);
  const logs = [1, 2, 3].map((split) =>
    workspace
      .text("runs", name, `split_${split}`, "logs_train.csv")
      .split("\n")
      .map((line) => line.replace(/,[^,]*$/, "")),
  );
  return { map: withoutDate(map ?? ""), tests, summary, logs };
}

/** When a map was made is part of it, and of its checksum. */
function withoutDate(map: string): string {
  const text = Buffer.from(map, "base64").toString("latin1");
  return text.replace(/(DATE {4}=|CHECKSUM=).{71}/g, "$1").slice(0, 1e6);
}

test("prints, files", async () => {
  expect(
    reference.stderr.match(/^split [123] {2}epoch [1-4] of 4: train loss [\d.]+, valid loss [\d.]+, dice /gm),
  ).toHaveLength(12);
  expect(reference.stdout).toMatch(
    /^test set +split 1 +split 2 +split 3 +mean +sd +95 % \(t\) +95 % \(Nadeau-Bengio\)\n[- ]+\nloss +[\d.]+ .*\ndice .*\naverage_precision .*\nlabelled .*\nunlabelled_found .*\n\n/,
  );
  expect(reference.stdout).toMatch(
    /\nOut of fold, [\d,]+ labelled pixels: Dice [\d.]+, IoU [\d.]+, average precision [\d.]+, ROC AUC [\d.]+\nLabels cover [\d.]+ % of the pixels; of the rest, of which nobody knows, [\d.]+ % are called filament\.\n/,
  );
  expect(reference.stdout).toContain(
    "runs/reference/out_of_fold.fits and runs/reference/out_of_fold.png; tables: runs/reference/",
  );
  expect(workspace.files("runs", "reference")).toEqual(
    [
      "config.yaml",
      "out_of_fold.fits",
      "out_of_fold.png",
      ...[1, 2, 3].flatMap((split) => splitFiles.map((name) => `split_${split}/${name}`)),
      "summary.csv",
      "test_results.csv",
    ].sort(),
  );
  const [header, ...rows] = workspace.text("runs/reference/test_results.csv").trim().split("\n");
  expect(header).toBe("split,snapshot,epoch,loss,dice,average_precision,labelled,unlabelled_found");
  expect(rows.map((row) => row.split(",")[0])).toEqual(["1", "2", "3"]);
  // The same figures as in the folders of the splits.
  for (const [split, row] of rows.entries()) {
    const own = workspace.text(`runs/reference/split_${split + 1}/test_results.csv`);
    for (const figure of row.split(",").slice(3)) expect(own).toContain(figure);
  }
  await using file = await openFits(workspace.path("runs/reference/out_of_fold.fits"));
  await using image = await openFits(workspace.path("sample/image.fits"));
  expect(file.image().shape).toEqual([128, 128]);
  for (const keyword of ["CTYPE1", "CTYPE2"])
    expect(getString(file.image().header, keyword)).toBe(getString(image.image().header, keyword));
});

test("the board: folds, what models say with the target's outline, and scores, all as the files have them", async () => {
  const maps = openFolderMaps(workspace.path("runs/reference"));
  const { maps: shown, scores, notes } = await maps.info();
  expect(notes).toEqual([]);
  expect(shown.map(({ title }) => title)).toEqual([
    "Probability of a filament, out of fold",
    "3 folds",
    ...[1, 2, 3].map((split) => `Split ${split} of 3: train, valid, test`),
  ]);
  const planes = await Promise.all(shown.map(({ id }) => maps.plane(id)));
  expect(await maps.plane("nowhere")).toBeUndefined();
  const pixels = async (name: string) => {
    await using file = await openFits(workspace.path(name));
    return (await file.image().as("float64").read()).data;
  };
  const [probability, target] = [await pixels("runs/reference/out_of_fold.fits"), await pixels("sample/target.fits")];
  expect(planes[0]?.values).toEqual(Float32Array.from(probability));
  // Pixels that are in no patch have no target either.
  const outlined = [...(planes[0]?.outline.entries() ?? [])].filter(([, inside]) => inside === 1);
  expect(outlined.length).toBeGreaterThan(0);
  expect(outlined.filter(([pixel]) => target[pixel] !== 1)).toEqual([]);
  expect(planes[1]?.classes.map(({ label }) => label)).toEqual(["fold 1", "fold 2", "fold 3"]);
  // What a model was tested on is in the fold that it was tested by.
  const untested = [...probability.entries()].filter(([pixel, value]) => value >= 0 && planes[1]?.areas[pixel] === 0);
  expect(untested).toEqual([]);
  expect(planes[2]?.classes.map(({ label }) => label.replace(/ .*/, ""))).toEqual(["train", "valid", "test"]);
  const [header = "", ...rows] = workspace.text("runs/reference/test_results.csv").trim().split("\n");
  expect(scores?.figures.map(({ name }) => name)).toEqual(header.split(",").slice(3));
  for (const [split, row] of rows.entries())
    expect(scores?.figures.map(({ values }) => values[split])).toEqual(row.split(",").slice(3).map(Number));
  const [, , mean, , , , low, high] = workspace.text("runs/reference/summary.csv").split("\n")[1]?.split(",") ?? [];
  expect(scores?.figures[0]).toMatchObject({ mean: Number(mean), low: Number(low), high: Number(high) });
  const before = await maps.revision();
  utimesSync(workspace.path("runs/reference/summary.csv"), 1, 1);
  expect(await maps.revision()).not.toBe(before);
  // Another training may come into the folder, and what could not be read once can be read later.
  const [config, whole] = ["runs/reference/config.yaml", workspace.text("runs/reference/config.yaml")];
  writeFileSync(workspace.path(config), `${whole.replaceAll("patches.h5", "nowhere.h5")}\n`);
  expect(await maps.info()).toMatchObject({ maps: [shown[0]], notes: [expect.stringContaining("nowhere.h5")] });
  writeFileSync(workspace.path(config), whole);
  expect(await maps.info()).toMatchObject({ maps: shown, notes: [] });
  await maps.close();
  expect(() => openFolderMaps(workspace.path("sample"))).toThrow(/has no config.yaml/);
});

test("once more: the same, without training; with another number of workers too", async () => {
  const before = results("reference");
  const again = await workspace.run("train-k-fold", "-c", workspace.path("reference.yaml"), "-j", "1");
  expect(again).toMatchObject({ code: 0, stdout: reference.stdout });
  expect(again.stderr).not.toContain("epoch");
  expect(results("reference")).toEqual(before);
});

test("another configuration in the folder: refused before anything is changed, or --overwrite", async () => {
  const name = "taken";
  // As if the reference had been trained there.
  cpSync(workspace.path("runs", "reference"), workspace.path("runs", name), { recursive: true });
  for (const file of workspace.files("runs", name).filter((each) => each.endsWith("config.yaml")))
    writeFileSync(
      workspace.path("runs", name, file),
      workspace.text("runs", name, file).replace("run_name: reference", `run_name: ${name}`),
    );
  const before = workspace.contents("runs", name);
  expect(Object.keys(before)).toContain("split_3/last.safetensors");
  const other = workspace.config("other", { folds: { k: 4, k_train: 2 }, trainer: { run_name: name, epochs: 1 } });
  const refused = await workspace.run("train-k-fold", "-c", other);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(
    `runs/${name} holds a run of another configuration (data.folds.k 3 there, 4 here; data.folds.k_train 0.34 there, 2 here; trainer.epochs 4 there, 1 here)`,
  );
  expect(workspace.contents("runs", name)).toEqual(before);
  const replaced = await workspace.run("train-k-fold", "-c", other, "--overwrite");
  expect(replaced.code, replaced.stderr).toBe(0);
  // Two splits now: nothing is left of the third.
  expect(existsSync(workspace.path("runs", name, "split_3"))).toBe(false);
  expect(workspace.text("runs", name, "config.yaml")).toContain("k: 4");
});

test("a run of bigsf train in the folder stays as it is", async () => {
  const config = workspace.config("single", { trainer: { epochs: 1 } });
  const single = await workspace.run("train", "-c", config);
  expect(single.code, single.stderr).toBe(0);
  const before = workspace.contents("runs", "single");
  const refused = await workspace.run("train-k-fold", "-c", config);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("runs/single holds a run of bigsf train") });
  expect(workspace.contents("runs", "single")).toEqual(before);
  const other = await workspace.run("train", "-c", workspace.path("reference.yaml"));
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("holds the splits of bigsf train-k-fold") });
});

describe("harm", () => {
  test("kill -9 of all its processes, again and again", async () => {
    const config = workspace.config("killed");
    const random = new Generator(Date.now());
    let kills = 0;
    const places = ["split 1  epoch 1", "split 2  epoch 1", "split 3  epoch 1"];
    // One of them each time in the normal suite, which starts processes for minutes anyway.
    const tried = process.env.HARM_KILLS === undefined ? [places[random.integer(0, places.length)] ?? ""] : places;
    for (const place of tried) {
      const running = workspace.start("train-k-fold", "-c", config);
      // A little after the place, in whatever is done then; how far that is, the machine's load decides.
      await Promise.race([running.said(place).catch(() => running.finished), running.finished]);
      await wait(400 * random.uniform(0, 1));
      if (!running.groupLives()) break;
      running.signalGroup("SIGKILL");
      kills++;
      await running.finished;
      await until(() => !running.groupLives(), "its processes to end");
    }
    expect(kills).toBeGreaterThan(0);
    const last = await workspace.run("train-k-fold", "-c", config);
    expect(last.code, last.stderr).toBe(0);
    expect(results("killed")).toEqual(results("reference"));
    expect(workspace.files("runs", "killed")).toEqual(workspace.files("runs", "reference"));
  }, 400_000);

  test("two at once: the second is refused; Ctrl-C: exit code 3, and the same command goes on", async () => {
    const config = workspace.config("stopped");
    const running = workspace.start("train-k-fold", "-c", config, "-j", "2");
    await running.said("split 1  epoch 1");
    // The first one must not be done before the second has looked.
    running.signalGroup("SIGSTOP");
    const { code, stderr } = await workspace.run("train-k-fold", "-c", config);
    running.signalGroup("SIGCONT");
    expect([code, stderr]).toEqual([2, expect.stringMatching(/runs\/stopped is being trained by process \d+ on /)]);
    running.signalGroup("SIGINT");
    const stopped = await running.finished;
    expect(stopped.code, stopped.stderr).toBe(3);
    expect(stopped.stderr).toMatch(/\d of 3 splits done; the same command goes on\.\n$/);
    expect(existsSync(workspace.path("runs/stopped/summary.csv"))).toBe(false);
    const last = await workspace.run("train-k-fold", "-c", config);
    expect(last.code, last.stderr).toBe(0);
    expect(results("stopped")).toEqual(results("reference"));
  });

  test("kill -9 of the command alone: the processes of its splits end by themselves", async () => {
    const config = workspace.config("orphaned", { trainer: { epochs: 400 } });
    const running = workspace.start("train-k-fold", "-c", config, "-j", "1");
    await running.said("split 1  epoch 1");
    process.kill(running.pid, "SIGKILL");
    await until(() => !running.groupLives(), "the process of the split to end", 200);
    const log = workspace.text("runs/orphaned/split_1/logs_train.csv").trim().split("\n");
    expect(log.length).toBeLessThan(400);
    expect(workspace.files("runs", "orphaned", "split_1")).not.toContain("run.lock");
    const again = workspace.start("train-k-fold", "-c", config, "-j", "1");
    // It goes on after the last epoch that is in the log.
    await again.said(`split 1  epoch ${String(log.length).padStart(3)} of 400`);
    again.signalGroup("SIGTERM");
    expect(await again.finished).toMatchObject({ code: 3, stderr: expect.not.stringContaining("epoch   1 of 400") });
  });
});

describe("what cannot be", () => {
  test.each([
    [["-j", "0"], '-j: expected an integer of at least 1, got "0"'],
    [["--workers", "many"], '--workers: expected an integer of at least 1, got "many"'],
    [["--workers", "1.5"], '--workers: expected an integer of at least 1, got "1.5"'],
  ])("%s", async (args, message) => {
    const { code, stderr } = await workspace.run("train-k-fold", "-c", workspace.path("reference.yaml"), ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
