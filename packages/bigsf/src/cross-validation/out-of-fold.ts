import { type PatchesData, patchesOfMap } from "../datasets/patches-data.ts";
import type { Part } from "../folds/splits.ts";
import { type PatchedMap, type PatchSource, roomFor } from "../patches/patch-source.ts";
import type { PatchPredictor } from "../segmentation/patch-predictor.ts";

/** A trained model, and the split that it was trained on. */
export interface FoldModel {
  /** Counted from 0. */
  readonly split: number;
  readonly predictor: PatchPredictor;
  /** Makes its probabilities, means over overlapping patches, as sure as they are right. */
  readonly calibrate?: ((probability: number) => number) | undefined;
}

/** Rows of the map that are finished, from the first to the last, without what was added so that a patch fits in. */
export interface OutOfFoldRows {
  readonly firstRow: number;
  readonly rowCount: number;
  /** [rowCount, width]; NaN where no split tests the pixel, and where the image is not finite or missing. */
  readonly probability: Float32Array;
  /** [rowCount, width]: 1 on filaments, where a patch has told. */
  readonly truth: Uint8Array;
  /** [rowCount, width]: 1 where the truth is known and there is a probability. */
  readonly labelled: Uint8Array;
}

export interface OutOfFoldOptions {
  readonly data: PatchesData;
  /** The map that is put together. */
  readonly map: PatchedMap;
  readonly models: readonly FoldModel[];
  /** What each model predicts of its split; `test` by default. */
  readonly part?: Exclude<Part, "train">;
  readonly batchSize: number;
  /** Told how many more patches are done. */
  readonly onPatches?: ((count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Predicts each patch with the model that has it in its test set, and so has never seen it, and averages where patches
 * overlap. Memory is that of the rows of one row of patches, whatever the height of the map.
 */
export async function* outOfFoldRows(options: OutOfFoldOptions): AsyncGenerator<OutOfFoldRows> {
  const { data, map, models, part = "test", batchSize, onPatches, signal } = options;
  const { source } = await data.open();
  const { patchSize } = source;
  const [height, width] = map.shape;
  const [rowsInside, columnsInside] = map.inside;
  const tests = await Promise.all(
    models.map(async ({ split, predictor }) => ({
      predictor,
      ...patchesOfMap(await data.patches(split, part), map),
      next: 0,
    })),
  );
  const band = new Band(
    patchSize,
    width,
    models.map(({ calibrate }) => calibrate),
  );
  let top = 0;
  for (;;) {
    const y0 = Math.min(height, ...tests.map(({ positions, next }) => positions[2 * next] ?? height));
    while (top < y0) {
      const rows = band.shift(top, Math.min(patchSize, y0 - top));
      top += rows.rowCount;
      const valid = await map.valid(rows.firstRow, top);
      for (const [pixel, isValid] of valid?.entries() ?? []) if (isValid === 0) rows.probability[pixel] = Number.NaN;
      const rowCount = Math.min(rows.rowCount, rowsInside - rows.firstRow);
      if (rowCount > 0) yield { ...cutRows(rows, rowCount, width, columnsInside), firstRow: rows.firstRow, rowCount };
    }
    if (y0 === height) return;
    for (const [model, test] of tests.entries()) {
      while (test.positions[2 * test.next] === y0) {
        signal?.throwIfAborted();
        const count = countInRow(test, batchSize);
        const batch = await readBatch(source, test.indices.subarray(test.next, test.next + count));
        const predicted = await test.predictor.predict(batch);
        for (let place = 0; place < count; place++) {
          const x0 = test.positions[2 * (test.next + place) + 1] ?? 0;
          band.add(model, x0, predicted, batch, place);
        }
        test.next += count;
        onPatches?.(count);
      }
    }
  }
}

/** The first rows, and in them the first columns. */
function cutRows(
  { probability, truth, labelled }: OutOfFoldRows,
  rowCount: number,
  width: number,
  columns: number,
): Pick<OutOfFoldRows, "probability" | "truth" | "labelled"> {
  if (columns === width && probability.length === rowCount * width) return { probability, truth, labelled };
  const isInside = (_: number, pixel: number) => pixel < rowCount * width && pixel % width < columns;
  return {
    probability: probability.filter(isInside),
    truth: truth.filter(isInside),
    labelled: labelled.filter(isInside),
  };
}

interface TestPatches {
  readonly indices: Int32Array<ArrayBuffer>;
  readonly positions: Int32Array<ArrayBuffer>;
  readonly next: number;
}

/** How many of the next patches begin in the same row, up to a batch. */
function countInRow({ positions, indices, next }: TestPatches, batchSize: number): number {
  let count = 1;
  while (count < batchSize && next + count < indices.length && positions[2 * (next + count)] === positions[2 * next])
    count++;
  return count;
}

type Patches = Awaited<ReturnType<typeof readBatch>>;

async function readBatch(source: PatchSource, indices: Int32Array<ArrayBuffer>) {
  const { patchSize, positions } = source;
  const buffers = roomFor(source, indices.length);
  await source.read(indices, buffers);
  const corners = new Int32Array(4 * indices.length);
  for (const [place, index] of indices.entries()) {
    const [y0 = 0, x0 = 0] = positions.subarray(2 * index, 2 * index + 2);
    corners.set([y0, y0 + patchSize, x0, x0 + patchSize], 4 * place);
  }
  return { ...buffers, positions: corners, count: indices.length };
}

/** The rows of the map that patches of the present row reach. */
class Band {
  readonly #size: number;
  readonly #width: number;
  /** What each model has said; where it has not, 0 patches. */
  readonly #said: readonly Said[];
  readonly #truth: Uint8Array;
  readonly #labelled: Uint8Array;

  constructor(size: number, width: number, calibrations: readonly FoldModel["calibrate"][]) {
    this.#size = size;
    this.#width = width;
    this.#said = calibrations.map((calibrate) => ({
      calibrate,
      sums: new Float64Array(size * width),
      patches: new Uint32Array(size * width),
    }));
    this.#truth = new Uint8Array(size * width);
    this.#labelled = new Uint8Array(size * width);
  }

