/** What the board shows of a folder of BigSF: of a training its folds, out-of-fold maps and scores, of a segmentation its maps. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, isPlainObject, messageOf, pathExists } from "@ml-mosaic/base";
import type { MapPlane, MapSource, MapsInfo } from "@ml-mosaic/board";
import {
  ConfigurationError,
  component,
  configurable,
  construct,
  loadImports,
  readYaml,
  schema,
} from "@ml-mosaic/configurable";
import "../components.ts";
import { calibrationNames } from "../calibration/calibration-file.ts";
import { resultNames, splitPattern } from "../cross-validation/validation-folder.ts";
import { PatchesData } from "../datasets/patches-data.ts";
import { BigsfError } from "../errors.ts";
import { layOutPicture } from "../pictures/picture-layout.ts";
import { FoldPlanes, type Shown } from "./fold-planes.ts";
import { foldScores, pooledScores } from "./fold-scores.ts";
import { maskCells, planeOf, previewOf } from "./map-planes.ts";

interface Training {
  /** Of the configuration that the data are of: another training may come into the folder. */
  readonly changedAt: string;
  readonly data: Promise<PatchesData | undefined>;
}

/** Files whose change is a change of what is shown. */
const watched = [
  "config.yaml",
  "probability.fits",
  "mask.fits",
  resultNames.outOfFold,
  resultNames.tests,
  resultNames.summary,
  calibrationNames.file,
];

/** @throws BigsfError where the folder is of none of these commands, or not there */
export function openFolderMaps(folder: string): MapSource {
  const what = "a folder of bigsf train, train-k-fold or segment";
  if (!pathExists(folder)) throw new BigsfError("OUTPUT", `there is no ${folder}; give ${what}`);
  const config = pathExists(join(folder, "config.yaml")) ? readYaml(join(folder, "config.yaml")).value : undefined;
  if (config === undefined) throw new BigsfError("OUTPUT", `${folder} has no config.yaml: it is not ${what}`);
  if (config.data === undefined && config.model_snapshot === undefined)
    throw new BigsfError("OUTPUT", `${folder}/config.yaml is of another command: it is not ${what}`);
  return new FolderMaps(folder);
}

