import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createFits, openFits, readCelestialWcs } from "@ml-mosaic/fits";
import { fromArray } from "@ml-mosaic/tensor";
import { expectNear } from "@ml-mosaic/testing";
import { loadSnapshotModel } from "@ml-mosaic/training";
import { afterAll, beforeAll, expect, test } from "vitest";
import { python, skipWithoutAstropy } from "../../fits/test/astropy.ts";
import type { MapPaths } from "../src/maps/maps.ts";
import { Segmentation } from "../src/segmentation/segmentation.ts";
import { readPixels, SegmentWorkspace } from "./segment-workspace.ts";

const workspace = new SegmentWorkspace();
const [height, width, side] = [75, 101, 16] as const;
let maps: MapPaths;
/** Not only what is NaN in the map is missing. */
let missing = "";
let snapshot = "";
let withPositions = "";
let withThreshold = "";

beforeAll(async () => {
  maps = await workspace.sample("sample", height, width);
  missing = workspace.path("missing.fits");
  const trusted = (await readPixels(maps.missing)).data.map((value, i) =>
    i < 20 * width && i % width > 75 ? 0 : value,
  );
  await using writer = await createFits(missing);
  await writer.image({ shape: [height, width], data: trusted });
  await writer.close();
  const unet = { type: "unet", features: 4, num_blocks: 1 };
  snapshot = await workspace.train("plain", maps, { model: unet });
  withThreshold = await workspace.train("threshold", maps, { model: unet, metrics: [{ type: "best_threshold" }] });
  withPositions = await workspace.train("positions", maps, {
    model: { ...unet, type: "unetpp", encoder: { type: "lin", height, width }, encoder_cat_position: "after" },
    data: { train: { toEncode: ["positions"] }, normalization: "log" },
  });
});
afterAll(() => workspace.remove());

/** The plainest way to the same probabilities: all patches at once, summed with their weights and divided. */
async function expectedProbability(
  path: string,
  {
    overlap,
    blend,
    log,
    positions,
  }: { overlap: number; blend: "mean" | "gaussian"; log?: boolean; positions?: boolean },
): Promise<Float64Array> {
  const { model } = await loadSnapshotModel(path);
  const image = (await readPixels(maps.image)).data;
  const trusted = (await readPixels(missing)).data;
  const firsts = (length: number) => {
    const list: number[] = [];
    for (let first = 0; first + side < length; first += side - overlap) list.push(first);
    return [...list, length - side];
  };
  const corners = firsts(height).flatMap((y) => firsts(width).map((x) => [y, x] as const));
  const pixelsOf = ([y0, x0]: readonly [number, number]) =>
    Array.from({ length: side * side }, (_, i) => (y0 + Math.floor(i / side)) * width + x0 + (i % side));
  const valid = (pixel: number) => Number.isFinite(image[pixel]) && trusted[pixel] === 1;
  const predicted = corners.filter((corner) => pixelsOf(corner).some((each) => (image[each] ?? 0) > 0));
  const patches = predicted.flatMap((corner) => {
    const values = pixelsOf(corner).map((each) => image[each] || 0);
    const scale = (value: number) => (log ? Math.log10(value) : value);
    const positive = values.filter((value) => value > 0).map(scale);
    const [low, high] = [Math.min(...positive), Math.max(...positive)];
    return values.map((value) => (value > 0 ? (scale(value) - low) / (high - low) : value));
  });
  const places = predicted.flatMap(([y, x]) => [y, y + side, x, x + side]);
  const inputs = [
    fromArray(Float32Array.from(patches), [predicted.length, 1, side, side]),
    ...(positions ? [fromArray(Float32Array.from(places), [predicted.length, 2, 2])] : []),
  ];
  const output = model.forward(...inputs);
  const logits = await (Array.isArray(output) ? output.at(-1) : output).data();
  const [sums, weights] = [new Float64Array(height * width), new Float64Array(height * width)];
  for (const corner of corners) {
    const patch = predicted.indexOf(corner);
    for (const [i, pixel] of pixelsOf(corner).entries()) {
      const distance = [Math.floor(i / side), i % side].map((at) => (at - (side - 1) / 2) / (side / 8));
      const weight = blend === "mean" ? 1 : Math.exp(-((distance[0] ?? 0) ** 2 + (distance[1] ?? 0) ** 2) / 2);
      const probability = patch < 0 ? 0 : 1 / (1 + Math.exp(-Number(logits[patch * side * side + i])));
      sums[pixel] = (sums[pixel] ?? 0) + weight * probability;
      weights[pixel] = (weights[pixel] ?? 0) + weight;
    }
  }
  return sums.map((sum, pixel) => (valid(pixel) ? sum / (weights[pixel] ?? 0) : Number.NaN));
}

