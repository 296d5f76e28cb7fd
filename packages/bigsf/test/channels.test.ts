/** Several maps of one sky as channels: cut, trained on, calibrated and segmented, against NumPy and the model itself. */
import { join } from "node:path";
import { createFits, emptyHeader, openFits, setCard } from "@ml-mosaic/fits";
import { fromArray, Tensor } from "@ml-mosaic/tensor";
import { loadSnapshotModel, Trainer } from "@ml-mosaic/training";
import { afterAll, beforeAll, expect, test } from "vitest";
import { python, skipWithoutAstropy } from "../../fits/test/astropy.ts";
import "../src/components.ts";
import { Calibration } from "../src/calibration/calibration.ts";
import { PixelMover } from "../src/datasets/augmentations/move-pixels.ts";
import type { MapPaths } from "../src/maps/maps.ts";
import { openFitsPatches } from "../src/patches/fits-patches.ts";
import { openPatchFile } from "../src/patches/h5-patches.ts";
import { Preprocessing } from "../src/patches/preprocessing.ts";
import { Segmentation } from "../src/segmentation/segmentation.ts";
import { patchesOf } from "./patches-of.ts";
import { readPixels, SegmentWorkspace } from "./segment-workspace.ts";
import { runBigsf } from "./start-bigsf.ts";

const workspace = new SegmentWorkspace();
const side = 96;
let maps: MapPaths;
/** Another map of the same sky, of which some pixels are not known. */
let temperature = "";
let snapshot = "";

async function writeMap(
  name: string,
  shape: readonly [number, number],
  pixel: (index: number) => number,
  like?: string,
) {
  const path = workspace.path(name);
  await using source = like === undefined ? undefined : await openFits(like);
  await using writer = await createFits(path);
  const data = Float32Array.from({ length: shape[0] * shape[1] }, (_, index) => pixel(index));
  await writer.image({ shape, data, header: source?.image().header ?? emptyHeader });
  await writer.close();
  return path;
}

beforeAll(async () => {
  maps = await workspace.sample("sample", side, side);
  const image = (await readPixels(maps.image)).data;
  const pixel = (index: number) =>
    index % 97 === 5 ? Number.NaN : 30 - 5 * Math.log10(1 + (image[index] || 0) / 1e21) + (index % 7);
  temperature = await writeMap("temperature.fits", [side, side], pixel, maps.image);
  const trainer = await Trainer.fromConfig({
    data: {
      source: { ...maps, channels: [temperature] },
      patch_size: 16,
      stride: 8,
      folds: { k: 3, k_train: 1, area_size: 32, save_indices: false },
      train: { data_augmentations: [{ type: "random_rotation" }, { type: "noise" }] },
    },
    trainer: {
      output_dir: workspace.path("runs"),
      run_name: "two",
      model: { type: "unet", in_channels: 2, features: 4, num_blocks: 1 },
      epochs: 1,
      optimizer: { type: "adam", lr: 0.02 },
    },
  });
  await trainer.train();
  snapshot = workspace.path("runs", "two", "best.safetensors");
});
afterAll(() => workspace.remove());

