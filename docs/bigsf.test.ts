/** Types what docs/bigsf.md and the package's README say into a shell, and checks what they claim. */

import { cp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConfigurationError, readYaml } from "@ml-mosaic/configurable";
import { openFits, readCelestialWcs } from "@ml-mosaic/fits";
import { temporaryFolder } from "@ml-mosaic/testing";
import { Experiment } from "@ml-mosaic/training";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, test } from "vitest";
import "../packages/bigsf/src/components.ts";
import { Preprocessing } from "../packages/bigsf/src/patches/preprocessing.ts";
import { type Output, typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const page = await readFile(join(root, "docs", "bigsf.md"), "utf8");
const cataloguePage = await readFile(join(root, "docs", "bigsf-catalogue.md"), "utf8");
const readme = await readFile(join(root, "packages", "bigsf", "README.md"), "utf8");
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, block = ""]) => block.trimEnd());
const [
  sampled = "",
  preprocessed = "",
  folded = "",
  trained = "",
  segmented = "",
  crossValidated = "",
  ,
  summedUp = "",
] = blocks(page, "text");
/** Without what depends on the machine. */
const timeless = (text: string) => text.replaceAll(/\d\d:\d\d/g, "00:00").trimEnd();
/** What a figure is called, not what it is. */
const wordsOf = (text: string) => text.replaceAll(/-?\d[\d.,]*|…/g, "0").replaceAll(/[ -]+/g, " ");

/** Looks like the repository's top folder to whoever runs the page in it. */
let folder: string;
const outputs = new Map<string, Output>();
const at = (...names: readonly string[]) => join(folder, ...names);
const bash = (command: string) => typeAsUser(folder, "bash", "-c", command);

/** Makes a training of a copied configuration short. */
async function shorten(name: string, changes: readonly (readonly [RegExp, string])[]): Promise<void> {
  let text = await readFile(at("configs", name), "utf8");
  for (const [what, instead] of changes) {
    expect(text).toMatch(what);
    text = text.replace(what, instead);
  }
  await writeFile(at("configs", name), text);
}

beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(at("package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), at("node_modules"));
  await cp(join(root, "configs"), at("configs"), { recursive: true });
  await shorten("training.yaml", [
    [/features: \d+, num_blocks: \d+/, "features: 2, num_blocks: 1"],
    [/^ {2}epochs: \d+/m, "  epochs: 2"],
  ]);
  await shorten("config_kfolds.yaml", [
    [/features: \d+, num_blocks: \d+/, "features: 2, num_blocks: 1"],
    [/^ {2}epochs: \d+/m, "  epochs: 1"],
  ]);
  for (const command of blocks(page, "sh")) outputs.set(command, await bash(command));
});