test("the command gives what all patches at once would give, with the map's header", async () => {
  const config = workspace.config("plain", { model_snapshot: snapshot, source: maps.image, missing });
  const { code, stdout, stderr } = await workspace.segment(config);
  expect(stderr).toMatch(/75 rows of 101 pixels, in patches of 16 x 16 that share 8, by unet after epoch 1/);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/probability\.fits\n.*mask\.fits\n.*preview\.png\n/)]);
  expect(readdirSync(workspace.path("plain")).toSorted()).toEqual([
    "config.yaml",
    "mask.fits",
    "preview.png",
    "probability.fits",
  ]);
  const { shape, data } = await readPixels(workspace.path("plain", "probability.fits"));
  expect(shape).toEqual([height, width]);
  const expected = await expectedProbability(snapshot, { overlap: 8, blend: "gaussian" });
  expect(expected.some(Number.isNaN)).toBe(true);
  expect(new Set(expected).size).toBeGreaterThan(1000);
  expectNear(data, expected, { absolute: 1e-5 });
  const mask = await readPixels(workspace.path("plain", "mask.fits"));
  expect(mask.data).toEqual(data.map((value) => (value > 0.5 ? 1 : 0)));
  expect(stdout).toContain(
    `filament ${mask.data
      .reduce((sum, each) => sum + each, 0)
      .toLocaleString("en-US")
      .padStart(14)}`,
  );
  const sky = async (path: string) => {
    await using file = await openFits(path);
    return readCelestialWcs(file.image().header)?.pixelToSky([0, 100, 50], [0, 74, 20]);
  };
  expect(await sky(workspace.path("plain", "mask.fits"))).toEqual(await sky(maps.image));

  // Once more, and from its own configuration, there is nothing to do; with another threshold it is refused.
  for (const again of [config, workspace.path("plain", "config.yaml")]) {
    const { code: ended, stdout: said } = await workspace.segment(again);
    expect([ended, said]).toEqual([0, expect.stringContaining("nothing to do")]);
  }
  const other = workspace.config("plain", { model_snapshot: snapshot, source: maps.image, threshold: 0.25 });
  const refused = await workspace.segment(other);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/threshold: 0\.5[\s\S]*overwrite: true/)]);
  expect((await readPixels(workspace.path("plain", "mask.fits"))).data).toEqual(mask.data);
});

test.each([
  { blend: "mean", overlap: 8 },
  { blend: "mean", overlap: 0 },
  { blend: "gaussian", overlap: 13 },
] as const)("blending by $blend with $overlap shared pixels", async ({ blend, overlap }) => {
  const output = workspace.path(`${blend}-${overlap}`);
  const options = { model_snapshot: snapshot, source: maps.image, missing, output, threads: 2 };
  await Segmentation.fromConfig({ ...options, blend, overlap, batch_size: 7 }).run();
  const { data } = await readPixels(`${output}/probability.fits`);
  expectNear(data, await expectedProbability(snapshot, { overlap, blend }), { absolute: 1e-5 });
});

test("a model with an encoder learns where patches lie, and patches are normalised as in its training", async () => {
  const output = workspace.path("positions");
  const options = { model_snapshot: withPositions, source: maps.image, missing, output };
  await Segmentation.fromConfig(options).run();
  expect(readFileSync(`${output}/config.yaml`, "utf8")).toContain("normalization: log");
  const { data } = await readPixels(`${output}/probability.fits`);
  const asTrained = { overlap: 8, blend: "gaussian", log: true, positions: true } as const;
  expectNear(data, await expectedProbability(withPositions, asTrained), { absolute: 1e-5 });
});