  /** Adds what a model says of the patch at this place of a batch, whose first column is x0. */
  add(model: number, x0: number, predicted: Float32Array, { spines, labelled }: Patches, place: number): void {
    const size = this.#size;
    const said = this.#said[model];
    if (said === undefined) return;
    const { sums, patches } = said;
    for (let y = 0, from = place * size * size; y < size; y++) {
      for (let x = 0, to = y * this.#width + x0; x < size; x++, to++, from++) {
        sums[to] = (sums[to] ?? 0) + (predicted[from] ?? 0);
        patches[to] = (patches[to] ?? 0) + 1;
        if ((labelled[from] ?? 0) <= 0) continue;
        this.#labelled[to] = 1;
        this.#truth[to] = (spines[from] ?? 0) > 0 ? 1 : 0;
      }
    }
  }

  /** Gives the upper rows, at most as many as a patch has, which no more patches reach, and moves the others up. */
  shift(firstRow: number, count: number): OutOfFoldRows {
    const cells = count * this.#width;
    const probability = Float32Array.from({ length: cells }, (_, cell) => meanOfModels(this.#said, cell));
    const truth = this.#truth.slice(0, cells);
    const labelled = this.#labelled.slice(0, cells);
    const layers = [this.#truth, this.#labelled, ...this.#said.flatMap(({ sums, patches }) => [sums, patches])];
    for (const layer of layers) {
      layer.copyWithin(0, cells);
      layer.fill(0, layer.length - cells);
    }
    return { firstRow, rowCount: count, probability, truth, labelled };
  }
}

interface Said {
  readonly calibrate: FoldModel["calibrate"];
  /** Of the probabilities of all patches. */
  readonly sums: Float64Array;
  readonly patches: Uint32Array;
}

/** Each patch counts once, whichever model has predicted it; NaN where none has. */
function meanOfModels(said: readonly Said[], cell: number): number {
  let [sum, patches] = [0, 0];
  for (const { calibrate, sums, patches: counts } of said) {
    const [own = 0, count = 0] = [sums[cell], counts[cell]];
    if (count === 0) continue;
    sum += calibrate === undefined ? own : calibrate(own / count) * count;
    patches += count;
  }
  return sum / (patches || Number.NaN);
}
