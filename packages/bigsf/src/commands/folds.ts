import { replaceFile, wholeText } from "@ml-mosaic/base";
import { command, interruptible, type Progress, pathText, startProgress, tableText } from "@ml-mosaic/command-line";
import {
  boolean,
  ConfigurationError,
  component,
  configurable,
  construct,
  int,
  loadImports,
  path,
  readYaml,
  schema,
  within,
} from "@ml-mosaic/configurable";
import { sourceMaps } from "../datasets/data-options.ts";
import { drawFolds, mapBackground, type NumberedSplit } from "../datasets/fold-picture.ts";
import { type FoldReport, reportFolds } from "../datasets/fold-report.ts";
import { startPatchPreview } from "../datasets/patch-preview.ts";
import { PatchesData } from "../datasets/patches-data.ts";
import { BigsfError } from "../errors.ts";
import type { PatchSizes } from "../folds/patch-pixels.ts";
import { parts, type Split } from "../folds/splits.ts";
import { fileOfMap, namesText } from "../maps/source-map.ts";

export const foldsCommand = command({
  name: "folds",
  summary: "Show how patches are shared out among folds: their sizes, and a map coloured by them.",
  arguments: {},
  options: {
    config: schema(path, {
      aliases: ["c"],
      words: "FILE",
      help: "configuration (.yaml) with a data section, as train takes it",
    }),
    split: schema(within(int, { minimum: 1 }), {
      optional: true,
      words: "N",
      help: "colour the map by the train, valid and test set of split N, not by fold",
    }),
    picture: schema(path, { default: "folds.png", words: "FILE", help: "where to draw the map (.png)" }),
    json: schema(boolean, { help: "write JSON for programs" }),
  },
  examples: ["bigsf folds -c configs/training.yaml", "bigsf folds -c configs/config_kfolds.yaml --split 2"],
  async run(given, terminal) {
    const data = await readData(given.config);
    const target = given.picture;
    let progress: Progress | undefined;
    try {
      const opened = await data.open();
      const split = chosenSplit(given.split, opened.splits);
      const { maps } = opened.source;
      const images = sourceMaps(data);
      const previews = images.length > 0 ? [] : maps.map((map) => startPatchPreview(opened.source, map));
      const report = await interruptible((signal) =>
        reportFolds(data, {
          // Of maps themselves there is a better picture.
          ...(previews.length === 0
            ? {}
            : {
                onPatches(numbers: Int32Array, patches: Float32Array) {
                  for (const { add } of previews) add(numbers, patches);
                },
              }),
          onProgress(done, total) {
            progress ??= startProgress(terminal, { title: "Reading", unit: "patches", total });
            progress.update(done);
          },
          signal,
        }),
      ).finally(() => progress?.end());
      const pictures: string[] = [];
      for (const [place, map] of maps.entries()) {
        const image = images[place];
        const preview = previews[place]?.finish();
        const background = image === undefined ? undefined : await mapBackground(image);
        const drawn =
          background ?? (preview && { preview, header: map.header, quantity: "mean of normalised patches" });
        if (drawn === undefined) continue;
        const file = fileOfMap(target, map, maps.length);
        await replaceFile(file, await drawFolds(opened, map, drawn, split));
        pictures.push(file);
      }
      for (const warning of report.warnings) terminal.err(`warning: ${warning}\n`);
      const text = given.json
        ? JSON.stringify({ ...report, pictures }, undefined, 2)
        : `${reportText(report)}\n\n${pictures.length > 1 ? `pictures: ${pathText(fileOfMap(target, { name: "<map>" }, 2))}` : `picture: ${pathText(target)}`}`;
      terminal.out(`${text}\n`);
      return 0;
    } finally {
      await data.close();
    }
  },
});

/** The part of a training configuration that is looked at; the others may be for whatever version of the program. */
class DataSection extends configurable({ data: schema(component(PatchesData)) }) {}

/** @throws ConfigurationError with all that is wrong with the data section */
async function readData(file: string): Promise<PatchesData> {
  const yaml = readYaml(file);
  const { data, imports } = yaml.value;
  // Augmentations of the user's own.
  await loadImports(imports, yaml.folder);
  const reading = DataSection.readComponent(data === undefined ? {} : { data }, { folder: yaml.folder });
  if (!reading.ok) throw new ConfigurationError(yaml.locate(reading.problems));
  return construct(reading).data;
}

/** The split that was asked for; the only one where there is but one. */
function chosenSplit(written: number | undefined, splits: readonly Split[]): NumberedSplit | undefined {
  if (written === undefined && splits.length > 1) return undefined;
  const number = written ?? 1;
  const sets = splits[number - 1];
  if (sets !== undefined) return { number, count: splits.length, sets };
  throw new BigsfError("FOLDS", `--split ${written}: there are splits 1 to ${splits.length}`);
}

function reportText(report: FoldReport): string {
  const { source, patchSize, patches, assigned, areas, folds, splits } = report;
  const isByMap = report.unit === "map";
  const sizeHeader = ["patches", "with filament", "filament pixels"];
  const foldTable = tableText(
    ["fold", ...(isByMap ? ["maps"] : ["areas"]), ...sizeHeader],
    folds.map((each) => [
      String(each.fold),
      isByMap ? namesText(each.maps) : wholeText(each.areas),
      ...sizeCells(each),
    ]),
    isByMap ? [0, 2, 3, 4] : [0, 1, 2, 3, 4],
  );
  const splitTable = tableText(
    ["split", "set", "folds", ...sizeHeader],
    splits.flatMap((split, index) =>
      parts.map((part) => [
        part === "train" ? String(index + 1) : "",
        part,
        split[part].folds.join(", "),
        ...sizeCells(split[part]),
      ]),
    ),
    [0, 3, 4, 5],
  );
  return [
    `${pathText(source)}: ${wholeText(assigned)} of ${wholeText(patches)} patches of ${patchSize} x ${patchSize} (${share(assigned, patches)}) lie within one of ${wholeText(areas)} ${isByMap ? "maps" : "areas"}.`,
    foldTable,
    splitTable,
    coverageText(report),
  ].join("\n\n");
}

function coverageText({ splits, testsEveryFold }: FoldReport): string {
  if (testsEveryFold) return "Every fold is tested: predictions for test sets make up a whole out-of-fold map.";
  if (splits.length === 1) return "One model is trained; k above 1 with k_train below 1 (a share) tests every fold.";
  return "Not every fold is tested; k_train below 1 (a share) tests every fold, for a whole out-of-fold map.";
}

function sizeCells({ patches, withFilament, labelledPixels, filamentPixels }: PatchSizes): readonly string[] {
  return [
    wholeText(patches),
    `${wholeText(withFilament)} (${share(withFilament, patches)})`,
    share(filamentPixels, labelledPixels),
  ];
}

function share(part: number, whole: number): string {
  return whole === 0 ? "0.0 %" : `${((100 * part) / whole).toFixed(1)} %`;
}