test.skipIf(skipWithoutAstropy)("patches.h5 has each channel normalised by itself, as NumPy cuts it", async () => {
  const rules = { patch_size: 16, stride: 8, normalization: "log" } as const;
  const output = workspace.path("data");
  await Preprocessing.fromConfig({ ...maps, channels: [temperature], output, ...rules }).run();
  const found = await python(
    `
import json, sys
import h5py, numpy as np
from astropy.io import fits
channels = [np.nan_to_num(fits.getdata(path).astype(np.float64)) for path in sys.argv[2:]]
def cut(image, y, x):
    patch = image[y : y + 16, x : x + 16].copy()
    on = patch > 0
    if on.any():
        logs = np.log10(patch[on])
        patch[on] = (logs - logs.min()) / (logs.max() - logs.min() or 1)
    return patch
with h5py.File(sys.argv[1]) as file:
    corners = file["positions"][:, :, 0, 0]
    wanted = np.array([[cut(image, y, x) for image in channels] for y, x in corners]).transpose(0, 2, 3, 1)
    print(json.dumps({"shape": list(file["patches"].shape), "off": float(np.abs(file["patches"][:] - wanted).max())}))`,
    join(output, "patches.h5"),
    maps.image,
    temperature,
  );
  const source = await openFitsPatches({
    maps: [{ ...maps, channels: [temperature] }],
    patchSize: 16,
    stride: 8,
    normalization: "log",
  });
  expect(found).toEqual({ shape: [source.length, 16, 16, 2], off: expect.closeTo(0, 6) });
  const file = await openPatchFile(join(output, "patches.h5"));
  expect([source.channels, file.channels]).toEqual([2, 2]);
  expect(file.digest).toBe(source.digest);
  expect(await patchesOf(file)).toEqual(await patchesOf(source));
  await file.close();
  await source.close();
  expect((await Preprocessing.fromConfig({ ...maps, channels: [temperature], output, ...rules }).run()).kind).toBe(
    "reused",
  );
  await expect(Preprocessing.fromConfig({ ...maps, output, ...rules }).run()).rejects.toThrow("another channels");
});

test("a segmentation is what the model says of both channels", async () => {
  // One patch alone.
  const [image, other] = await Promise.all(
    [maps.image, temperature].map(async (path) => (await readPixels(path)).data),
  );
  const cut = (index: number) => (40 + Math.floor(index / 16)) * side + 8 + (index % 16);
  const otherAt = (index: number) => (index === 7 ? Number.NaN : (other?.[cut(index)] ?? Number.NaN));
  const source = await writeMap("one.fits", [16, 16], (index) => image?.[cut(index)] ?? 0);
  const channel = await writeMap("one-more.fits", [16, 16], (index) => otherAt(index));
  const common = { model_snapshot: snapshot, source, output: workspace.path("one") };
  await Segmentation.fromConfig({ ...common, channels: [channel] }).run();
  const imageAt = (index: number) => image?.[cut(index)] ?? Number.NaN;
  const normalised = [imageAt, otherAt].flatMap((valueAt) => {
    const values = Array.from({ length: 256 }, (_, index) => valueAt(index) || 0);
    const positive = values.filter((value) => value > 0);
    const [low, high] = [Math.min(...positive), Math.max(...positive)];
    return values.map((value) => (value > 0 ? (value - low) / (high - low) : value));
  });
  const { model } = await loadSnapshotModel(snapshot);
  model.eval();
  const said = model.forward(fromArray(Float32Array.from(normalised), [1, 2, 16, 16]));
  if (!(said instanceof Tensor)) throw new Error("it says one thing");
  const logits = Array.from(await said.data(), Number);
  const found = (await readPixels(workspace.path("one", "probability.fits"))).data;
  let unknown = 0;
  for (const [pixel, logit] of logits.entries()) {
    if (Number.isNaN(found[pixel])) unknown++;
    else expect(Math.abs((found[pixel] ?? 0) - 1 / (1 + Math.exp(-logit)))).toBeLessThan(1e-6);
  }
  const isUnknown = (index: number) => Number.isNaN(imageAt(index)) || Number.isNaN(otherAt(index));
  expect(unknown).toBe(logits.filter((_, index) => isUnknown(index)).length);
  expect(unknown).toBeGreaterThan(0);
  await expect(Segmentation.fromConfig(common).run()).rejects.toThrow(
    /takes 2 channels \(in_channels\); a map has 1: give the others as channels/,
  );
});

