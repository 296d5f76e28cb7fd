/** Parts of maps, masks of other pixels, and several maps in `bigsf segment`. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigObject } from "@ml-mosaic/configurable";
import { createFits, getCommentary, getNumber, openFits, setCard } from "@ml-mosaic/fits";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MapPaths } from "../src/maps/maps.ts";
import { openFitsPatches } from "../src/patches/fits-patches.ts";
import { openPatchFile } from "../src/patches/h5-patches.ts";
import { Preprocessing } from "../src/patches/preprocessing.ts";
import { Segmentation } from "../src/segmentation/segmentation.ts";
import { patchesOf } from "./patches-of.ts";
import { SegmentWorkspace } from "./segment-workspace.ts";

const workspace = new SegmentWorkspace();
const layers = ["image", "target", "missing", "background"] as const;
let maps: MapPaths;
let part: MapPaths;
const [x0, x1, y0, y1] = [24, 96, 8, 72];
const region = { x: [x0, x1], y: [y0, y1] };

beforeAll(async () => {
  maps = await workspace.sample("whole", 96, 128);
  part = { ...maps };
  const paths: Partial<Record<(typeof layers)[number], string>> = {};
  for (const layer of layers) paths[layer] = await cropped(maps[layer], workspace.path(`part-${layer}.fits`));
  part = { ...maps, ...paths };
});
afterAll(() => workspace.remove());

/** The pixels of the region as a file of their own, with its coordinates. */
async function cropped(path: string, into: string): Promise<string> {
  await using from = await openFits(path);
  const { header } = from.image();
  const { data } = await from.image().as("float64").section([y0, y1], [x0, x1]);
  const moved = (axis: number, shift: number) => (getNumber(header, `CRPIX${axis}`) ?? 0) - shift;
  await using writer = await createFits(into);
  await writer.image({
    shape: [y1 - y0, x1 - x0],
    data,
    header: setCard(setCard(header, "CRPIX1", moved(1, x0)), "CRPIX2", moved(2, y0)),
  });
  await writer.close();
  return into;
}

const cut = { patch_size: 16, stride: 8 };

test("a region is cut as if its pixels were a map of their own, in preprocess and straight from FITS", async () => {
  await Preprocessing.fromConfig({ ...maps, ...cut, region, output: workspace.path("region") }).run();
  await Preprocessing.fromConfig({ ...part, ...cut, output: workspace.path("part") }).run();
  const rules = { patchSize: 16, stride: 8, normalization: "minmax" } as const;
  const sources = [
    await openPatchFile(workspace.path("region/patches.h5")),
    await openPatchFile(workspace.path("part/patches.h5")),
    await openFitsPatches({
      maps: [{ ...maps, region: Preprocessing.fromConfig({ ...maps, region, output: "o" }).region }],
      ...rules,
    }),
  ];
  const [fromRegion, fromPart, fromFits] = await Promise.all(sources.map(patchesOf));
  expect(fromRegion).toEqual(fromPart);
  expect(fromFits).toEqual(fromPart);
  const [header] = sources.map(({ maps: [map] }) => map?.header);
  expect(header && getNumber(header, "CRPIX1")).toBe(64.5 - x0);
  // Not the file of the whole map.
  expect(new Set(sources.map(({ digest }) => digest)).size).toBe(2);
  for (const source of sources) await source.close();
  await expect(Preprocessing.fromConfig({ ...maps, ...cut, output: workspace.path("region") }).run()).rejects.toThrow(
    "is of another configuration: another image; another target",
  );
  await expect(
    Preprocessing.fromConfig({ ...maps, ...cut, region: { x: [100, 200] }, output: workspace.path("never") }).run(),
  ).rejects.toThrow(/region: it is rows 0 to 96, columns 100 to 200, but .*image\.fits has 96 rows of 128 pixels/);
});

test("masks of other pixels are resampled where that is asked for", async () => {
  // Twice as many pixels along each axis: the pixel that the centre of a pixel of the image lies in has its value.
  const finer: Partial<Record<(typeof layers)[number], string>> = {};
  for (const layer of layers.slice(1)) {
    await using from = await openFits(maps[layer]);
    const { data, shape } = await from.image().as("float32").read();
    const [height = 0, width = 0] = shape;
    let { header } = from.image();
    for (const axis of [1, 2]) {
      // An eighth of a pixel off, so that no centre lies between two pixels.
      header = setCard(header, `CRPIX${axis}`, 2 * (getNumber(header, `CRPIX${axis}`) ?? 0) - 0.5 + 0.25);
      header = setCard(header, `CDELT${axis}`, (getNumber(header, `CDELT${axis}`) ?? 0) / 2);
    }
    finer[layer] = workspace.path(`finer-${layer}.fits`);
    await using writer = await createFits(finer[layer]);
    const twice = Float32Array.from(
      { length: 4 * height * width },
      (_, i) => data[Math.floor(i / (4 * width)) * width + Math.floor((i % (2 * width)) / 2)] ?? 0,
    );
    await writer.image({ shape: [2 * height, 2 * width], data: twice, header });
    await writer.close();
  }
  const given = { ...maps, ...finer, ...cut };
  await expect(Preprocessing.fromConfig({ ...given, output: workspace.path("refused") }).run()).rejects.toThrow(
    "give maps of the same pixels, or coordinates: resample where the headers are right",
  );
  const resampled = { ...given, coordinates: "resample", region, output: workspace.path("resampled") };
  const result = await Preprocessing.fromConfig(resampled).run();
  const notes = result.kind === "written" ? result.maps[0]?.plan.notes : [];
  expect(notes).toContain(
    'finer-target.fits: resampled (nearest pixel) from 192 x 256 pixels of 5.75" to 96 x 128 pixels of 11.5".',
  );
  const [one, other] = await Promise.all(
    ["resampled", "part"].map(async (name) => {
      const source = await openPatchFile(workspace.path(name, "patches.h5"));
      const patches = await patchesOf(source);
      await source.close();
      return patches;
    }),
  );
  expect(one).toEqual(other);
});