class FolderMaps implements MapSource {
  readonly #folder: string;
  /** Closed with the board. */
  #training: Training | undefined;
  #problem: string | undefined;
  readonly #planes = new WeakMap<PatchesData, FoldPlanes>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async revision(): Promise<string> {
    const splits = (await readdir(this.#folder)).filter((name) => splitPattern.test(name));
    const names = [...watched, ...splits.map((name) => join(name, resultNames.tests))];
    const times = await Promise.all(names.map((name) => changedAt(join(this.#folder, name))));
    return times.join("-");
  }

  async info(): Promise<MapsInfo> {
    const shown = await this.#shown();
    return {
      maps: shown.map(({ info }) => info),
      scores: await foldScores(this.#folder),
      notes: this.#problem === undefined ? [] : [this.#problem],
    };
  }

  async plane(id: string): Promise<MapPlane | undefined> {
    return (await this.#shown()).find(({ info }) => info.id === id)?.plane();
  }

  async close(): Promise<void> {
    await closeTraining(this.#training);
  }

  async #shown(): Promise<readonly Shown[]> {
    const data = await this.#data();
    return data === undefined
      ? [...(await this.#probabilities(undefined)), ...this.#segmented()]
      : [...(await this.#probabilities(data)), ...(await this.#planesOf(data).shown())];
  }

  async #data(): Promise<PatchesData | undefined> {
    const changed = await changedAt(join(this.#folder, "config.yaml"));
    const before = this.#training;
    const isSame = before?.changedAt === changed;
    const training = isSame ? before : { changedAt: changed, data: openData(this.#folder) };
    this.#training = training;
    try {
      const [data] = await Promise.all([training.data, isSame ? undefined : closeTraining(before)]);
      this.#problem = undefined;
      return data;
    } catch (error) {
      if (this.#training === training) this.#training = undefined;
      // What models have said can be looked at without what they were trained on.
      this.#problem = `Folds and target cannot be shown: ${messageOf(error)}`;
      return undefined;
    }
  }

  #planesOf(data: PatchesData): FoldPlanes {
    const known = this.#planes.get(data) ?? new FoldPlanes(data);
    this.#planes.set(data, known);
    return known;
  }

  async #probabilities(data: PatchesData | undefined): Promise<readonly Shown[]> {
    const kinds = [
      { file: resultNames.outOfFold, title: "Probability of a filament, out of fold" },
      { file: calibrationNames.map.outOfFold, title: "Probability of a filament, out of fold, calibrated" },
    ];
    const files = await readdir(this.#folder);
    const names = data === undefined ? [""] : (await data.open()).source.maps.map(({ name }) => name);
    const pooled = await pooledScores(this.#folder);
    const [dice, precision] = [pooled.get("dice"), pooled.get("average_precision")];
    const scored =
      dice === undefined || precision === undefined
        ? ""
        : ` Each pixel counted once: Dice ${dice.toFixed(3)}, average precision ${precision.toFixed(3)}.`;
    return kinds.flatMap(({ file, title }, kind) =>
      names.flatMap((name, place): readonly Shown[] => {
        const own = names.length > 1 ? file.replace(/(?=\.[^.]*$)/, `_${name}`) : file;
        if (!files.includes(own)) return [];
        return [
          {
            info: {
              id: `probability-${kind}-${place}`,
              title: names.length > 1 ? `${title}, ${name}` : title,
              quantity: "probability",
              note: `Each pixel by a model that was not trained on it; where no model tests it or there are no data it has none.${kind === 0 ? scored : ""}`,
            },
            plane: async () => {
              const preview = await previewOf(join(this.#folder, own));
              const outline =
                data === undefined ? undefined : await this.#planesOf(data).target(place, preview.mapShape);
              return planeOf(preview, { outline }, [0, 1]);
            },
          },
        ];
      }),
    );
  }

  /** Of `bigsf segment`. */
  #segmented(): readonly Shown[] {
    const [probability, mask] = [join(this.#folder, "probability.fits"), join(this.#folder, "mask.fits")];
    if (!pathExists(probability)) return [];
    return [
      {
        info: {
          id: "segmented",
          title: "Probability of a filament",
          quantity: "probability",
          note: "Outlined is what the mask takes for a filament.",
        },
        plane: async () => {
          const preview = await previewOf(probability);
          const { rows, columns } = layOutPicture(preview.mapShape);
          const cells = pathExists(mask) ? await maskCells(mask) : new Uint8Array();
          const outline = cells.length === rows * columns ? { label: "filaments of the mask", cells } : undefined;
          return planeOf(preview, { outline }, [0, 1]);
        },
      },
    ];
  }
}

/** What could not be opened need not be closed; who asked for it has the error. */
async function closeTraining(training: Training | undefined): Promise<void> {
  await (await training?.data.catch(() => undefined))?.close();
}

class DataSection extends configurable({ data: schema(component(PatchesData)) }) {}

/** undefined where the folder is no training's. Nothing is written, the table of folds neither. */
async function openData(folder: string): Promise<PatchesData | undefined> {
  const yaml = readYaml(join(folder, "config.yaml"));
  const { data, imports } = yaml.value;
  if (data === undefined) return undefined;
  await loadImports(imports, yaml.folder);
  const folds = isPlainObject(data) ? data.folds : undefined;
  const read =
    isPlainObject(data) && isPlainObject(folds) ? { ...data, folds: { ...folds, save_indices: false } } : data;
  const reading = DataSection.readComponent({ data: read }, { folder: yaml.folder });
  if (!reading.ok) throw new ConfigurationError(yaml.locate(reading.problems));
  const opened = construct(reading).data;
  await opened.open();
  return opened;
}

async function changedAt(path: string): Promise<string> {
  try {
    const { mtimeMs, size } = await stat(path);
    return `${mtimeMs.toString(36)}.${size}`;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}
