/**
 * Whether completeness and purity that `bigsf recover` states are matched by the truth, which `bigsf sample` knows: trains on every
 * split of a map, and compares. Purity by labels of all filaments, and by labels that every third one lacks.
 * `node bench/recover.ts FOLDER` keeps what it makes in a folder, and goes on from what is there; some twenty minutes of one core,
 * most of them for training.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathExists } from "@ml-mosaic/base";
import { createFits, openFits } from "@ml-mosaic/fits";
import { shareInterval } from "@ml-mosaic/statistics";
import "../packages/bigsf/src/components.ts";
import { Calibration } from "../packages/bigsf/src/calibration/calibration.ts";
import { findFilaments, spineOfFound } from "../packages/bigsf/src/catalogue/find-filaments.ts";
import { planCrossValidation } from "../packages/bigsf/src/cross-validation/cross-validate.ts";
import { openPlane } from "../packages/bigsf/src/maps/plane.ts";
import { type Completeness, completenessAt } from "../packages/bigsf/src/recover/completeness.ts";
import { type Ground, ground } from "../packages/bigsf/src/recover/ground.ts";
import { coveredShare, SpineIndex, toleranceOf } from "../packages/bigsf/src/recover/match.ts";
import { judge } from "../packages/bigsf/src/recover/purity.ts";
import { Recovery } from "../packages/bigsf/src/recover/recover.ts";
import type { RecoveryFile } from "../packages/bigsf/src/recover/recovery-file.ts";
import type { RecoveryFiles } from "../packages/bigsf/src/recover/run-recovery.ts";
import { fwhmOfSigma } from "../packages/bigsf/src/sample/filaments.ts";
import { type TrueFilament, trueFilaments } from "../packages/bigsf/src/sample/sample-truth.ts";
import { writeSample } from "../packages/bigsf/src/sample/write-sample.ts";
import { Segmentation } from "../packages/bigsf/src/segmentation/segmentation.ts";

const map = { height: 512, width: 512, seed: 5 } as const;
const folder = resolve(process.argv[2] ?? (await mkdtemp(join(tmpdir(), "bigsf-recover-"))));
const at = (...names: readonly string[]) => join(folder, ...names);
const file = (name: string, text: string) => {
  if (!pathExists(at(name))) writeFileSync(at(name), text);
  return at(name);
};

if (!pathExists(at("sample"))) await writeSample({ ...map, folder: at("sample") });
const training = file(
  "kfold.yaml",
  `data:
  source: { image: sample/image.fits, target: sample/target.fits, missing: sample/missing.fits, background: sample/background.fits }
  patch_size: 32
  stride: 16
  folds: { k: 4, k_train: 0.5, area_size: 64, save_indices: false }
  train: { use_all_patches: false, data_augmentations: [{ type: random_rotation }, { type: random_horizontal_flip }] }
trainer:
  output_dir: results
  run_name: kfold
  model: { type: unet, features: 8, num_blocks: 2 }
  optimizer: { type: adam, lr: 0.003 }
  loss: { type: bce_dice }
  epochs: 14
`,
);
if (!pathExists(at("results", "kfold", "calibration.json"))) {
  const validation = await planCrossValidation(training);
  const pause = new AbortController().signal;
  const ignore = () => undefined;
  const events = { onStart: ignore, onProgress: ignore, onEpoch: ignore, onWarning: ignore, onEnd: ignore };
  await validation.run({ workers: 1, existing: "resume", pause, events, onPredicted: ignore });
  await Calibration.fromConfig({ training: at("results", "kfold") }).run();
}
const segment =
  "model_snapshot: results/kfold\nsource: sample/image.fits\nmissing: sample/missing.fits\noutput: segmented\n";
await Segmentation.fromConfig(file("segment.yaml", segment)).run();
file(
  "catalogue.yaml",
  "probability: segmented/probability.fits\nimage: sample/image.fits\noutput: catalogue\natlas: 0\n",
);

const all = [...trueFilaments(map)];
const lacking = at("target-lacking.fits");
if (!pathExists(lacking)) {
  const labelled = labelsOf(all.filter((_, i) => i % 3 !== 0));
  await using whole = await openFits(at("sample", "target.fits"));
  await using writer = await createFits(lacking);
  await writer.image({ shape: [map.height, map.width], data: labelled, header: whole.image().header });
  await writer.close();
}

for (const { name, output, ...given } of [
  { name: "off known filaments", output: "recovery", target: at("sample", "target.fits"), injections: 300 },
  { name: "anywhere", output: "recovery-crowded", target: at("sample", "target.fits"), injections: 300, crowded: true },
  { name: "labels lack every third filament", output: "recovery-lacking", target: lacking, injections: 10 },
]) {
  const cpu = process.cpuUsage();
  const { files } = await Recovery.fromConfig({
    segmentation: at("segment.yaml"),
    catalogue: at("catalogue.yaml"),
    background: at("sample", "background.fits"),
    length: [30, 70],
    output: at(output),
    ...given,
  }).run();
  const seconds = process.cpuUsage(cpu).user / 1e6;
  console.log(`\n${name}: ${seconds.toFixed(0)} s of processor time`);
  await compare(files, given.injections > 10);
}

/** 1 within the half width at half maximum of a spine. */
function labelsOf(filaments: readonly TrueFilament[]): Uint8Array {
  const labels = new Uint8Array(map.height * map.width);
  for (const { points } of filaments)
    for (const { x, y, sigma } of points) {
      const reach = (sigma * fwhmOfSigma) / 2;
      for (let v = Math.max(0, Math.ceil(y - reach)); v <= Math.min(map.height - 1, y + reach); v++)
        for (let u = Math.max(0, Math.ceil(x - reach)); u <= Math.min(map.width - 1, x + reach); u++)
          if (Math.hypot(u - x, v - y) <= reach) labels[v * map.width + u] = 1;
    }
  return labels;
}