test("a whole map, of which the second channel is not on the pixels", async () => {
  const { calibrator } = (await Calibration.fromConfig({ training: workspace.path("runs", "two") }).run()).file;
  expect(calibrator.method).toBe("isotonic");
  const config = { model_snapshot: snapshot, source: maps.image, missing: maps.missing };
  const run = (output: string, channel: string, more: object = {}) =>
    Segmentation.fromConfig({ ...config, ...more, channels: [channel], output: workspace.path(output) }).run();
  const result = await run("whole", temperature);
  expect(result.kind === "written" && result.counts.valid).toBeLessThan(side * side - 90);
  await using file = await openFits(temperature);
  const { header } = file.image();
  const moved = workspace.path("moved.fits");
  await using writer = await createFits(moved);
  const at = header.cards.find(({ keyword }) => keyword === "CRPIX1")?.value;
  await writer.image({
    shape: [side, side],
    data: new Float32Array(side * side),
    header: setCard(header, "CRPIX1", Number(at) + 3),
  });
  await writer.close();
  const differs =
    /moved\.fits does not lie on the image .*image\.fits: the pixel in row .* 3\.0 pixels apart; bigsf reproject .*moved\.fits --onto .*image\.fits brings it there/;
  await expect(run("moved", moved)).rejects.toThrow(differs);
  await expect(run("moved", moved, { coordinates: "resample" })).rejects.toThrow(differs);
  expect((await run("moved", moved, { coordinates: "ignore" })).kind).toBe("written");
  const back = workspace.path("back.fits");
  const command = ["reproject", moved, "--onto", maps.image, "--method", "bilinear", "-o", back];
  const { code, stdout, stderr } = await runBigsf(workspace.folder, ...command);
  expect(code, stderr).toBe(0);
  // It lies three pixels beside the image.
  expect(stdout).toMatch(/back\.fits\n {2}known {2}8,928 {2}96\.9 % of 9,216 pixels\n/);
  expect((await run("back", back)).kind).toBe("written");
  const opening = (channels: readonly string[]) =>
    openFitsPatches({ maps: [{ ...maps, channels }], patchSize: 16, stride: 8, normalization: "none" });
  await expect(opening([moved])).rejects.toThrow(/channels\[0\]: .* 3\.0 pixels apart; bigsf reproject/);
  await expect(opening([workspace.path("none.fits")])).rejects.toThrow(/channels\[0\]: .*none\.fits/);
});

test("what does not go together", async () => {
  const train = (model: object, more: object = {}) =>
    Trainer.fromConfig({
      data: {
        source: { ...maps, channels: [temperature] },
        patch_size: 16,
        stride: 8,
        folds: { k: 3, k_train: 1, area_size: 32, save_indices: false },
        ...more,
      },
      trainer: {
        output_dir: workspace.path("runs"),
        run_name: "wrong",
        model: { type: "unet", features: 2, num_blocks: 1, ...model },
        epochs: 1,
      },
    }).then((trainer) => trainer.train());
  await expect(train({})).rejects.toThrow(/in_channels is 1.*patches have 2 channels/);
  await expect(train({ in_channels: 2 }, { normalization_over: "map" })).rejects.toThrow(
    /normalization_over: map is of one image/,
  );
  const options = { patchSize: 16, stride: 8, normalization: "none" } as const;
  const two = [
    { ...maps, name: "a", channels: [temperature] },
    { ...maps, name: "b" },
  ];
  await expect(openFitsPatches({ maps: two, ...options })).rejects.toThrow(
    /maps differ in their channels: .*image\.fits and 1 more and .*image\.fits and 0 more/,
  );
});

test("what moves pixels moves those of all channels", () => {
  const patch = Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40);
  const [spine, labelled] = [Float32Array.of(5, 6, 7, 8), Float32Array.of(0, 1, 0, 1)];
  new PixelMover((row, column, size) => row * size + size - 1 - column).move({ size: 2, patch, spine, labelled });
  expect([patch, spine, labelled].map((layer) => [...layer])).toEqual([
    [2, 1, 4, 3, 20, 10, 40, 30],
    [6, 5, 8, 7],
    [1, 0, 1, 0],
  ]);
});