describe("the commands of the page", () => {
  test("are these", () => {
    expect([...outputs.keys()]).toEqual([
      "npx bigsf sample",
      "npx bigsf preprocess -c configs/config_preprocess.yaml",
      "npx bigsf folds -c configs/config_kfolds.yaml",
      "npx bigsf train -c configs/training.yaml",
      "npx bigsf segment -c configs/config_segment.yaml",
      "npx bigsf train-k-fold -c configs/config_kfolds.yaml",
      "npx bigsf calibrate -c configs/config_calibrate.yaml",
      "npx bigsf sample other --seed 7\nnpx bigsf segment -c configs/config_ensemble.yaml",
    ]);
  });

  test("print what it says, as far as they do not train", () => {
    const [sample, preprocess, folds, , segment] = [...outputs.values()].map(({ stdout }) => timeless(stdout));
    expect(sample).toBe(sampled);
    expect(preprocess).toBe(timeless(preprocessed));
    expect(folds?.startsWith(folded.replace(/\n…$/, ""))).toBe(true);
    expect(wordsOf(segment ?? "")).toBe(wordsOf(timeless(segmented)));
    expect(segment).toContain("249,855  95.3 % of 262,144 pixels");
    const together = outputs.get("npx bigsf sample other --seed 7\nnpx bigsf segment -c configs/config_ensemble.yaml");
    expect(wordsOf(timeless(together?.stdout ?? ""))).toBe(wordsOf(timeless(summedUp)));
    expect(together?.stdout).toContain("250,390  95.5 % of 262,144 pixels");
  });

  test("are followed by that of the catalogue's page, which begins with them", async () => {
    const [commands = ""] = blocks(cataloguePage, "sh");
    const last = "npx bigsf catalogue -c configs/config_catalogue.yaml";
    const before = [...outputs.keys()].filter((command) => /bigsf (sample$|preprocess|train |segment)/.test(command));
    expect(commands.split("\n")).toEqual([...before.filter((command) => !command.includes("\n")), last]);
    const { stdout, stderr } = await bash(last);
    expect(stdout, stderr).toMatch(/filaments +\d/);
    const [said = ""] = blocks(cataloguePage, "text");
    // A model that has hardly been trained finds one network.
    const figures = (text: string) => wordsOf(timeless(text)).replace("networks", "network");
    expect(figures(stdout)).toBe(figures(said));
    const files = [
      "atlas",
      "catalogue.fits",
      "catalogue.vot",
      "config.yaml",
      "filaments.reg",
      "moc.fits",
      "skeleton.fits",
    ];
    expect((await readdir(at("catalogue"))).sort()).toEqual([...files, "summary.png"]);
    for (const name of files) if (name !== "config.yaml") expect(cataloguePage).toContain(`\`${name}\``);
  });

  test("and by those of how complete it is, in a small form", async () => {
    await shorten("config_recover.yaml", [[/^injections: \d+/m, "injections: 10\ncrowded: true"]]);
    const commands = blocks(cataloguePage, "sh")[1]?.split("\n") ?? [];
    expect(commands.map((command) => command.split(" ")[2])).toEqual(["segment", "recover", "catalogue"]);
    for (const command of commands) {
      const { stdout, stderr } = await bash(command);
      expect(stdout, stderr).toMatch(/time +\d/);
      if (command.includes("recover")) {
        expect(stdout).toMatch(/injected +10 /);
        expect(stdout).toContain("Purity: ");
      }
    }
    const files = ["completeness.ecsv", "injections.ecsv", "recovery.fits", "recovery.json", "recovery.png"];
    expect((await readdir(at("recovery"))).sort()).toEqual(["completeness.ecsv", "config.yaml", ...files.slice(1)]);
    for (const name of files) expect(cataloguePage).toContain(`\`${name}\``);
    await using catalogue = await openFits(at("catalogue_unseen", "catalogue.fits"));
    const columns = catalogue.table().columns.map(({ name }) => name);
    for (const name of ["completeness", "filament_probability"])
      expect(columns).toEqual(expect.arrayContaining([name, `${name}_low`, `${name}_high`]));
  });

  test("train and tell of the same figures", async () => {
    const [, , , train, , kFold] = [...outputs.values()];
    // Epochs come on stderr; of two there is another number, and fewer figures.
    const line = (text: string, start: RegExp) => wordsOf(text.split("\n").find((each) => start.test(each)) ?? "?");
    expect(line(train?.stderr ?? "", /^epoch +1 /)).toBe(line(trained, /^epoch +1 /));
    const tableOf = (text: string) => wordsOf(text.slice(text.indexOf("test set")));
    expect(tableOf(train?.stdout ?? "").trim()).toBe(tableOf(trained));
    expect(tableOf(kFold?.stdout ?? "").trim()).toBe(tableOf(crossValidated));
    expect(kFold?.stdout).toContain("125,379 labelled pixels");
  });
});

