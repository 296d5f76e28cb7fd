/** What is wrong with a segmentation is said before time is spent, all at once, with its place in the file. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import type { ConfigObject } from "@ml-mosaic/configurable";
import { createFits, getNumber, openFits, setCard } from "@ml-mosaic/fits";
import { Generator, nn, readSafetensors, type StateDict, writeSafetensors } from "@ml-mosaic/tensor";
import { BaseModel } from "@ml-mosaic/training";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MapPaths } from "../src/maps/maps.ts";
import { Segmentation } from "../src/segmentation/segmentation.ts";
import { SegmentWorkspace } from "./segment-workspace.ts";

const workspace = new SegmentWorkspace();
let maps: MapPaths;
let snapshot = "";

beforeAll(async () => {
  maps = await workspace.sample("sample", 75, 101);
  snapshot = await workspace.train("run", maps, { model: { type: "unet", features: 2, num_blocks: 2 } });
  await using writer = await createFits(workspace.path("turned.fits"));
  await writer.image({ shape: [101, 75], data: new Uint8Array(101 * 75).fill(1) });
  await writer.image({ name: "CUBE", shape: [2, 20, 20], data: new Float32Array(800) });
  await writer.close();
  writeFileSync(workspace.path("page.fits"), "<html>".padEnd(3000));
  await new nn.Linear(2, 3).initialize(new Generator(0)).saveModel(workspace.path("weights"));
});
afterAll(() => workspace.remove());

/** The snapshot with something else in its header or among its values. */
async function changed(
  name: string,
  metadata: Readonly<Record<string, string>>,
  change: (tensors: StateDict) => StateDict = (tensors) => tensors,
): Promise<string> {
  const file = await readSafetensors(snapshot);
  const path = workspace.path(`${name}.safetensors`);
  await writeSafetensors(path, change(file.tensors), { ...file.metadata, ...metadata });
  return path;
}

async function messageOf(values: ConfigObject): Promise<string> {
  const output = workspace.path("never");
  const config = { model_snapshot: snapshot, source: maps.image, output, ...values };
  const error = await Promise.resolve()
    .then(() => Segmentation.fromConfig(config).run())
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  if (!(error instanceof Error)) throw new Error("nothing was wrong");
  expect("code" in error ? error.code : "none").toBe("CONFIGURATION_INVALID");
  expect(existsSync(output)).toBe(false);
  return error.message;
}

test("all mistakes of a file come at once, each with its line", async () => {
  const path = workspace.path("wrong.yaml");
  writeFileSync(
    path,
    "model_snapshot: none.safetensors\nsource: none.fits[2]\noutput: never\nblend: gausian\noverlap: -1\nbatch_size: 0\nthreshold: 50%\ntreshold: 0.5\n",
  );
  const { code, stderr } = await workspace.segment(path);
  expect(code).toBe(2);
  for (const [line, text] of [
    [4, /blend: expected one of "mean", "gaussian", got "gausian"; did you mean "gaussian"/],
    [5, /overlap: expected .*0.*got -1/],
    [6, /batch_size: expected .*1.*got 0/],
    [7, /threshold: expected "validation" or a number .*got "50%"/],
    [8, /treshold: unknown option; did you mean "threshold"/],
  ] as const) {
    const found = stderr.split("\n").find((each) => each.includes(`wrong.yaml:${line}:`));
    expect(found).toMatch(text);
  }
  // Values that are right by themselves are looked at when all are.
  writeFileSync(
    path,
    "model_snapshot: none.safetensors\nsource: none.fits[2]\nmissing: gone.fits\noutput: never\noverlap: 32\npatch_size: 32\n",
  );
  const second = await workspace.segment(path);
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(/^4 problems:/);
  for (const text of [
    "wrong.yaml:1:1: model_snapshot: there is no file",
    "wrong.yaml:2:1: source: there is no file",
    "wrong.yaml:3:1: missing:",
    "wrong.yaml:5:1: overlap: patches of 32 x 32 pixels cannot share 32",
  ])
    expect(second.stderr).toContain(text);
  expect(existsSync(workspace.path("never"))).toBe(false);
});

test("maps and model are opened, and what is wrong with them comes at once, with its line", async () => {
  const config = workspace.config("both", {
    source: maps.image,
    model_snapshot: maps.target,
    missing: workspace.path("turned.fits"),
  });
  const { code, stderr } = await workspace.segment(config);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^2 problems:/);
  expect(stderr).toMatch(
    /both\.yaml:3:1: model_snapshot: .*target\.fits (?:is not|cannot be read as) a safetensors file/,
  );
  expect(stderr).toMatch(
    /both\.yaml:4:1: missing: .*turned\.fits has 101 rows of 75 pixels, but the image .*image\.fits has 75 rows of 101 pixels; its axes are swapped/,
  );
  expect(existsSync(workspace.path("both"))).toBe(false);
});

test("files that are no maps", async () => {
  expect(await messageOf({ source: workspace.path("page.fits") })).toMatch(/^source: .*page\.fits.*no FITS file/);
  expect(await messageOf({ source: `${workspace.path("turned.fits")}[CUBE]` })).toMatch(
    /^source: .*two axes.*2 x 20 x 20/,
  );
  expect(await messageOf({ source: `${maps.image}[SCI]` })).toMatch(/^source: .*there is no HDU.*SCI/);
});

test("overlaps that are too large, for the patches of the training", async () => {
  const small = await workspace.sample("small", 15, 60);
  expect(await messageOf({ source: small.image, overlap: 16 })).toBe(
    "overlap: patches of 16 x 16 pixels cannot share 16; give less than 16, such as 8",
  );
});

