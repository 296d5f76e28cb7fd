import { paddedPlane } from "../maps/padded-plane.ts";
import type { PixelBox } from "../maps/region.ts";
import type { Blend } from "../segmentation/blend-weights.ts";
import { patchStarts } from "../segmentation/patch-starts.ts";
import { segmentRows } from "../segmentation/segment-rows.ts";
import type { SegmentationPlan } from "../segmentation/segmentation-plan.ts";
import type { Voice } from "../segmentation/voice.ts";
import { cutRows } from "./overlay.ts";
import type { Reprediction } from "./reprediction.ts";

/** On a map that no model has seen: the same patches as those of `bigsf segment`. */
export function gridReprediction(
  { missing: trusted, voices, patchSize, normalization, range, overlap, models }: SegmentationPlan,
  { blend, batchSize }: { readonly blend: Blend; readonly batchSize: number },
): Reprediction {
  const stride = patchSize - overlap;
  return {
    reach: patchSize,
    models: models.length,
    async predict(given, touched, signal) {
      const image = paddedPlane(given, patchSize);
      const missing = trusted && paddedPlane(trusted, patchSize);
      const [height, width] = image.shape;
      const [rows, columns] = [
        axisOf(height, patchSize, stride, touched.y0, touched.y1),
        axisOf(width, patchSize, stride, touched.x0, touched.x1),
      ];
      const part: PixelBox = { y0: rows.from, y1: rows.to, x0: columns.from, x1: columns.to };
      const [bottom, right] = [Math.min(rows.changedTo, given.shape[0]), Math.min(columns.changedTo, given.shape[1])];
      const box: PixelBox = { y0: rows.changedFrom, y1: bottom, x0: columns.changedFrom, x1: right };
      const values = new Float32Array((box.y1 - box.y0) * (box.x1 - box.x0));
      const segmented = segmentRows({
        map: cutRows(image, part),
        missing: missing && cutRows(missing, part),
        voices: voices.map((voice) => placed(voice, part)),
        patchSize,
        normalization,
        range,
        overlap,
        blend,
        batchSize,
        signal,
      });
      for await (const { firstRow, rowCount, probability } of segmented)
        copyInto(values, box, probability, { y0: part.y0 + firstRow, rows: rowCount, x0: part.x0, x1: part.x1 });
      return { box, values };
    },
  };
}

/** Along one axis: where patches that see the change lie, and where all lie that say something of the same pixels. */
function axisOf(length: number, patchSize: number, stride: number, touchedFrom: number, touchedTo: number) {
  const starts = patchStarts(length, patchSize, stride);
  const within = (from: number, to: number) => starts.filter((start) => start + patchSize > from && start < to);
  const seeing = within(touchedFrom, touchedTo);
  const [changedFrom, changedTo] = [seeing[0] ?? 0, (seeing.at(-1) ?? 0) + patchSize];
  const saying = within(changedFrom, changedTo);
  return { changedFrom, changedTo, from: saying[0] ?? 0, to: (saying.at(-1) ?? 0) + patchSize };
}

/** Told where patches lie in the whole map. */
function placed(voice: Voice, { y0, x0 }: PixelBox): Voice {
  return {
    calibrator: voice.calibrator,
    predict: (batch) =>
      voice.predict({ ...batch, positions: batch.positions.map((place, i) => place + (i % 4 < 2 ? y0 : x0)) }),
  };
}

interface Rows {
  readonly y0: number;
  readonly rows: number;
  readonly x0: number;
  readonly x1: number;
}

function copyInto(values: Float32Array, box: PixelBox, from: Float32Array, { y0, rows, x0, x1 }: Rows): void {
  const width = box.x1 - box.x0;
  for (let y = Math.max(y0, box.y0); y < Math.min(y0 + rows, box.y1); y++) {
    const start = (y - y0) * (x1 - x0) + box.x0 - x0;
    values.set(from.subarray(start, start + width), (y - box.y0) * width);
  }
}