describe("what the commands leave", () => {
  test("are the files that the page names", async () => {
    expect((await readdir(at("data"))).filter((name) => !name.startsWith("folds_")).sort()).toEqual([
      "config.yaml",
      "overview.png",
      "patches.h5",
    ]);
    expect((await stat(at("folds.png"))).size).toBeGreaterThan(50_000);
    for (const run of ["experiment_1", "k_fold/split_1", "k_fold/split_5"])
      expect((await readdir(at("results", run))).sort()).toEqual([
        "best.safetensors",
        "config.yaml",
        "last.safetensors",
        "logs_train.csv",
        "test_results.csv",
      ]);
    expect(await readdir(at("results", "k_fold"))).toEqual(
      expect.arrayContaining(["config.yaml", "out_of_fold.fits", "out_of_fold.png", "summary.csv", "test_results.csv"]),
    );
    expect((await readdir(at("segmented"))).sort()).toEqual([
      "config.yaml",
      "mask.fits",
      "preview.png",
      "probability.fits",
    ]);
  });

  test("are tables with these columns", async () => {
    const header = async (...names: readonly string[]) =>
      (await readFile(at("results", ...names), "utf8")).split("\n")[0];
    const losses =
      "epoch,lr,train_loss,valid_loss,valid_dice,valid_average_precision,valid_labelled,valid_unlabelled_found,seconds";
    expect(await header("experiment_1", "logs_train.csv")).toBe(losses);
    expect(await header("experiment_1", "test_results.csv")).toBe(
      "snapshot,epoch,test_loss,test_dice,test_average_precision,test_labelled,test_unlabelled_found",
    );
    expect(await header("k_fold", "test_results.csv")).toBe(
      "split,snapshot,epoch,loss,dice,average_precision,labelled,unlabelled_found",
    );
    expect(await header("k_fold", "summary.csv")).toBe("figure,splits,mean,sd,low,high,corrected_low,corrected_high");
  });

  test("are maps with the coordinates of the source, NaN where it has no data", async () => {
    await using source = await openFits(at("sample", "image.fits"));
    const pixels = await source.image().as("float64").read();
    const missing = await readImage("sample", "missing.fits");
    const place = readCelestialWcs(source.image().header)?.pixelToSky([100], [200]);
    // Longitude 30 is in the middle of the map, and grows to the left.
    expect(place?.longitude[0]).toBeCloseTo(30.5, 1);
    for (const names of [
      ["segmented", "probability.fits"],
      ["segmented", "mask.fits"],
      ["results", "k_fold", "out_of_fold.fits"],
    ]) {
      await using file = await openFits(at(...names));
      expect(file.image().shape).toEqual([512, 512]);
      const wcs = readCelestialWcs(file.image().header);
      expect(wcs?.pixelToSky([100], [200])).toEqual(place);
    }
    const probability = await readImage("segmented", "probability.fits");
    const mask = await readImage("segmented", "mask.fits");
    const wrong = probability.findIndex((value, pixel) => {
      const hasData = Number.isFinite(pixels.data[pixel]) && (missing[pixel] ?? 0) > 0;
      return Number.isNaN(value) === hasData || mask[pixel] !== (value > 0.5 ? 1 : 0);
    });
    expect(wrong).toBe(-1);
  });

  async function readImage(...names: readonly string[]): Promise<Float64Array> {
    await using file = await openFits(at(...names));
    return (await file.image().as("float64").read()).data;
  }
});

test("a second time there is nothing to do, and nothing is trained again", async () => {
  const [, preprocess, , train, segment, kFold] = [...outputs.keys()];
  expect((await bash(preprocess ?? "")).stdout).toContain("nothing to do");
  expect((await bash(segment ?? "")).stdout).toContain("nothing to do");
  const again = await bash(train ?? "");
  expect(again.stderr).not.toContain("train loss");
  expect(again.stdout).toBe(outputs.get(train ?? "")?.stdout);
  const foldsAgain = await bash(kFold ?? "");
  expect(foldsAgain.stderr).not.toContain("train loss");
  expect(foldsAgain.stdout).toBe(outputs.get(kFold ?? "")?.stdout);
});

