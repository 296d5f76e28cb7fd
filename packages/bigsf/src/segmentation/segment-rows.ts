import { BigsfError } from "../errors.ts";
import { paddedPlane } from "../maps/padded-plane.ts";
import type { Plane } from "../maps/plane.ts";
import { type CutRules, cutImage } from "../patches/patch-rules.ts";
import { type Blend, blendWeights } from "./blend-weights.ts";
import { patchStarts } from "./patch-starts.ts";
import { Spread, type Voice } from "./voice.ts";

/** A map that is read by rows, so that it may be larger than memory. */
export type MapRows = Pick<Plane, "shape" | "section">;

export interface PatchBatch {
  /** [count, channels, patchSize, patchSize]; valid until the prediction has ended. */
  readonly patches: Float32Array;
  /** [count, 2, 2]: [[y0, y1], [x0, x1]] of each patch in the map, ends exclusive. */
  readonly positions: Int32Array;
  readonly count: number;
}

/** Patches are cut and normalised as those were that the model was trained on. */
export interface SegmentRowsOptions extends CutRules {
  readonly map: MapRows;
  /** The other channels, on the same pixels. */
  readonly channels?: readonly MapRows[] | undefined;
  /** Positive where the map can be trusted. */
  readonly missing?: MapRows | undefined;
  /** Pixels that neighbouring patches share, along each axis; below `patchSize`. */
  readonly overlap: number;
  readonly blend: Blend;
  readonly batchSize: number;
  /** Whose mean is taken; one or more. */
  readonly voices: readonly Voice[];
  /** Rows before it are done already; a first row of patches. */
  readonly startRow?: number | undefined;
  /** Told from 0 on how many patches of all are done, those that need no prediction included. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Aborted: throws its reason at the next chance. */
  readonly signal?: AbortSignal | undefined;
}

/** Rows that are finished, from the first to the last of the map. */
export interface SegmentedRows {
  readonly firstRow: number;
  readonly rowCount: number;
  /** [rowCount, width]; NaN where the map is not finite or `missing` is not positive. */
  readonly probability: Float32Array;
  /** Standard deviation of what the voices say, [rowCount, width], NaN as there; undefined of a single one. */
  readonly uncertainty?: Float32Array | undefined;
  /** The map itself, [rowCount, width]; NaN where `probability` is. */
  readonly values: Float64Array;
}

/**
 * Predicts every pixel of a map from overlapping patches and blends what they say, for each voice by itself. Memory is that of
 * the rows of one row of patches, once for each voice, whatever the height of the map. What is not finite counts as 0 in a patch. A patch without a positive pixel,
 * or without a valid one, is not predicted: the probability in it is 0, as preprocessing drops such patches from training.
 *
 * A map that is smaller than a patch is filled up with pixels without data.
 *
 * @throws BigsfError `MODEL` where the model predicts NaN
 */
export async function* segmentRows(given: SegmentRowsOptions): AsyncGenerator<SegmentedRows> {
  const [mapHeight, mapWidth] = given.map.shape;
  const { patchSize, overlap, blend, startRow = 0 } = given;
  const map = paddedPlane(given.map, patchSize);
  const missing = given.missing && paddedPlane(given.missing, patchSize);
  const channels = (given.channels ?? []).map((each) => paddedPlane(each, patchSize));
  const options = { ...given, map, missing };
  const [height, width] = map.shape;
  const tops = patchStarts(height, patchSize, patchSize - overlap);
  const lefts = patchStarts(width, patchSize, patchSize - overlap);
  const rowWeights = blendWeights(blend, tops, patchSize);
  const columnWeights = blendWeights(blend, lefts, patchSize);
  const slide = slidingRows(map, { missing, channels, patchSize });
  const heard = options.voices.map((voice): Heard => ({ voice, sums: new Float32Array(patchSize * width) }));
  const patches = new Float32Array(options.batchSize * (1 + channels.length) * patchSize ** 2);
  options.onProgress?.(0, tops.length * lefts.length);
  for (const [row, top] of tops.entries()) {
    // Patches above the first row that is wanted are only needed where they reach into it.
    if (top + patchSize <= startRow) continue;
    const band = await slide(top);
    const weights = rowWeights[row] ?? new Float64Array();
    for (let column = 0; column < lefts.length; ) {
      options.signal?.throwIfAborted();
      const { columns, next, ...batch } = fillBatch(band, lefts, column, patches, options);
      for (const { voice, sums } of heard) {
        if (columns.length === 0) break;
        const predicted = await voice.predict(batch);
        for (const [place, at] of columns.entries()) {
          const patch = predicted.subarray(place * patchSize ** 2, (place + 1) * patchSize ** 2);
          const left = lefts[at] ?? 0;
          if (!addPatch(sums, width, left, patch, weights, columnWeights[at] ?? weights)) throw notANumber(top, left);
        }
      }
      column = next;
      options.onProgress?.(row * lefts.length + column, tops.length * lefts.length);
    }
    const rowCount = (tops[row + 1] ?? height) - top;
    if (top >= startRow) yield cropped(finish(band, heard, rowCount), width, mapHeight, mapWidth);
    for (const { sums } of heard) {
      sums.copyWithin(0, rowCount * width);
      sums.fill(0, (patchSize - rowCount) * width);
    }
  }
}

/** The rows of one row of patches; its arrays are used again for the next one. */
interface Band {
  readonly top: number;
  readonly width: number;
  /** [patchSize, width]; 0 where the map is not finite. */
  readonly image: Float64Array;
  /** The other channels, as the image. */
  readonly others: readonly Float64Array[];
  /** 1 where the map and all other channels are finite and not missing. */
  readonly valid: Uint8Array;
}

