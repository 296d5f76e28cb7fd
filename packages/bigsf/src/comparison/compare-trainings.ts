/** Which of two trainings finds more filaments, by areas that neither model of a pixel has seen. */
import { comparePair, type Interval, judge, medianOf, type Verdict } from "@ml-mosaic/statistics";
import { patchesOfMap } from "../datasets/patches-data.ts";
import { BigsfError } from "../errors.ts";
import { openPlane, type Plane } from "../maps/plane.ts";
import { type PatchedMap, roomFor } from "../patches/patch-source.ts";
import type { MapRows } from "../segmentation/segment-rows.ts";
import { type ComparedTraining, openComparedTraining } from "./compared-training.ts";
import { type AreaPieces, piecesOf } from "./pieces.ts";

export interface CompareTrainingsOptions {
  /** Folders of bigsf train-k-fold, or models of databases: `results.db:unet`. */
  readonly trainings: readonly [a: string, b: string];
  /** FITS file of the only map, by which filaments are faint or bright. */
  readonly image: string | undefined;
  readonly threshold: number;
  /** Told of patches that are predicted, where a training keeps no map of what it has not seen. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Of some filaments. */
export interface ComparedRow {
  readonly name: "all" | "faint" | "bright" | "invented";
  /** How many there are; undefined of those that are not. */
  readonly of: number | undefined;
  readonly a: number;
  readonly b: number;
  /** Areas that have some. */
  readonly areas: number;
  /** Of b - a; undefined where nothing can be said. */
  readonly interval: Interval | undefined;
  /** On b. */
  readonly verdict: Verdict;
}

export interface ComparedTrainings {
  readonly rows: readonly ComparedRow[];
  readonly areas: number;
  readonly isCalibrated: boolean;
  /** Contrast below which a filament is faint: the median. */
  readonly faintBelow: number | undefined;
  readonly notes: readonly string[];
}

/**
 * Counts, area by area, which filaments the out-of-fold maps of two trainings find, and flips signs of the areas' differences:
 * pixels, and filaments, of one area are found or missed together.
 *
 * @throws BigsfError where the trainings are not finished, or of other maps
 */
export async function compareTrainings(options: CompareTrainingsOptions): Promise<ComparedTrainings> {
  const { trainings, image, threshold, onProgress, signal } = options;
  await using resources = new AsyncDisposableStack();
  const a = await openComparedTraining(trainings[0], resources);
  const b = await openComparedTraining(trainings[1], resources);
  const both = [a, b];
  const [first, second] = [await a.data.open(), await b.data.open()];
  const isCalibrated = a.isCalibrated && b.isCalibrated;
  const size = a.data.folds.area_size;
  const areas: AreaPieces[] = [];
  const { maps } = first.source;
  if (image !== undefined && maps.length > 1)
    throw new BigsfError("MAP", "--image is of one map, and these trainings have several; leave it out");
  const patches = await patchesToPredict(both);
  let predicted = 0;
  const onPatches = (count: number) => {
    predicted += count;
    onProgress?.(predicted, patches);
  };
  for (const [place, map] of maps.entries()) {
    const other = second.source.maps[place];
    if (other === undefined || !isSameMap(map, other))
      throw new BigsfError(
        "MAP",
        `${trainings[1]} was trained on other maps than ${trainings[0]}: nothing can be compared`,
      );
    const said: MapRows[] = [];
    for (const [index, training] of both.entries()) {
      const own = training === b ? other : map;
      const rows = await training.outOfFold(own, { calibrated: isCalibrated, signal, onPatches });
      checkShape(`the out-of-fold map of ${trainings[index]}`, rows, map);
      said.push(rows);
    }
    const shown = image === undefined ? undefined : await openImage(image, map, resources);
    const labels = await labelsOf(a, map);
    const [height, width] = map.inside;
    for (let y = 0; y < height; y += size) {
      for (let x = 0; x < width; x += size) {
        const [bottom, right] = [Math.min(height, y + size), Math.min(width, x + size)];
        const cut = (plane: Uint8Array) => cutOut(plane, map.shape[1], { y0: y, y1: bottom, x0: x, x1: right });
        areas.push(
          piecesOf(
            {
              width: right - x,
              truth: cut(labels.truth),
              labelled: cut(labels.labelled),
              said: await Promise.all(said.map((plane) => plane.section(y, bottom, x, right))),
              image: await shown?.section(y, bottom, x, right),
            },
            threshold,
          ),
        );
      }
    }
  }
  return { ...judged(areas), isCalibrated, notes: both.flatMap(({ notes }) => notes) };
}

function isSameMap(a: PatchedMap, b: PatchedMap): boolean {
  const [ofA, ofB] = [a.imageDigest, b.imageDigest];
  // A file of patches that other software made does not tell of what.
  const differs = ofA !== undefined && ofB !== undefined && ofA !== ofB;
  return !differs && a.inside.join() === b.inside.join();
}

async function openImage(path: string, map: PatchedMap, resources: AsyncDisposableStack): Promise<Plane> {
  const plane = await openPlane(path);
  resources.defer(() => plane.close());
  checkShape(path, plane, map);
  return plane;
}

function checkShape(what: string, { shape }: Pick<MapRows, "shape">, { inside }: PatchedMap): void {
  if (shape.join() !== inside.join())
    throw new BigsfError(
      "MAP",
      `${what} has ${shape.join(" x ")} pixels, the map of the training ${inside.join(" x ")}`,
    );
}

async function patchesToPredict(trainings: readonly ComparedTraining[]): Promise<number> {
  let count = 0;
  for (const { data, predictedSplits } of trainings)
    for (const split of predictedSplits) count += (await data.patches(split, "test")).indices.length;
  return count;
}

const batch = 256;

/** What the test patches of all splits tell of a map: [height, width], 1 or 0. */
async function labelsOf({ data, splits }: ComparedTraining, map: PatchedMap) {
  const { source } = await data.open();
  const size = source.patchSize;
  const [height, width] = map.shape;
  const [truth, labelled] = [new Uint8Array(height * width), new Uint8Array(height * width)];
  for (let split = 0; split < splits; split++) {
    const { indices, positions } = patchesOfMap(await data.patches(split, "test"), map);
    for (let from = 0; from < indices.length; from += batch) {
      const numbers = indices.subarray(from, from + batch);
      const buffers = roomFor(source, numbers.length);
      await source.read(numbers, buffers);
      for (let pixel = 0; pixel < buffers.labelled.length; pixel++) {
        if (!((buffers.labelled[pixel] ?? 0) > 0)) continue;
        const patch = from + Math.floor(pixel / (size * size));
        const [y0 = 0, x0 = 0] = positions.subarray(2 * patch, 2 * patch + 2);
        const to = (y0 + (Math.floor(pixel / size) % size)) * width + x0 + (pixel % size);
        labelled[to] = 1;
        truth[to] = (buffers.spines[pixel] ?? 0) > 0 ? 1 : 0;
      }
    }
  }
  return { truth, labelled };
}

interface Box {
  readonly y0: number;
  readonly y1: number;
  readonly x0: number;
  readonly x1: number;
}

function cutOut(plane: Uint8Array, width: number, { y0, y1, x0, x1 }: Box): Uint8Array {
  const cut = new Uint8Array((y1 - y0) * (x1 - x0));
  for (let y = y0; y < y1; y++) cut.set(plane.subarray(y * width + x0, y * width + x1), (y - y0) * (x1 - x0));
  return cut;
}

function judged(areas: readonly AreaPieces[]): Omit<ComparedTrainings, "isCalibrated" | "notes"> {
  const contrasts = areas.flatMap(({ pieces }) => pieces.map(({ contrast }) => contrast)).filter(Number.isFinite);
  const faintBelow = contrasts.length === 0 ? undefined : medianOf(contrasts);
  const groups = [
    { name: "all", isMeant: () => true },
    ...(faintBelow === undefined
      ? []
      : ([
          { name: "faint", isMeant: (contrast: number) => contrast < faintBelow },
          { name: "bright", isMeant: (contrast: number) => contrast >= faintBelow },
        ] as const)),
  ] as const;
  const counted = groups.map(({ name, isMeant }) => {
    const meant = areas
      .map(({ pieces }) => pieces.filter(({ contrast }) => isMeant(contrast)))
      .filter((pieces) => pieces.length > 0);
    const found = (model: number) => meant.map((pieces) => pieces.filter((piece) => piece.found[model]).length);
    return { name, of: meant.flat().length, a: found(0), b: found(1) };
  });
  const found = (model: number) => areas.map(({ invented }) => invented[model] ?? 0);
  const invented = { name: "invented" as const, of: undefined, a: found(0), b: found(1) };
  const family = counted.length + 1;
  return {
    areas: areas.filter(({ pieces }) => pieces.length > 0).length,
    faintBelow,
    rows: [...rowsOf(counted, "higher", family), ...rowsOf([invented], "lower", family)],
  };
}

interface Counted extends Pick<ComparedRow, "name" | "of"> {
  /** By area. */
  readonly a: readonly number[];
  readonly b: readonly number[];
}

function rowsOf(counted: readonly Counted[], direction: "higher" | "lower", family: number): readonly ComparedRow[] {
  const settings = { direction, rope: () => 0, correlation: 0, isFixed: false, isPlanned: true } as const;
  const pairs = counted.map(({ a, b }) => comparePair({ a: b, b: a }, settings));
  const judgements = judge(pairs, direction, family);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return counted.map(({ name, of, a, b }, row) => {
    const interval = pairs[row]?.evidence?.interval;
    return {
      name,
      of,
      a: sum(a),
      b: sum(b),
      areas: a.length,
      interval: interval && { low: interval.low * a.length, high: interval.high * a.length },
      verdict: judgements[row]?.verdict ?? "unknown",
    };
  });
}
