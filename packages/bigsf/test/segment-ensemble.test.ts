/** `bigsf segment` with the models of all splits and in all symmetries, against NumPy on what single models say. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFits } from "@ml-mosaic/fits";
import { Trainer } from "@ml-mosaic/training";
import { afterAll, beforeAll, expect, test } from "vitest";
import { python, skipWithoutAstropy } from "../../fits/test/astropy.ts";
import "../src/components.ts";
import { Calibration } from "../src/calibration/calibration.ts";
import type { MapPaths } from "../src/maps/maps.ts";
import { drawInto, drawShape, movedTo, touchedBox } from "../src/recover/injection.ts";
import { overlaid } from "../src/recover/overlay.ts";
import { gridReprediction } from "../src/recover/predict-grid.ts";
import { Recovery } from "../src/recover/recover.ts";
import type { RunOptions } from "../src/segmentation/run-segmentation.ts";
import { Segmentation } from "../src/segmentation/segmentation.ts";
import { planSegmentation } from "../src/segmentation/segmentation-plan.ts";
import { readPixels, SegmentWorkspace } from "./segment-workspace.ts";
import { runBigsf } from "./start-bigsf.ts";

const workspace = new SegmentWorkspace();
const side = 96;
let maps: MapPaths;
/** A map that no model has seen. */
let other: MapPaths;
/** A training on each of three splits, as bigsf train-k-fold leaves them. */
const folds = workspace.path("runs", "folds");
const snapshots = [1, 2, 3].map((split) => join(folds, `split_${split}`, "best.safetensors"));

