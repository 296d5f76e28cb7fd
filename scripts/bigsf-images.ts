/**
 * Draws the pictures of docs/bigsf.md and docs/bigsf-catalogue.md anew, with the commands that stand there: `npx node scripts/bigsf-images.ts`. Takes
 * some minutes, most of them for training; with a folder in which the commands were run already as argument, seconds.
 */
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { indexedPng } from "./indexed-png.ts";

const root = resolve(import.meta.dirname, "..");
/** Of the pictures on the page, in pixels. */
const width = 720;

const pictures = {
  overview: "data/overview.png",
  folds: "folds.png",
  preview: "segmented/preview.png",
  "out-of-fold": "results/k_fold/out_of_fold.png",
  calibration: "results/k_fold/calibration.png",
  catalogue: "catalogue/summary.png",
  recovery: "recovery/recovery.png",
} as const;

const given = process.argv[2];
const folder = given === undefined ? await mkdtemp(join(tmpdir(), "bigsf-images-")) : resolve(given);
try {
  if (given === undefined) {
    await cp(join(root, "configs"), join(folder, "configs"), { recursive: true });
    for (const command of [
      "sample",
      "preprocess -c configs/config_preprocess.yaml",
      "folds -c configs/config_kfolds.yaml",
      "train -c configs/training.yaml",
      "segment -c configs/config_segment.yaml",
      "catalogue -c configs/config_catalogue.yaml",
      "train-k-fold -c configs/config_kfolds.yaml",
      "calibrate -c configs/config_calibrate.yaml",
      "segment -c configs/config_segment_unseen.yaml",
      "recover -c configs/config_recover.yaml",
    ])
      bigsf(...command.split(" "));
  }
  const pages = (await readdir(join(folder, "catalogue", "atlas"))).filter((name) => name.endsWith(".png")).sort();
  const page = join("catalogue", "atlas", pages[1] ?? "none.png");
  for (const [name, file] of Object.entries({ ...pictures, filament: page }))
    await writeFile(join(root, "docs", "images", `bigsf-${name}.png`), await smaller(join(folder, file)));
} finally {
  if (given === undefined) await rm(folder, { recursive: true });
}

function bigsf(...args: readonly string[]): void {
  const program = join(root, "packages", "bigsf", "bin", "bigsf.ts");
  execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", program, ...args], {
    cwd: folder,
    stdio: "inherit",
  });
}

/** Scaled to the width of the page, in 256 colours. */
async function smaller(path: string): Promise<Buffer> {
  const image = await loadImage(path);
  const height = Math.round((width * image.height) / image.width);
  const context = createCanvas(width, height).getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  return indexedPng(context.getImageData(0, 0, width, height).data, width, height);
}