async function compare(files: RecoveryFiles, isCompletenessCompared: boolean): Promise<void> {
  const stated: RecoveryFile = JSON.parse(await readFile(files.file, "utf8"));
  const plane = await openPlane(at("segmented", "probability.fits"));
  const found = await findFilaments(plane, { low: 0.3, high: 0.5, spur: 1, mostTurn: 45, leastLength: 10 });
  const values = await plane.section(0, map.height, 0, map.width);
  await plane.close();
  const spines = found.filaments.map((each) => spineOfFound(each).points);
  const index = new SpineIndex();
  for (const points of spines) index.add(points);
  const isUsable = ({ points }: TrueFilament) =>
    points.filter(({ x, y }) => Number.isFinite(values[Math.round(y) * map.width + Math.round(x)])).length >=
    0.95 * points.length;
  const long = all.filter((each) => each.length >= 30 && isUsable(each));
  const alone = long.filter((each) => {
    const others = new SpineIndex();
    for (const other of all) if (other !== each) others.add(other.points);
    return coveredShare(each.points, others, 1.5 * each.width) < 0.25;
  });
  for (const [name, those] of [
    ["all", long],
    ["alone", alone],
  ] as const)
    if (isCompletenessCompared) printCompleteness(name, those, index, stated.completeness);

  const { purity } = stated;
  if (purity === undefined) throw new Error("no purity is stated");
  const flags = labelsOf(all).map((label) => (label === 1 ? ground.target : 0));
  const truth: Ground = { height: map.height, width: map.width, flags, usable: 0, free: 0, looked: 0 };
  const isTrue = spines.map((points) => judge(points, truth) === "filament");
  const share = isTrue.filter(Boolean).length / isTrue.length;
  const { value, low, high } = purity.purity;
  console.log(
    `purity: stated ${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)}), true ${share.toFixed(3)} of ${isTrue.length}`,
  );
  await using tables = await openFits(files.fits);
  const table = tables.table("PURITY");
  const columns = new Map<string, readonly number[]>();
  for await (const block of table.rows())
    columns.set("filament_probability", Array.from(block.columns.get("filament_probability")?.data ?? [], Number));
  const chances = columns.get("filament_probability") ?? [];
  for (const [from, to] of [
    [0, 0.5],
    [0.5, 0.9],
    [0.9, 1.01],
  ] as const) {
    const inside = chances.flatMap((said, i) =>
      said >= from && said < to ? [{ said, isTrue: isTrue[i] === true }] : [],
    );
    if (inside.length === 0) continue;
    const hits = inside.filter((each) => each.isTrue).length;
    const mean = inside.reduce((sum, { said }) => sum + said, 0) / inside.length;
    const { low: least, high: most } = shareInterval(hits, inside.length);
    console.log(
      `  said ${mean.toFixed(2)}: ${hits} of ${inside.length} are filaments, ${(hits / inside.length).toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`,
    );
  }
}

function printCompleteness(
  name: string,
  those: readonly TrueFilament[],
  index: SpineIndex,
  stated: Completeness,
): void {
  const sorted = those.toSorted((a, b) => a.contrast - b.contrast);
  const bins = 4;
  console.log(`completeness, true filaments of 30 pixels and more: ${name}, ${those.length}`);
  for (let bin = 0; bin < bins; bin++) {
    const inside = sorted.slice(
      Math.round((bin * sorted.length) / bins),
      Math.round(((bin + 1) * sorted.length) / bins),
    );
    const hits = inside.filter(({ points, width }) => coveredShare(points, index, toleranceOf(width)) >= 0.5).length;
    const said = inside.map(({ contrast, width }) => completenessAt(stated, contrast, width));
    const mean = (of: (chance: (typeof said)[number]) => number) =>
      said.reduce((sum, each) => sum + of(each), 0) / said.length;
    const { low, high } = shareInterval(hits, inside.length);
    console.log(
      `  contrast ${inside[0]?.contrast.toFixed(2)} to ${inside.at(-1)?.contrast.toFixed(2)}: stated ${mean((each) => each.value).toFixed(2)} (${mean((each) => each.low).toFixed(2)} to ${mean((each) => each.high).toFixed(2)}), true ${hits} of ${inside.length}, ${(hits / inside.length).toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
    );
  }
}