beforeAll(async () => {
  maps = await workspace.sample("sample", side, side);
  other = await workspace.sample("other", side, side + 11);
  for (const split of [0, 1, 2]) {
    const trainer = await Trainer.fromConfig(
      {
        data: {
          source: { ...maps },
          patch_size: 16,
          stride: 8,
          folds: { k: 3, k_train: 1, area_size: 32, save_indices: false },
        },
        trainer: {
          output_dir: folds,
          run_name: `split_${split + 1}`,
          model: { type: "unet", features: 4, num_blocks: 1 },
          epochs: 2,
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

function segment(output: string, given: object, options?: RunOptions) {
  const config = { model_snapshot: folds, source: other.image, output: workspace.path(output), ...given };
  return Segmentation.fromConfig(config).run(options);
}

const compare = `
import json, sys
import numpy as np
from astropy.io import fits
voices = np.array([fits.getdata(path) for path in json.loads(sys.argv[2])], dtype=np.float64)
turned = json.loads(sys.argv[3])
if turned:
    # The map was turned before it was shown; what was said is turned back.
    voices = np.array([np.rot90(v[:, ::-1] if m else v, -k) for v, (k, m) in zip(voices, turned)])
found = {name: fits.getdata(f"{sys.argv[1]}/{name}.fits").astype(np.float64) for name in ("probability", "uncertainty", "mask")}
mean, deviation = voices.mean(0), voices.std(0, ddof=1)
same = lambda a, b: float(np.nanmax(np.abs(a - b))) if (np.isnan(a) == np.isnan(b)).all() else 9
print(json.dumps({"mean": same(mean, found["probability"]), "deviation": same(deviation, found["uncertainty"]),
  "mask": int((found["mask"] != (np.nan_to_num(found["probability"]) > 0.5)).sum()), "most": float(np.nanmax(deviation)), "valid": int(np.isfinite(mean).sum())}))
`;

async function expectMeanOf(output: string, parts: readonly string[], turns: readonly unknown[] = []): Promise<void> {
  const paths = parts.map((part) => workspace.path(part, "probability.fits"));
  const found = await python(compare, workspace.path(output), JSON.stringify(paths), JSON.stringify(turns));
  expect(found).toEqual({
    mean: expect.closeTo(0, 6),
    deviation: expect.closeTo(0, 6),
    mask: 0,
    most: expect.any(Number),
    valid: expect.any(Number),
  });
  const { most, valid } = Object(found);
  expect(most).toBeGreaterThan(0.01);
  expect(valid).toBeGreaterThan(5000);
}

test.skipIf(skipWithoutAstropy)("the mean of all splits' models, and how far they differ", async () => {
  const result = await segment("all", {});
  expect(result.kind === "written" && result.files.uncertainty).toBe(workspace.path("all", "uncertainty.fits"));
  for (const [split, snapshot] of snapshots.entries()) await segment(`of-${split}`, { model_snapshot: snapshot });
  expect(existsSync(workspace.path("of-0", "uncertainty.fits"))).toBe(false);
  await expectMeanOf("all", ["of-0", "of-1", "of-2"]);
  expect((await segment("all", {})).kind).toBe("reused");
});

test.skipIf(skipWithoutAstropy)("all symmetries: as if the map had been turned in eight ways", async () => {
  const turns = [0, 1, 2, 3].flatMap((turn) => [0, 1].map((mirrored) => [turn, mirrored] as const));
  await python(
    `
import json, sys
import numpy as np
from astropy.io import fits
for k, m in json.loads(sys.argv[3]):
    for name in ("image", "missing"):
        pixels = np.rot90(fits.getdata(f"{sys.argv[1]}/{name}.fits"), k)
        fits.writeto(f"{sys.argv[2]}/{name}-{k}-{m}.fits", np.ascontiguousarray(pixels[:, ::-1] if m else pixels))
print("{}")`,
    workspace.path("sample"),
    workspace.folder,
    JSON.stringify(turns),
  );
  const plain = { model_snapshot: snapshots[0] };
  const names: string[] = [];
  for (const [turn, mirrored] of turns) {
    const name = `turned-${turn}-${mirrored}`;
    const file = (kind: string) => workspace.path(`${kind}-${turn}-${mirrored}.fits`);
    await segment(name, { ...plain, source: file("image"), missing: file("missing") });
    names.push(name);
  }
  await segment("symmetric", { ...plain, source: maps.image, missing: maps.missing, symmetries: true });
  await expectMeanOf("symmetric", names, turns);
});

test("what was stopped goes on, uncertainties too, and ends in the same bits", async () => {
  const options = { symmetries: true };
  await segment("whole", options);
  for (const share of [0.3, 0.7]) {
    const stop = new AbortController();
    const onProgress = (done: number, total: number) => {
      if (done > share * total) stop.abort(new Error("enough"));
    };
    await expect(segment("stopped", options, { onProgress, signal: stop.signal })).rejects.toThrow("enough");
  }
  expect(readdirSync(workspace.path("stopped")).sort()).toEqual(["unfinished_config.yaml", "unfinished_rows.f32"]);
  let first: number | undefined;
  await segment("stopped", options, {
    onProgress(done, total) {
      first ??= done > 0 ? done / total : undefined;
    },
  });
  expect(first).toBeGreaterThan(0.5);
  for (const name of ["probability.fits", "uncertainty.fits", "mask.fits"])
    expect((await readPixels(workspace.path("stopped", name))).data).toEqual(
      (await readPixels(workspace.path("whole", name))).data,
    );
});

test.skipIf(skipWithoutAstropy)("calibrated: each model by itself, and on its own map what others say", async () => {
  const training = workspace.path("runs", "calibrated");
  cpSync(folds, training, { recursive: true });
  const common = { model_snapshot: training, source: maps.image, missing: maps.missing };
  await expect(segment("own", common)).rejects.toThrow(
    /model_snapshot: its models were trained on .*image\.fits, and there is no .*out_of_fold\.fits .*; bigsf train-k-fold makes it, or give seen: true/,
  );
  await Calibration.fromConfig({ training }).run();
  const notes: string[] = [];
  const onPlan: RunOptions["onPlan"] = (plan) => notes.push(...plan.notes);
  const result = await segment("own", common, { onPlan });
  expect(notes.join()).toMatch(/trained on this map: taken is .*out_of_fold_calibrated\.fits/);
  expect(result.kind === "written" && result.files.uncertainty).toBeUndefined();
  const outOfFold = (await readPixels(join(training, "out_of_fold_calibrated.fits"))).data;
  expect((await readPixels(workspace.path("own", "probability.fits"))).data).toEqual(outOfFold);
  const region = { x: [20, 60], y: [10, 90] };
  await segment("part", { ...common, region });
  const part = (await readPixels(workspace.path("part", "probability.fits"))).data;
  expect(part).toEqual(outOfFold.filter((_, i) => i % side >= 20 && i % side < 60 && i >= 10 * side && i < 90 * side));

  await segment("seen", { ...common, seen: true }, { onPlan });
  expect(notes.at(-1)).toMatch(/each of the 3 models is calibrated, their mean is not once more/);
  for (const split of [1, 2, 3])
    await segment(`seen-${split}`, { ...common, model_snapshot: join(training, `split_${split}`, "best.safetensors") });
  await expectMeanOf("seen", ["seen-1", "seen-2", "seen-3"]);

  // One of the models is another than when it was calibrated.
  cpSync(snapshots[0] ?? "", join(training, "split_2", "best.safetensors"));
  await expect(segment("swapped", { ...common, source: other.image, missing: other.missing })).rejects.toThrow(
    /calibration\.json was made for other models than .*split_2.*; run bigsf calibrate again/,
  );
  rmSync(join(training, "split_3"), { recursive: true });
  rmSync(join(training, "test_results.csv"));
  await expect(segment("fewer", common)).rejects.toThrow(
    /not all splits in .*calibrated are trained; bigsf train-k-fold/,
  );
});

test("a part of the map was trained on: its pixels are others", async () => {
  const training = workspace.path("runs", "part");
  cpSync(folds, training, { recursive: true });
  await using writer = await createFits(join(training, "out_of_fold.fits"));
  await writer.image({ shape: [50, side], data: new Float32Array(50 * side) });
  await writer.close();
  await expect(segment("of-part", { model_snapshot: training, source: maps.image })).rejects.toThrow(
    /its models were trained on a part of .*image\.fits, of 50 x 96 pixels; give seen: true/,
  );
});

test.skipIf(skipWithoutAstropy)("bigsf compare: which training finds more filaments, by areas", async () => {
  const target = (await readPixels(maps.target)).data;
  const folders = ["finds-none", "finds-all", "finds-left"].map((name) => workspace.path("runs", name));
  const found = [() => 0.1, (pixel: number) => ((target[pixel] ?? 0) > 0 ? 0.9 : 0.1)];
  const left = (pixel: number) => (pixel % side < 32 ? (found[1]?.(pixel) ?? 0) : 0.1);
  for (const [place, folder] of folders.entries()) {
    cpSync(folds, folder, { recursive: true });
    await using writer = await createFits(join(folder, "out_of_fold.fits"));
    const data = Float32Array.from({ length: side * side }, (_, pixel) => [...found, left][place]?.(pixel) ?? 0);
    await writer.image({ shape: [side, side], data });
    await writer.close();
  }
  // Filaments of at least five pixels of skeleton in each area of 32 x 32, and how bright they are.
  const counted = await python(
    `
import json, sys
import numpy as np
from astropy.io import fits
from scipy.ndimage import label
from skimage.morphology import skeletonize
image, target, missing, background = [fits.getdata(f"{sys.argv[1]}/{name}.fits") for name in ("image", "target", "missing", "background")]
known = (target + background) * missing > 0
contrasts, areas = [], 0
for y in range(0, 96, 32):
    for x in range(0, 96, 32):
        cut = slice(y, y + 32), slice(x, x + 32)
        truth = (target[cut] > 0) & known[cut]
        line, groups = skeletonize(truth), label(truth, np.ones((3, 3)))[0]
        level = np.sort(image[cut][known[cut] & ~truth & np.isfinite(image[cut])])
        own = [(image[cut][line & (groups == n)], x) for n in range(1, groups.max() + 1)]
        own = [(np.nanmean(values) / (level[len(level) // 2] if len(level) else np.nan), x) for values, x in own if len(values) >= 5]
        contrasts += own
        areas += len(own) > 0
middle = np.nanmedian([value for value, _ in contrasts])
faint = [x for value, x in contrasts if value < middle]
print(json.dumps({"all": len(contrasts), "faint": len(faint), "left": sum(x < 32 for x in faint), "areas": areas}))`,
    workspace.path("sample"),
  );
  const { all, faint, left: faintLeft, areas } = Object(counted);
  const run = async (...given: readonly string[]) => {
    const { code, stdout, stderr } = await runBigsf(workspace.folder, "compare", ...given);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const [none = "", whole = "", half = ""] = folders;
  expect(areas).toBeGreaterThan(5);
  const first = await run(none, whole, "--image", maps.image);
  expect(first).toMatch(new RegExp(`filaments found +${all} +0 +${all} .* b is better\n`));
  expect(first).toMatch(new RegExp(`faint ones +${faint} +0 +${faint} `));
  expect(first).toMatch(/found where none is +0 +0 +0 to 0 +undecided\n/);
  expect(first).toContain(`By ${areas} areas`);
  expect(await run(whole, none)).toMatch(new RegExp(`filaments found +${all} +${all} +0 .* a is better\n`));
  expect(await run(half, whole, "--image", maps.image)).toMatch(
    new RegExp(`faint ones +${faint} +${faintLeft} +${faint} `),
  );
  const wrong = await runBigsf(workspace.folder, "compare", workspace.path("sample"), whole);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/sample holds no training on every split/)]);
});

test("where a filament is put into a map, only patches that see it are predicted again: to the same probabilities", async () => {
  await using resources = new AsyncDisposableStack();
  const given = { model_snapshot: folds, source: other.image, output: workspace.path("injected"), overlap: 11 };
  const [settings] = Segmentation.fromConfig(given).settings();
  if (settings === undefined) throw new Error("there is no map");
  const plan = await planSegmentation(settings, resources);
  const shape = drawShape({ seed: 2, contrast: [1, 2], width: [2, 4], length: [20, 30] }, 1);
  for (const [x, y] of [
    [50, 40],
    [90, 88],
  ] as const) {
    const placed = { ...shape, points: movedTo(shape.points, x, y) };
    const { added } = await drawInto(plan.map, placed, "gaussian");
    expect(Math.max(...added.values)).toBeGreaterThan(0);
    const changed = overlaid(plan.map, [added], (before, value) => before + value);
    const [height, width] = plan.map.shape;
    const source = workspace.path(`injected-${x}.fits`);
    await using writer = await createFits(source);
    await writer.image({ shape: [height, width], data: await changed.section(0, height, 0, width) });
    await writer.close();
    await segment(`whole-${x}`, { source, overlap: 11 });
    const whole = (await readPixels(workspace.path(`whole-${x}`, "probability.fits"))).data;
    const touched = touchedBox(placed.points, "gaussian", plan.map.shape);
    const { box, values } = await gridReprediction(plan, settings).predict(changed, touched);
    await segment("without", { overlap: 11 });
    const without = (await readPixels(workspace.path("without", "probability.fits"))).data;
    for (const [pixel, value] of whole.entries()) {
      const [row, column] = [Math.floor(pixel / width), pixel % width];
      const isInside = row >= box.y0 && row < box.y1 && column >= box.x0 && column < box.x1;
      const said = isInside ? values[(row - box.y0) * (box.x1 - box.x0) + column - box.x0] : without[pixel];
      if (!(Math.abs((said ?? 9) - value) < 1e-5 || Number.isNaN(value)))
        throw new Error(`${row}, ${column}: ${said} is ${value}`);
    }
  }
});

test("bigsf recover: by models that have not seen a place; stopped, it goes on to the same bytes", async () => {
  const training = workspace.path("runs", "recovered");
  cpSync(folds, training, { recursive: true });
  await Calibration.fromConfig({ training }).run();
  const segmentation = workspace.config("unseen", {
    model_snapshot: training,
    source: maps.image,
    missing: maps.missing,
  });
  await Segmentation.fromConfig(segmentation).run();
  const own = { probability: workspace.path("unseen", "probability.fits"), image: maps.image };
  const catalogue = workspace.config("unseen-catalogue", own);
  const common = {
    segmentation,
    catalogue,
    target: maps.target,
    background: maps.background,
    injections: 14,
    crowded: true,
  };
  const given = { ...common, length: [20, 30], width: [2, 4], contrast: [0.5, 3] };
  const run = (output: string, isEnough?: (step: string, done: number) => boolean) => {
    const stop = new AbortController();
    const onProgress = (step: string, done: number) => {
      steps.add(step);
      if (isEnough?.(step, done) === true) stop.abort(new Error("enough"));
    };
    return Recovery.fromConfig({ ...given, output: workspace.path(output) }).run({ signal: stop.signal, onProgress });
  };
  const steps = new Set<string>();
  const whole = await run("recovered");
  expect([...steps]).toEqual(["rows", "filaments", "injections"]);
  expect(whole.kind === "written" && whole.outcomes.length + whole.file.homeless).toBe(14);
  await expect(run("stopped-recovery", (step) => step === "filaments")).rejects.toThrow("enough");
  steps.clear();
  await expect(run("stopped-recovery", (step, done) => step === "injections" && done > 3)).rejects.toThrow("enough");
  // What had been measured is not measured again.
  expect([...steps]).toEqual(["rows", "injections"]);
  expect(readdirSync(workspace.path("stopped-recovery")).sort()).toEqual([
    "unfinished_filaments.jsonl",
    "unfinished_injections.jsonl",
  ]);
  await run("stopped-recovery");
  const bytes = (folder: string, name: string) => readFileSync(workspace.path(folder, name));
  for (const name of ["recovery.json", "recovery.fits", "injections.ecsv", "completeness.ecsv", "recovery.png"])
    expect(bytes("stopped-recovery", name).equals(bytes("recovered", name)), name).toBe(true);
  expect((await run("recovered")).kind).toBe("reused");

  const refused = async (more: object, message: RegExp) =>
    expect(
      Recovery.fromConfig({ ...given, output: workspace.path("refused"), ...more }).run({
        onProgress: (step) => steps.add(step),
      }),
    ).rejects.toThrow(message);
  const alone = {
    model_snapshot: snapshots[0] ?? "",
    source: maps.image,
    missing: maps.missing,
    region: { x: [0, 50], y: [0, 50] },
  };
  await refused(
    {
      segmentation: workspace.config("alone", alone),
      catalogue: workspace.config("imageless", { probability: own.probability }),
    },
    /segmentation\.region: .*whole maps[\s\S]*catalogue\.image: is not given|catalogue\.image: is not given[\s\S]*segmentation\.region: .*whole maps/,
  );
  const { region: _, ...single } = alone;
  await refused(
    { segmentation: workspace.config("single", single) },
    /segmentation\.model_snapshot: .* was trained on .*; give a folder of bigsf train-k-fold/,
  );
  const raw = workspace.config("raw", { model_snapshot: folds, source: other.image });
  await refused({ segmentation: raw }, /catalogue\.image: .* is not what was segmented/);
  const foreign = workspace.config("foreign", { ...own, probability: maps.image });
  await refused({ catalogue: foreign }, /image\.fits is .* at column \d+, row \d+: probabilities are from 0 to 1/);
  steps.clear();
  await refused({ background: maps.target }, /is 1 nowhere off .*: it does not tell what is false; give where/);
  expect([...steps]).toEqual(["rows"]);
});

test("the command says who speaks, and removes an uncertainty that is none's any more", async () => {
  mkdirSync(workspace.path("told"));
  const values = { model_snapshot: "runs/folds", source: other.image, symmetries: true, overwrite: true };
  const run = async (more: object) => {
    const { code, stdout, stderr } = await runBigsf(
      workspace.folder,
      "segment",
      "-c",
      workspace.config("told", { ...values, ...more }),
    );
    expect(code, stderr).toBe(0);
    return { stdout, stderr };
  };
  const all = await run({});
  expect(all.stdout).toMatch(/probability\.fits\ntold\/mask\.fits\ntold\/uncertainty\.fits\ntold\/preview\.png\n/);
  expect(all.stderr).toContain("by 3 models of unet, on patches turned in 8 ways");
  expect(readFileSync(workspace.path("told", "config.yaml"), "utf8")).toMatch(
    /symmetries: true[\s\S]*# {3}model_snapshot\/split_3\/best\.safetensors [0-9a-f]{64}\n/,
  );
  await run({ model_snapshot: snapshots[0] ?? "", symmetries: false });
  expect(readdirSync(workspace.path("told")).sort()).toEqual([
    "config.yaml",
    "mask.fits",
    "preview.png",
    "probability.fits",
  ]);
});