test("a folder of trainings, whose snapshots are named", async () => {
  const folder = workspace.path("trainings");
  mkdirSync(`${folder}/first`, { recursive: true });
  writeFileSync(`${folder}/first/best.safetensors`, "");
  expect(await messageOf({ model_snapshot: folder })).toMatch(
    /^model_snapshot: .*trainings is a folder; give a snapshot in it: first\/best\.safetensors/,
  );
});

test("snapshots of another kind", async () => {
  expect(await messageOf({ model_snapshot: workspace.path("weights.safetensors") })).toMatch(
    /^model_snapshot: .*weights\.safetensors has no GLOBAL_CONFIG and MODEL_CONFIG: it was not made by a Trainer/,
  );
  const other = await changed("other", { MODEL_CONFIG: JSON.stringify({ type: "mlp", width: 8 }) });
  expect(await messageOf({ model_snapshot: other })).toMatch(
    /model_snapshot: .*other\.safetensors.*type.*"unet".*got "mlp"/,
  );
  const wider = await changed("wider", { MODEL_CONFIG: JSON.stringify({ type: "unet", features: 4, num_blocks: 2 }) });
  expect(await messageOf({ model_snapshot: wider })).toMatch(
    /model_snapshot: [\s\S]*does not fit UNet[\s\S]*down\.0\.0\.weight/,
  );
  const lacking = await changed(
    "lacking",
    {},
    (all) => new Map([...all].filter(([name]) => !name.includes("bottleneck"))),
  );
  expect(await messageOf({ model_snapshot: lacking })).toMatch(
    /model_snapshot: [\s\S]*bottleneck\.0\.weight .* is missing/,
  );
  const imported = await changed("imported", { GLOBAL_CONFIG: JSON.stringify({ imports: ["./my-model.ts"] }) });
  expect(await messageOf({ model_snapshot: imported })).toMatch(/model_snapshot: .*my-model\.ts cannot be loaded/);
  mkdirSync(workspace.path("folder.safetensors"));
  expect(await messageOf({ model_snapshot: workspace.path("folder.safetensors") })).toMatch(
    /^model_snapshot: .*folder\.safetensors is a folder; it has no best\.safetensors/,
  );
});

test("models of other channels", async () => {
  const { metadata } = await readSafetensors(snapshot);
  for (const [name, config, message] of [
    ["in", { in_channels: 3 }, /takes 3 channels \(in_channels\); a map has 1/],
    ["out", { out_channels: 2 }, /gives 2 maps \(out_channels\); segmentation needs 1/],
  ] as const) {
    const whole = { type: "unet", features: 2, num_blocks: 1, ...config };
    const state = BaseModel.fromConfig(whole).initialize(new Generator(0)).stateDict();
    const path = workspace.path(`${name}-channels.safetensors`);
    const tensors = new Map(Array.from(state, ([key, entry]) => [`MODEL_STATE/${key}`, entry]));
    await writeSafetensors(path, tensors, { ...metadata, MODEL_CONFIG: JSON.stringify(whole) });
    expect(await messageOf({ model_snapshot: path })).toMatch(message);
  }
});

test("patches that the model cannot take, and snapshots that do not tell of theirs", async () => {
  expect(await messageOf({ patch_size: 18 })).toMatch(/^patch_size: UNet cannot halve patches of 18 x 18/);
  const silent = await changed("silent", { DATA_INFO: "{}" });
  expect(await messageOf({ model_snapshot: silent })).toBe(
    `2 problems:\n  patch_size: ${silent} does not say how large the patches of its training were; give it\n  normalization: ${silent} does not say how the patches of its training were normalised; give it`,
  );
  const output = workspace.path("silent");
  const told = { patch_size: 16, normalization: "minmax" };
  const result = await Segmentation.fromConfig({ model_snapshot: silent, source: maps.image, output, ...told }).run();
  expect(result.kind).toBe("written");
});

test("a device that is not there", async () => {
  expect(await messageOf({ device: "cuda:93", overlap: 16 })).toMatch(
    /^2 problems:\n {2}device: the device cuda:93 cannot be used[\s\S]*\n {2}overlap: patches of 16/,
  );
  expect(await messageOf({ device: "gpu" })).toMatch(/^device: expected a device: cpu, webgpu, cuda:0/);
});

test("an output that cannot be written", async () => {
  const config = workspace.config("nowhere", {
    model_snapshot: snapshot,
    source: maps.image,
    output: `${maps.image}/x`,
  });
  const { code, stderr } = await workspace.segment(config);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/the folder .*image\.fits\/x cannot be made/)]);
});

test("a missing mask of another field is refused, with its line, unless coordinates are ignored", async () => {
  await using file = await openFits(maps.missing);
  const image = file.image();
  const { data } = await image.as("float32").read();
  const path = workspace.path("elsewhere.fits");
  const header = setCard(image.header, "CRVAL1", Number(getNumber(image.header, "CRVAL1")) + 0.5);
  await using writer = await createFits(path);
  await writer.image({ shape: [75, 101], data, header });
  await writer.close();
  expect(await messageOf({ missing: path })).toMatch(
    /^missing: .*elsewhere\.fits does not lie on the image .*image\.fits: the pixel in row .* pixels apart; give maps/,
  );
  expect(await messageOf({ missing: path, coordinates: "ignore", overlap: 16 })).toMatch(/^overlap: /);
});