test("packed files, other HDUs and axes of length 1 give the same, in the shape of the source", async () => {
  const image = await readPixels(maps.image);
  const packed = workspace.path("packed.fits.gz");
  writeFileSync(packed, gzipSync(readFileSync(maps.image)));
  const inside = workspace.path("inside.fits");
  {
    await using from = await openFits(maps.image);
    await using writer = await createFits(inside);
    await writer.image({ shape: [5], data: new Float32Array(5) });
    const { header } = from.image();
    await writer.image({ name: "DEEP", shape: [1, height, 1, width], data: Float32Array.from(image.data), header });
    await writer.close();
  }
  const expected = await expectedProbability(snapshot, { overlap: 8, blend: "gaussian" });
  for (const [name, source, shape] of [
    ["packed", packed, [height, width]],
    ["first", inside, [1, height, 1, width]],
    ["named", `${inside}[DEEP]`, [1, height, 1, width]],
  ] as const) {
    const output = workspace.path(name);
    await Segmentation.fromConfig({ model_snapshot: snapshot, source, missing, output }).run();
    const result = await readPixels(`${output}/probability.fits`);
    expect(result.shape).toEqual(shape);
    expectNear(result.data, expected, { absolute: 1e-5 });
  }
});

test("a segmentation that is stopped goes on from the rows that it had, to the same results", async () => {
  const options = { model_snapshot: snapshot, source: maps.image, missing, overlap: 12, batch_size: 5 };
  const [whole, output] = [workspace.path("undisturbed"), workspace.path("disturbed")];
  await Segmentation.fromConfig({ ...options, output: whole }).run();
  let all = 0;
  for (const share of [0.3, 0.7]) {
    const stop = new AbortController();
    const onProgress = (done: number, total: number) => {
      all = total;
      if (done > share * total) stop.abort(new Error("enough"));
    };
    const stopped = Segmentation.fromConfig({ ...options, output }).run({ signal: stop.signal, onProgress });
    await expect(stopped).rejects.toThrow("enough");
    expect(readdirSync(output).sort()).toEqual(["unfinished_config.yaml", "unfinished_rows.f32"]);
  }
  const kept = workspace.path("kept");
  cpSync(output, kept, { recursive: true });
  const told: number[] = [];
  await Segmentation.fromConfig({ ...options, output }).run({ onProgress: (done) => void told.push(done) });
  expect(told[1]).toBeGreaterThan(all / 2);
  expect(readdirSync(output).sort()).toEqual(readdirSync(whole).sort());
  for (const name of ["probability.fits", "mask.fits"])
    expect((await readPixels(join(output, name))).data).toEqual((await readPixels(join(whole, name))).data);
  expect(readFileSync(join(output, "preview.png"))).toEqual(readFileSync(join(whole, "preview.png")));
  // As of a process that could not end when its results were complete.
  cpSync(kept, output, { recursive: true });
  await Segmentation.fromConfig({ ...options, output }).run();
  expect(readdirSync(output).sort()).toEqual(readdirSync(whole).sort());
});

test("the threshold that validation found best", async () => {
  const output = workspace.path("validated");
  const options = { model_snapshot: withThreshold, source: maps.image, missing, output, threshold: "validation" };
  await Segmentation.fromConfig(options).run();
  const [, written = ""] = /threshold: ([\d.]+)/.exec(readFileSync(join(output, "config.yaml"), "utf8")) ?? [];
  expect(Number(written)).toBeGreaterThan(0);
  const probability = (await readPixels(join(output, "probability.fits"))).data;
  const mask = (await readPixels(join(output, "mask.fits"))).data;
  expect(mask).toEqual(probability.map((value) => (value > Number(written) ? 1 : 0)));
  const without = Segmentation.fromConfig({ ...options, model_snapshot: snapshot, output: workspace.path("never") });
  await expect(without.run()).rejects.toThrow(/threshold: .* does not say which one was best in validation/);
});

test("rows of another configuration are not gone on from", async () => {
  const output = workspace.path("changed");
  const options = { model_snapshot: snapshot, source: maps.image, missing, output };
  const stop = new AbortController();
  const onProgress = (done: number, total: number) => {
    if (done > 0.6 * total) stop.abort(new Error("enough"));
  };
  await expect(
    Segmentation.fromConfig({ ...options, blend: "mean" }).run({ signal: stop.signal, onProgress }),
  ).rejects.toThrow("enough");
  await Segmentation.fromConfig(options).run();
  const expected = await expectedProbability(snapshot, { overlap: 8, blend: "gaussian" });
  expectNear((await readPixels(`${output}/probability.fits`)).data, expected, { absolute: 1e-5 });
});