test("a model of one's own trains and segments", async () => {
  await cp(join(root, "docs", "snippets", "bigsf-model.ts"), at("configs", "my-model.ts"));
  const [, model = ""] = /(imports: .*?)```/s.exec(page) ?? [];
  const [imports = "", trainer = ""] = model.split("trainer:\n");
  const training = await readFile(at("configs", "training.yaml"), "utf8");
  await writeFile(
    at("configs", "own.yaml"),
    imports +
      training
        .replace(/^ {2}model: .*\n/m, trainer)
        .replace("epochs: 2", "epochs: 1")
        .replace("run_name: experiment_1", "run_name: own"),
  );
  await writeFile(
    at("configs", "segment_own.yaml"),
    (await readFile(at("configs", "config_segment.yaml"), "utf8"))
      .replace("experiment_1", "own")
      .replace("../segmented", "../segmented_own"),
  );
  expect((await bash("npx bigsf train -c configs/own.yaml")).stdout).toContain("results/own/best.safetensors");
  expect((await bash("npx bigsf segment -c configs/segment_own.yaml")).stderr).toContain("by dilated after epoch 1");
});

test("an augmentation of one's own, and positions", async () => {
  await cp(join(root, "docs", "snippets", "bigsf-augmentation.ts"), at("configs", "dimming.ts"));
  const [, positions = ""] = /(\{ toEncode: \[positions\]) \}/.exec(page) ?? [];
  const [, model = ""] = /model: (\{ type: unet, encoder: .*\})/.exec(page) ?? [];
  await writeFile(
    at("configs", "positions.yaml"),
    `imports: [./dimming.ts]
data:
  type: patches
  path: ../data/patches.h5
  stride: 32
  folds: { k: 1, area_size: 64 }
  train: ${positions}, data_augmentations: [{ type: dimming, p: 0.5 }] }
trainer: { output_dir: ../results, run_name: positions, model: ${model}, epochs: 1, batch_size: 64 }
`,
  );
  expect((await bash("npx bigsf train -c configs/positions.yaml")).stdout).toContain("results/positions/");
});

test("the program in the README prints what it says", async () => {
  const [printed] = blocks(readme, "text");
  await rm(at("data", "patches.h5"));
  await rm(at("segmented"), { recursive: true });
  await rm(at("results", "experiment_1"), { recursive: true });
  await cp(join(root, "docs", "snippets", "bigsf-library.ts"), at("library.ts"));
  const { stdout } = await typeAsUser(folder, process.execPath, "--disable-warning=ExperimentalWarning", "library.ts");
  expect(stdout.trimEnd()).toBe(printed);
});

describe("the example configurations, as they stand", () => {
  const schemas = {
    "config_preprocess.yaml": "preprocess",
    "training.yaml": "train",
    "config_ensemble.yaml": "segment",
    "config_kfolds.yaml": "train",
    "config_segment.yaml": "segment",
    "config_calibrate.yaml": "calibrate",
    "config_catalogue.yaml": "catalogue",
    "config_segment_unseen.yaml": "segment",
    "config_catalogue_unseen.yaml": "catalogue",
    "config_recover.yaml": "recover",
  } as const;

  test("are all of them", async () => {
    const names = (await readdir(join(root, "configs"))).filter((name) => name.endsWith(".yaml"));
    expect(names.sort()).toEqual(Object.keys(schemas).sort());
  });

  test.each(Object.entries(schemas))("%s fits the schema that its first line names", async (name, schema) => {
    const path = join(root, "configs", name);
    const text = await readFile(path, "utf8");
    expect(text.split("\n")[0]).toBe(`# yaml-language-server: $schema=./schemas/${schema}.json`);
    const written: object = JSON.parse(await readFile(join(root, "configs", "schemas", `${schema}.json`), "utf8"));
    const check = new Ajv({ strict: false }).compile(written);
    const { value } = readYaml(path);
    expect(check(value), JSON.stringify(check.errors)).toBe(true);
    expect(check({ ...value, stirde: 3 })).toBe(false);
  });

  test("are read by the commands without a problem", () => {
    Preprocessing.fromConfig(join(root, "configs", "config_preprocess.yaml"));
    for (const name of ["training.yaml", "config_kfolds.yaml"]) {
      const { value } = readYaml(join(root, "configs", name));
      const reading = Experiment.readComponent(value, { folder: at("configs") });
      expect(reading.ok ? [] : reading.problems).toEqual([]);
    }
    const { value } = readYaml(join(root, "configs", "training.yaml"));
    const wrong = Experiment.readComponent({ ...value, data: { type: "patches", path: "nowhere.h5" } }, { folder });
    if (wrong.ok) throw new Error("a file that is not there was taken");
    expect(new ConfigurationError(wrong.problems).message).toContain("there is no file");
  });
});
