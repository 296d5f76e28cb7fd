/** One training on several maps: patches, folds, out-of-fold maps, pictures, run as users run them. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfigObject, toYaml } from "@ml-mosaic/configurable";
import { getNumber, openFits } from "@ml-mosaic/fits";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { openFitsPatches } from "../src/patches/fits-patches.ts";
import { openPatchFile } from "../src/patches/h5-patches.ts";
import type { PatchRules } from "../src/patches/patch-rules.ts";
import type { PatchSource } from "../src/patches/patch-source.ts";
import { Preprocessing } from "../src/patches/preprocessing.ts";
import { writeSample } from "../src/sample/write-sample.ts";
import { patchesOf } from "./patches-of.ts";
import { runBigsf } from "./start-bigsf.ts";

const folder = temporaryFolder();
const at = (...names: readonly string[]) => join(folder, ...names);
const sizes = { north: [96, 80], south: [64, 112], east: [80, 80], west: [72, 64] } as const;
const layers = ["image", "target", "missing", "background"];

beforeAll(async () => {
  for (const [seed, [name, [height, width]]] of Object.entries(sizes).entries())
    await writeSample({ folder: at(name), height, width, seed: seed + 1 });
});

function mapOf(name: string): ConfigObject {
  return { name, ...Object.fromEntries(layers.map((layer) => [layer, `${name}/${layer}.fits`])) };
}

function pathsOf(name: string) {
  const path = (layer: string) => at(name, `${layer}.fits`);
  return {
    name,
    image: path("image"),
    target: path("target"),
    missing: path("missing"),
    background: path("background"),
  };
}

function write(name: string, config: ConfigObject): string {
  writeFileSync(at(`${name}.yaml`), toYaml(config));
  return `${name}.yaml`;
}

const bigsf = (...args: readonly string[]) => runBigsf(folder, ...args);
const all = Object.keys(sizes).map(mapOf);

test("bigsf preprocess: one file of all maps, a row and a picture for each", async () => {
  const config = write("cut", { maps: all, output: "cut", patch_size: 16, stride: 8 });
  const first = await bigsf("preprocess", "-c", config);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toMatch(
    /^cut\/patches\.h5\nmap +rows x columns +candidates +kept +with filament +labelled +filament pixels\n[- ]+\nnorth +96 x 80 +99 +\d+ \([\d.]+ %\) /,
  );
  expect(first.stdout).toContain("\n  pictures: cut/overview_<map>.png\n");
  // All lie around the same place, so that a part of each is in the others.
  expect(first.stdout).toMatch(
    /note: \w+ and \w+ show the same sky, about \d+ % of the smaller one; so do 5 other pairs/,
  );
  expect(readdirSync(at("cut")).sort()).toEqual(
    ["config.yaml", ...Object.keys(sizes).map((name) => `overview_${name}.png`), "patches.h5"].sort(),
  );
  const again = await bigsf("preprocess", "-c", config);
  expect(again.stdout).toBe("cut/patches.h5 is of this configuration already; nothing to do.\n");
  const fewer = write("fewer", { maps: all.slice(0, 3), output: "cut", patch_size: 16, stride: 8 });
  const refused = await bigsf("preprocess", "-c", fewer);
  expect(refused.stderr).toContain(
    "is of another configuration: maps north, south, east, west there, north, south, east asked for.",
  );
});

describe.each<Omit<PatchRules, "patchSize" | "stride">>([
  { normalization: "minmax" },
  { normalization: "minmax", normalizationOver: "map" },
  { normalization: "log", normalizationOver: "all" },
  { normalization: "none" },
])("$normalization over $normalizationOver", (normalized) => {
  const rules = { patchSize: 16, stride: 8, ...normalized };

  test("the patches of all maps are those of each, one map after the other, from FITS and from HDF5", async () => {
    const output = at(`of-${normalized.normalization}-${normalized.normalizationOver}`);
    const { normalization, normalizationOver: normalization_over } = rules;
    const over = normalization_over === undefined ? {} : { normalization_over };
    const names = Object.keys(sizes);
    await Preprocessing.fromConfig({
      maps: names.map(pathsOf),
      output,
      patch_size: 16,
      stride: 8,
      normalization,
      ...over,
    }).run();
    const cut = await openFitsPatches({ maps: names.map(pathsOf), ...rules });
    const stored = await openPatchFile(join(output, "patches.h5"));
    const [fromMaps, fromFile] = [await patchesOf(cut), await patchesOf(stored)];
    expect(fromMaps).toEqual(fromFile);
    expect(stored.digest).toBe(cut.digest);
    expect(stored.range).toEqual(cut.range);
    const described = ({ maps, positions, normalizationOver }: PatchSource) => ({
      maps: maps.map(({ valid: _, header, ...map }) => ({ ...map, cards: header?.cards })),
      positions,
      normalizationOver,
    });
    expect(described(stored)).toEqual(described(cut));
    for (const [place, { name, start, stop, shape }] of cut.maps.entries()) {
      expect(await stored.maps[place]?.valid(3, 20)).toEqual(await cut.maps[place]?.valid(3, 20));
      const alone = await openFitsPatches({ maps: [pathsOf(name)], ...rules });
      const own = await patchesOf(alone);
      const part = fromMaps.patches.subarray(256 * start, 256 * stop);
      expect(alone.positions).toEqual(cut.positions.subarray(2 * start, 2 * stop));
      expect(shape).toEqual(Object.entries(sizes)[place]?.[1]);
      if (normalization_over === "all") expect(part).not.toEqual(own.patches);
      else expect(part).toEqual(own.patches);
      await alone.close();
    }
    if (normalization_over !== undefined) {
      // Over a map, its own extremes are the only pixels of exactly 0 and 1.
      const ends = cut.maps.map(({ start, stop }) => {
        const values = fromMaps.patches.subarray(256 * start, 256 * stop);
        return values.reduce((most, value) => Math.max(most, value), 0);
      });
      expect(ends.every((most) => most <= 1)).toBe(true);
      if (normalization_over === "all") expect(ends.filter((most) => most === 1)).toHaveLength(1);
      else expect(ends.filter((most) => most > 0.5).length).toBe(4);
    }
    await cut.close();
    await stored.close();
  });
});

describe("what cannot be", () => {
  test("names that are the same, or no names; keys beside maps; no map", async () => {
    const twice = { ...mapOf("south"), name: "North" };
    const config = write("names", {
      maps: [...all, twice, { ...mapOf("south"), name: "a/b" }],
      image: "north/image.fits",
      output: "names",
    });
    const { code, stderr } = await bigsf("preprocess", "-c", config);
    expect(code).toBe(2);
    expect(stderr).toContain("maps[4]: maps 1 and 5 are both called North; give each a name of its own");
    expect(stderr).toContain('maps[5]: the name "a/b" is to be letters, digits and . _ + -');
    expect(stderr).toContain("image: belongs into each of maps, where these are given");
    const none = await bigsf("preprocess", "-c", write("none", { maps: [], output: "none" }));
    expect(none.stderr).toContain("maps: expected one map or more");
    const neither = await bigsf("preprocess", "-c", write("neither", { output: "neither" }));
    expect(neither.stderr).toContain("image: missing, expected a path, or maps");
  });

  test("one map under two names, whatever its file", async () => {
    mkdirSync(at("copy"), { recursive: true });
    for (const layer of layers) copyFileSync(at("east", `${layer}.fits`), at("copy", `${layer}.fits`));
    const twins = [...all, mapOf("copy")];
    const { code, stderr } = await bigsf(
      "preprocess",
      "-c",
      write("twins", { maps: twins, output: "twins", stride: 8 }),
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining("The same image is given twice, as east and copy:")]);
    await expect(
      openFitsPatches({
        maps: [...Object.keys(sizes), "copy"].map(pathsOf),
        patchSize: 16,
        stride: 8,
        normalization: "none",
      }),
    ).rejects.toThrow("The same image is given twice, as east and copy:");
  });
});

const trainer = (run: string): ConfigObject => ({
  output_dir: "runs",
  run_name: run,
  model: { type: "unet", features: 4, num_blocks: 1 },
  optimizer: { type: "adam", lr: 0.01 },
  epochs: 2,
  batch_size: 8,
  metrics: [{ type: "dice" }],
});

const data = (folds: ConfigObject): ConfigObject => ({
  source: all,
  patch_size: 16,
  stride: 8,
  folds: { save_indices: false, ...folds },
});

const leaveOneOut = { by: "map", k: 4, k_train: 0.5 };

test("bigsf folds: whole maps, or areas within them", async () => {
  const byMap = await bigsf("folds", "-c", write("by-map", { data: data(leaveOneOut) }), "--picture", "by.png");
  expect(byMap.code, byMap.stderr).toBe(0);
  expect(byMap.stdout).toMatch(/\(100\.0 %\) lie within one of 4 maps\.\n\nfold {2}maps {3}patches/);
  expect(byMap.stdout).toMatch(/\n {3}1 {2}north +\d/);
  expect(byMap.stdout).toMatch(/\npictures: by_<map>\.png\n/);
  expect(readFileSync(at("by_west.png")).subarray(1, 4).toString()).toBe("PNG");
  const byArea = await bigsf(
    "folds",
    "-c",
    write("by-area", { data: data({ k: 3, k_train: 1, area_size: 32 }) }),
    "--json",
  );
  expect(byArea.code, byArea.stderr).toBe(0);
  const { areas, unit, pictures } = JSON.parse(byArea.stdout);
  // Areas of 32 x 32, of each map by itself, that have a whole patch in them.
  const source = await openFitsPatches({
    maps: Object.keys(sizes).map(pathsOf),
    patchSize: 16,
    stride: 8,
    normalization: "none",
  });
  const places = source.maps.flatMap(({ name, start, stop }) =>
    Array.from({ length: stop - start }, (_, patch) => {
      const [y = 0, x = 0] = source.positions.subarray(2 * (start + patch));
      return y % 32 <= 16 && x % 32 <= 16 ? `${name} ${Math.floor(y / 32)} ${Math.floor(x / 32)}` : "";
    }),
  );
  await source.close();
  expect([areas, unit, pictures.length]).toEqual([new Set(places.filter(Boolean)).size, "area", 4]);
  const many = await bigsf("folds", "-c", write("many", { data: data({ by: "map", k: 5 }) }));
  expect(many.stderr).toContain(
    "folds: there are 4 maps; there are 5 folds, which by: map need a map each. What works: k 4, k_train 0.5, which leaves each map out once; a smaller k; or by: area",
  );
});

test("a training on one split scores each map of its test set by itself", async () => {
  const config = write("single", {
    data: data({ k: 3, k_train: 1, area_size: 32 }),
    trainer: { ...trainer("single"), epochs: 1 },
  });
  const run = await bigsf("train", "-c", config);
  expect(run.code, run.stderr).toBe(0);
  const columns = [...Object.keys(sizes), "all maps"].join(" +");
  expect(run.stdout).toMatch(new RegExp(`^test set +${columns}\\n[- ]+\\nloss( +[\\d.e-]+){5}\\n`));
  const [header = "", ...rows] = readFileSync(at("runs/single/test_results.csv"), "utf8").trim().split("\n");
  expect(header).toMatch(/^part,snapshot,epoch,test_loss,test_dice,test_labelled/);
  expect(rows.map((row) => row.split(",")[0])).toEqual([...Object.keys(sizes), "(all)"]);
  const losses = rows.map((row) => Number(row.split(",")[3]));
  expect(new Set(losses).size).toBe(5);
  const all = losses.pop() ?? Number.NaN;
  expect(all).toBeGreaterThan(Math.min(...losses));
  expect(all).toBeLessThan(Math.max(...losses));
});

test("leave one map out: each map is predicted by a model that has not seen it; scores of each, and over maps", async () => {
  const config = write("leave", { data: data(leaveOneOut), trainer: trainer("leave") });
  const run = await bigsf("train-k-fold", "-c", config);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toMatch(
    /\nmap, out of fold +labelled pixels +dice +iou +average_precision +roc_auc +labelled +unlabelled_found\n[- ]+\nnorth +[\d,]+ /,
  );
  expect(run.stdout).toMatch(/\nmean +[\d. ]+\n95 % \(t\) +[\d.]+ to /);
  const files = readdirSync(at("runs/leave")).filter((name) => !name.startsWith("split_"));
  expect(files.sort()).toEqual(
    [
      "config.yaml",
      "maps.csv",
      "summary.csv",
      "test_results.csv",
      ...Object.keys(sizes).flatMap((name) => [`out_of_fold_${name}.fits`, `out_of_fold_${name}.png`]),
    ].sort(),
  );
  const [header = "", ...rows] = readFileSync(at("runs/leave/maps.csv"), "utf8").trim().split("\n");
  const table = rows.map((row) => Object.fromEntries(row.split(",").map((cell, i) => [header.split(",")[i], cell])));
  expect(table.map(({ map }) => map)).toEqual([...Object.keys(sizes), "(all)"]);
  const pixels = table.map((row) => Number(row.pixels));
  expect(pixels.at(-1)).toBe(pixels.slice(0, -1).reduce((sum, each) => sum + each, 0));
  const mean = table.slice(0, -1).reduce((sum, { dice }) => sum + Number(dice) / 4, 0);
  const overMaps = readFileSync(at("runs/leave/summary.csv"), "utf8").match(/^over_maps_dice,4,([\d.]+),/m)?.[1];
  expect(Number(overMaps)).toBeCloseTo(mean, 10);
  for (const [name, shape] of Object.entries(sizes)) {
    await using file = await openFits(at(`runs/leave/out_of_fold_${name}.fits`));
    await using image = await openFits(at(name, "image.fits"));
    expect(file.image().shape).toEqual(shape);
    for (const keyword of ["CRPIX1", "CRPIX2", "CDELT1"])
      expect(getNumber(file.image().header, keyword)).toBe(getNumber(image.image().header, keyword));
  }
});
