/** What the board shows of a database whose runs were trained on folds of patches: folds, out-of-fold maps and scores by fold. */
import { countText, messageOf } from "@ml-mosaic/base";
import type { MapPlane, MapSource, MapsInfo, Scores } from "@ml-mosaic/board";
import { openSqliteReader, type StoreReader } from "ml-mosaic/reading";
import "../components.ts";
import { figureOf } from "../cross-validation/fold-figures.ts";
import { outOfFoldRows } from "../cross-validation/out-of-fold.ts";
import { pixelShares } from "../cross-validation/pixel-scores.ts";
import type { PatchesData } from "../datasets/patches-data.ts";
import {
  dataKey,
  type FoldedData,
  type FoldedModel,
  type FoldRun,
  foldRuns,
  hasFoldRuns,
  meanOfRuns,
  rankedBy,
} from "../fold-runs/fold-runs.ts";
import { firstOfFolds, isSegmentation, loadRunModels, openDataOf } from "../fold-runs/run-models.ts";
import { startPreview } from "../pictures/preview.ts";
import { FoldPlanes, type Shown } from "./fold-planes.ts";
import { planeOf } from "./map-planes.ts";

/** undefined where its last run is of something else. */
export async function openDatabaseMaps(path: string): Promise<MapSource | undefined> {
  const reader = await openSqliteReader(path);
  if (await hasFoldRuns(reader)) return new DatabaseMaps(reader);
  await reader.close();
  return undefined;
}

const batchSize = 64;
const lossName = "test_loss";
/** Figures of patches' own bookkeeping are no scores. */
const figurePattern = /^test_(?!labelled$|unlabelled_found$)/;

interface OpenData {
  readonly data: PatchesData;
  readonly planes: FoldPlanes;
}