/** What a voice has said of the rows of one row of patches, blended: [patchSize, width]. */
interface Heard {
  readonly voice: Voice;
  readonly sums: Float32Array;
}

interface FilledBatch extends PatchBatch {
  /** Which of the patches of the row they are. */
  readonly columns: readonly number[];
  /** The first that is not looked at yet. */
  readonly next: number;
}

/** Reads each row once: what the next row of patches shares with the last one is moved up. */
function slidingRows(
  map: MapRows,
  {
    missing,
    channels,
    patchSize,
  }: { readonly missing: MapRows | undefined; readonly channels: readonly MapRows[]; readonly patchSize: number },
): (top: number) => Promise<Band> {
  const [, width] = map.shape;
  const image = new Float64Array(patchSize * width);
  const others = channels.map(() => new Float64Array(patchSize * width));
  const valid = new Uint8Array(patchSize * width);
  let end = 0;
  return async (top) => {
    const kept = Math.max(0, end - top);
    end = top + patchSize;
    for (const rows of [image, ...others, valid]) rows.copyWithin(0, (patchSize - kept) * width);
    const [values, trusted, ...more] = await Promise.all(
      [map, missing, ...channels].map((each) => each?.section(top + kept, end, 0, width)),
    );
    for (let from = 0, to = kept * width; to < image.length; from++, to++) {
      const value = values?.[from] ?? 0;
      const isNumber = value - value === 0;
      image[to] = isNumber ? value : 0;
      valid[to] = isNumber && (trusted === undefined || (trusted[from] ?? 0) > 0) ? 1 : 0;
      for (const [channel, rows] of others.entries()) {
        const said = more[channel]?.[from] ?? Number.NaN;
        rows[to] = said - said === 0 ? said : 0;
        if (said - said !== 0) valid[to] = 0;
      }
    }
    return { top, width, image, others, valid };
  };
}

/** Cuts and normalises patches from `column` on until the batch is full. */
function fillBatch(
  band: Band,
  lefts: readonly number[],
  column: number,
  patches: Float32Array,
  { batchSize, ...rules }: SegmentRowsOptions,
): FilledBatch {
  const { patchSize } = rules;
  const columns: number[] = [];
  const positions: number[] = [];
  const area = patchSize ** 2;
  const channels = 1 + band.others.length;
  let next = column;
  for (; next < lefts.length && columns.length < batchSize; next++) {
    const left = lefts[next] ?? 0;
    if (!isWorthIt(band, left, patchSize)) continue;
    for (const [channel, pixels] of [band.image, ...band.others].entries())
      cutImage(pixels, band.width, left, rules, patches, (columns.length * channels + channel) * area);
    columns.push(next);
    positions.push(band.top, band.top + patchSize, left, left + patchSize);
  }
  const count = columns.length;
  return {
    patches: patches.subarray(0, count * channels * area),
    positions: Int32Array.from(positions),
    columns,
    count,
    next,
  };
}

/** Whether a patch has a positive pixel and a valid one. */
function isWorthIt({ width, image, valid }: Band, left: number, patchSize: number): boolean {
  let hasPositive = false;
  let hasValid = false;
  for (let y = 0; y < patchSize; y++) {
    for (let i = y * width + left, end = i + patchSize; i < end; i++) {
      if ((image[i] ?? 0) > 0) hasPositive = true;
      if (valid[i] === 1) hasValid = true;
    }
    if (hasPositive && hasValid) return true;
  }
  return false;
}

/** Adds what one patch says, weighted. @returns false where it says NaN */
function addPatch(
  sums: Float32Array,
  width: number,
  left: number,
  patch: Float32Array,
  rowWeights: Float64Array,
  columnWeights: Float64Array,
): boolean {
  const patchSize = rowWeights.length;
  let total = 0;
  for (let y = 0, from = 0; y < patchSize; y++) {
    const weight = rowWeights[y] ?? 0;
    const to = y * width + left;
    for (let x = 0; x < patchSize; x++, from++) {
      const added = weight * (columnWeights[x] ?? 0) * (patch[from] ?? 0);
      total += added;
      sums[to + x] = (sums[to + x] ?? 0) + added;
    }
  }
  return !Number.isNaN(total);
}

function finish({ top, width, image, valid }: Band, heard: readonly Heard[], rowCount: number): SegmentedRows {
  const pixels = rowCount * width;
  const spread = new Spread(pixels);
  for (const { voice, sums } of heard) spread.add(sums, voice.calibrator);
  const probability = Float32Array.from(spread.mean);
  const uncertainty = spread.deviation();
  const values = image.slice(0, pixels);
  for (let i = 0; i < pixels; i++)
    if (valid[i] !== 1) for (const layer of [probability, values, uncertainty]) if (layer) layer[i] = Number.NaN;
  return { firstRow: top, rowCount, probability, uncertainty, values };
}

/** Without the pixels that were added to a small map. */
function cropped(rows: SegmentedRows, width: number, mapHeight: number, mapWidth: number): SegmentedRows {
  const rowCount = Math.min(rows.rowCount, mapHeight - rows.firstRow);
  if (width === mapWidth && rowCount === rows.rowCount) return rows;
  const isInside = (_: number, pixel: number) => pixel < rowCount * width && pixel % width < mapWidth;
  return {
    firstRow: rows.firstRow,
    rowCount,
    probability: rows.probability.filter(isInside),
    uncertainty: rows.uncertainty?.filter(isInside),
    values: rows.values.filter(isInside),
  };
}

function notANumber(top: number, left: number): BigsfError {
  return new BigsfError(
    "MODEL",
    `the model predicts NaN for the patch at row ${top}, column ${left}: are its weights, or the map's values there, beyond the range of float32?`,
  );
}