test("a map smaller than a patch is segmented as one that is filled up without data", async () => {
  const small = await workspace.sample("small", 11, 60);
  await using from = await openFits(small.image);
  const { header } = from.image();
  const { data } = await from.image().as("float32").read();
  const filled = workspace.path("filled.fits");
  {
    await using writer = await createFits(filled);
    const pixels = new Float32Array(16 * 60).fill(Number.NaN);
    pixels.set(data);
    await writer.image({ shape: [16, 60], data: pixels, header });
    await writer.close();
  }
  const segmented = async (name: string, source: string) => {
    await Segmentation.fromConfig({ model_snapshot: snapshot, source, output: workspace.path(name) }).run();
    return readPixels(workspace.path(name, "probability.fits"));
  };
  const [as, larger] = [await segmented("as-it-is", small.image), await segmented("filled", filled)];
  expect(as.shape).toEqual([11, 60]);
  expect(as.data).toEqual(larger.data.slice(0, 11 * 60));
  expect(as.data.some((value) => value > 0)).toBe(true);
});

test("a segmentation that is stopped says how to go on", async () => {
  // There are 600,000 patches: it cannot end before.
  const large = await workspace.sample("large", 700, 900);
  const config = workspace.config("stopped", { model_snapshot: snapshot, source: large.image, overlap: 15 });
  const { code, stderr } = await workspace.segment(config, "SIGINT");
  expect([code, stderr]).toEqual([3, expect.stringContaining("Stopped; the same command goes on.")]);
  expect(readdirSync(workspace.path("stopped")).sort()).toEqual(["unfinished_config.yaml", "unfinished_rows.f32"]);
});

test.skipIf(skipWithoutAstropy)("astropy reads coordinates and pixels, and finds no fault", async () => {
  const output = workspace.path("astropy");
  await Segmentation.fromConfig({ model_snapshot: snapshot, source: maps.image, output }).run();
  const script = `
import json, sys, warnings
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
warnings.simplefilter("error", fits.verify.VerifyWarning)
def read(path):
    with fits.open(path, checksum=True) as file:
        file.verify("exception")
        header = file[0].header
        sky = [v.tolist() for v in WCS(header).pixel_to_world_values([0, 100, 50], [0, 74, 20])]
        return {"sky": sky, "unit": header.get("BUNIT"), "object": header["OBJECT"], "nan": int(np.isnan(file[0].data).sum()), "type": file[0].data.dtype.name}
print(json.dumps([read(path) for path in sys.argv[1:]]))
`;
  const read = await python(script, maps.image, `${output}/probability.fits`, `${output}/mask.fits`);
  const { data } = await readPixels(maps.image);
  const nan = data.filter(Number.isNaN).length;
  const [source]: { sky: unknown }[] = Object(read);
  expect(read).toEqual([
    { sky: source?.sky, unit: "cm-2", object: "synthetic map", nan, type: "float32" },
    { sky: source?.sky, unit: "", object: "synthetic map", nan, type: "float32" },
    { sky: source?.sky, unit: "", object: "synthetic map", nan: 0, type: "uint8" },
  ]);
});

test("a map is normalised as in training: over itself, or by the range of the training's maps", async () => {
  await using from = await openFits(maps.image);
  const { data, shape } = await from.image().as("float32").read();
  const twice = workspace.path("twice.fits");
  {
    await using writer = await createFits(twice);
    await writer.image({ shape, data: data.map((value) => 2 * value) });
    await writer.close();
  }
  const segmented = async (model: string, source: string, name: string) => {
    await Segmentation.fromConfig({ model_snapshot: model, source, output: workspace.path(name) }).run();
    return (await readPixels(workspace.path(name, "probability.fits"))).data;
  };
  const outcomes = [];
  for (const over of ["map", "all"]) {
    const model = await workspace.train(`over-${over}`, maps, {
      model: { type: "unet", features: 2, num_blocks: 1 },
      data: { normalization_over: over },
    });
    const [as, doubled] = [
      await segmented(model, maps.image, `as-${over}`),
      await segmented(model, twice, `twice-${over}`),
    ];
    outcomes.push(as.every((value, pixel) => Object.is(value, doubled[pixel])));
  }
  expect(outcomes).toEqual([true, false]);
});