class DatabaseMaps implements MapSource {
  readonly #reader: StoreReader;
  /** By what they are made of. */
  readonly #opened = new Map<string, Promise<OpenData>>();
  #openings = 0;
  /** By the runs whose models have said them, as trained by then. */
  readonly #planes = new Map<string, { readonly trained: string; readonly plane: Promise<MapPlane> }>();
  /** One after the other: each takes all processors that it may have. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(reader: StoreReader) {
    this.#reader = reader;
  }

  async revision(): Promise<string> {
    return JSON.stringify([...(await this.#reader.countByStatus())]);
  }

  async info(): Promise<MapsInfo> {
    const all = await foldRuns(this.#reader);
    const { shown, problems } = await this.#shown(all);
    return {
      maps: shown.map(({ info }) => info),
      scores: await this.#scores(all),
      notes: problems.map((problem) => `Folds and target cannot be shown: ${problem}`),
    };
  }

  async plane(id: string): Promise<MapPlane | undefined> {
    const { shown } = await this.#shown(await foldRuns(this.#reader));
    return shown.find(({ info }) => info.id === id)?.plane();
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    for (const opening of this.#opened.values()) await (await opening.catch(() => undefined))?.data.close();
    await this.#reader.close();
  }

  async #shown(
    all: readonly FoldedData[],
  ): Promise<{ readonly shown: readonly Shown[]; readonly problems: readonly string[] }> {
    const [shown, problems]: [Shown[], string[]] = [[], []];
    for (const [place, folded] of all.entries()) {
      try {
        const opened = await this.#open(folded);
        shown.push(...(await this.#probabilities(folded, opened, `${place}-`)), ...(await opened.planes.shown()));
      } catch (error) {
        // The maps may be elsewhere by now: scores are in the database.
        problems.push(messageOf(error));
      }
    }
    return { shown, problems };
  }

  #open({ module, experimentId }: FoldedData): Promise<OpenData> {
    const key = dataKey({ module, experimentId });
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    const prefix = `${this.#openings++}-`;
    const opening = (async () => {
      const data = await openDataOf(this.#reader, { module, experimentId });
      return { data, planes: new FoldPlanes(data, prefix) };
    })();
    opening.catch(() => this.#opened.delete(key));
    this.#opened.set(key, opening);
    return opening;
  }

  /** Best first by the loss of what they have not seen. */
  async #probabilities(folded: FoldedData, opened: OpenData, prefix: string): Promise<readonly Shown[]> {
    const { source, splits } = await opened.data.open();
    const ranked = rankedBy(lossName, folded.models.filter(isSegmentation));
    return ranked.flatMap(({ model, isBest }) =>
      source.maps.map((map, place): Shown => {
        const runs = firstOfFolds(model, splits.length);
        return {
          info: {
            id: `${prefix}model-${folded.models.indexOf(model)}-${place}`,
            title: `${model.name}${source.maps.length > 1 ? `, ${map.name}` : ""}: probability of a filament, out of fold${isBest ? ", of the lowest loss" : ""}`,
            quantity: "probability",
            // With the epochs: trained further, they say something else, and the page asks again.
            note: `Each pixel by a model that was not trained on it: runs ${runs.map(toldRun).join(", ")}, of ${runs.length} of ${splits.length} folds. Where no model tests it or there are no data it has none.`,
          },
          plane: () => this.#outOfFold(opened, place, model, runs),
        };
      }),
    );
  }

  #outOfFold(opened: OpenData, place: number, model: FoldedModel, runs: readonly FoldRun[]): Promise<MapPlane> {
    const key = JSON.stringify([place, runs.map(({ runId }) => runId)]);
    const trained = JSON.stringify(runs.map(({ finished }) => finished));
    const known = this.#planes.get(key);
    if (known?.trained === trained) return known.plane;
    const drawing = this.#last.catch(() => undefined).then(() => this.#predicted(opened, place, model, runs));
    this.#last = drawing;
    drawing.catch(() => this.#planes.get(key)?.plane === drawing && this.#planes.delete(key));
    this.#planes.set(key, { trained, plane: drawing });
    return drawing;
  }

  async #predicted(
    { data, planes }: OpenData,
    place: number,
    model: FoldedModel,
    runs: readonly FoldRun[],
  ): Promise<MapPlane> {
    const { source } = await data.open();
    const map = source.maps[place];
    if (map === undefined) throw new RangeError(`there is no map ${place}`);
    const models = await loadRunModels(this.#reader, data, model, runs);
    try {
      const preview = startPreview(map.inside);
      for await (const { firstRow, probability } of outOfFoldRows({ data, map, models, batchSize }))
        preview.add(firstRow, probability);
      return planeOf(preview.finish(), { outline: await planes.target(place, map.inside) }, [0, 1]);
    } finally {
      for (const { predictor } of models) predictor.release();
    }
  }

  /** Of the first data; undefined where there are none. */
  async #scores(all: readonly FoldedData[]): Promise<Scores | null> {
    const [first] = all;
    if (first === undefined) return null;
    const folds = [...new Set(first.models.flatMap(({ runs }) => runs.map(({ fold }) => fold)))].sort(
      (one, other) => one - other,
    );
    const share = await this.#testShare(first);
    const results = first.models.flatMap(({ runs }) => runs.map(({ result }) => result));
    const names = new Set(
      results.flatMap((result) => Object.keys(result).filter((name) => Number.isFinite(result[name]))),
    );
    const figures = [...names]
      .filter((name) => figurePattern.test(name))
      .sort((one, other) => Number(one === lossName) - Number(other === lossName))
      .flatMap((name) =>
        first.models.map((model) => {
          const [finite, label] = [numberOrNull, name.replace(/^test_/, "")];
          const values = folds.map((fold) => meanOfRuns(model, name, fold));
          const isShare = pixelShares.some((each) => each === label);
          const { mean, interval, corrected } = figureOf(label, values, { testShare: share, isShare });
          const { low, high } = corrected ?? interval ?? { low: Number.NaN, high: Number.NaN };
          return {
            name: `${label}, ${model.name}`,
            values: values.map(finite),
            mean: finite(mean),
            low: finite(low),
            high: finite(high),
          };
        }),
      );
    return {
      of: "fold",
      parts: folds.map(String),
      figures,
      interval: Number.isNaN(share)
        ? "95 % interval of the mean"
        : "95 % interval of the mean, corrected for folds that share what they are trained on",
    };
  }

  /** Test patches divided by those that are trained on or tested, over all splits; NaN where the data are not there any more. */
  async #testShare(folded: FoldedData): Promise<number> {
    try {
      const { data } = await this.#open(folded);
      let [train, test] = [0, 0];
      for (let split = 0; split < data.splitCount(); split++) {
        train += (await data.patches(split, "train")).indices.length;
        test += (await data.patches(split, "test")).indices.length;
      }
      return test / (train + test);
    } catch {
      // The page says it of the maps.
      return Number.NaN;
    }
  }
}

function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function toldRun({ runId, result }: FoldRun): string {
  const { epochs } = result;
  return typeof epochs === "number" ? `${runId} (${countText(epochs, "epoch")})` : String(runId);
}