test("several maps and regions are segmented into a folder each", async () => {
  const model_snapshot = await workspace.train("model", maps, { model: { type: "unet", features: 2, num_blocks: 1 } });
  const source = maps.image;
  const given: ConfigObject = {
    model_snapshot,
    maps: [
      { name: "all", source, missing: maps.missing },
      { name: "part", source, missing: maps.missing, region },
      { source: part.image, missing: part.missing },
    ],
    output: workspace.path("segmented"),
    overlap: 8,
  };
  const { code, stdout, stderr } = await workspace.segment(workspace.config("several", given));
  expect(code, stderr).toBe(0);
  const names = ["all", "part", "part-image"];
  expect(readdirSync(workspace.path("segmented")).sort()).toEqual(names);
  for (const name of names) expect(stdout).toContain(`segmented/${name}/probability.fits\n`);
  const pixels = async (name: string) => {
    await using file = await openFits(workspace.path("segmented", name, "probability.fits"));
    const image = file.image();
    const { data, shape } = await image.as("float32").read();
    return { data, shape, crpix: [1, 2].map((axis) => getNumber(image.header, `CRPIX${axis}`)) };
  };
  const [, ofRegion, ofPart] = await Promise.all(names.map(pixels));
  expect(ofRegion).toEqual(ofPart);
  await using file = await openFits(workspace.path("segmented/part/mask.fits"));
  expect(getCommentary(file.image().header, "HISTORY")).toContain("rows 8 to 72, columns 24 to 96 of it, from 0");
  expect(ofRegion?.shape).toEqual([y1 - y0, x1 - x0]);
  expect(ofRegion?.crpix).toEqual([64.5 - x0, 48.5 - y0]);
  const config = readFileSync(workspace.path("segmented/part/config.yaml"), "utf8");
  expect(config).toMatch(/region:\n +x:/);
  const again = await workspace.segment(workspace.path("several.yaml"));
  expect(again.stdout.match(/is of this configuration already; nothing to do\./g)).toHaveLength(3);
  const wrong = workspace.config("wrong", {
    model_snapshot,
    source,
    maps: [{ source }, { source }],
    output: "out",
  });
  const refused = await workspace.segment(wrong);
  expect(refused.code).toBe(2);
  for (const message of [
    "source: belongs into each of maps, where these are given",
    "maps[1]: maps 1 and 2 are both called image",
  ])
    expect(refused.stderr).toContain(message);
  const absent = { model_snapshot, maps: [{ source }, { name: "b", source, missing: "nothing.fits" }], output: "out" };
  expect(() => Segmentation.fromConfig(absent)).toThrow("maps[1].missing: there is no file");
  // What is wrong with the model and with each of the maps comes together.
  const both = Segmentation.fromConfig({
    model_snapshot: source,
    maps: [{ source }, { name: "b", source: model_snapshot }],
    output: "out",
  });
  await expect(both.check()).rejects.toThrow(/2 problems[\s\S]*model_snapshot: [\s\S]*maps\[1\]\.source: /);
});

test("a map of several that cannot be segmented is named where it stands", async () => {
  const model_snapshot = join(workspace.folder, "runs/model/best.safetensors");
  const source = maps.image;
  const config = workspace.config("beyond", {
    model_snapshot,
    maps: [
      { name: "a", source, region },
      { name: "b", source, region: { x: [0, 500] } },
    ],
    output: workspace.path("beyond"),
  });
  const { code, stderr } = await workspace.segment(config);
  // Before the first one is segmented.
  expect(existsSync(workspace.path("beyond"))).toBe(false);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/beyond\.yaml:\d+:\d+: maps\[1\]\.region: .*columns 0 to 500/),
  ]);
});

test("a configuration object takes each map by itself", () => {
  const file = maps.image;
  const segmentation = Segmentation.fromConfig({
    model_snapshot: file,
    maps: [{ source: file }, { name: "second", source: file }],
    output: "out",
  });
  expect(segmentation.each().map(({ name }) => name)).toEqual(["image", "second"]);
  expect(() => segmentation.run()).toThrow("there are several maps: run each() of them");
});
