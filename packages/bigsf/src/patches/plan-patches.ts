import { basename } from "node:path";
import { FitsError, readCelestialWcs } from "@ml-mosaic/fits";
import { type MapTally, startTally } from "../maps/map-tally.ts";
import type { Maps } from "../maps/maps.ts";
import { startRange } from "../maps/positive-range.ts";
import type { ContentDigest } from "../maps/source-map.ts";
import { type Preview, startPreview } from "../pictures/preview.ts";
import { startKeptArea } from "./kept-area.ts";
import { bytesPerPatch } from "./patch-file-layout.ts";
import { type PatchGrid, patchGrid } from "./patch-grid.ts";
import { HAS_LABELS, HAS_SIGNAL, HAS_TARGET, isKept, type PatchRules, type PositiveRange } from "./patch-rules.ts";
import { scanPatches } from "./scan-patches.ts";

/** What patches a map gives, before any is cut. */
export interface PatchPlan {
  readonly grid: PatchGrid;
  readonly kept: number;
  /** Dropped since no pixel of the image is > 0, since none is labelled, for both reasons. */
  readonly dropped: { readonly noSignal: number; readonly noLabels: number; readonly neither: number };
  /** Kept patches with some filament. */
  readonly withTarget: number;
  /** Of all data sets together, before compression. */
  readonly bytes: number;
  readonly tally: MapTally;
  /** Of the positive valid pixels. */
  readonly range: PositiveRange | undefined;
  /** Digest of the image's pixels, where it was asked for. */
  readonly content: string;
  /** What was repaired in the coordinates of the image. */
  readonly notes: readonly string[];
  readonly pictures: PlanPictures;
}

export interface PlanPictures {
  readonly image: Preview;
  /** Cells of the image's preview that are at least a third filament, and at least half in kept patches. */
  readonly target: Uint8Array;
  readonly kept: Uint8Array;
}

export interface PlanOptions {
  readonly content?: ContentDigest | undefined;
  /** Told how many rows of the map are done. */
  readonly onRows?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Goes once through a map. Memory is some rows, and a picture. @throws BigsfError `MAP` where no patch fits into it */
export async function planPatches(
  maps: Maps,
  rules: PatchRules,
  { content, onRows, signal }: PlanOptions = {},
): Promise<PatchPlan> {
  const grid = patchGrid(maps.shape, rules);
  const image = startPreview(maps.shape);
  const target = startPreview(maps.shape);
  const area = startKeptArea(grid, image.layout);
  const tally = startTally();
  const range = startRange();
  let kept = 0;
  let withTarget = 0;
  let noSignal = 0;
  let noLabels = 0;
  let neither = 0;
  const onSection: Parameters<typeof scanPatches>[2] = {
    signal,
    onSection(section, firstRow) {
      tally.add(section);
      range.add(section);
      content?.add(section);
      image.add(firstRow, section.raw);
      target.add(firstRow, section.target);
      onRows?.(firstRow);
    },
  };
  for await (const row of scanPatches(maps, grid, onSection)) {
    area.add(row);
    for (const flags of row.flags) {
      if (isKept(flags)) {
        kept += 1;
        if ((flags & HAS_TARGET) !== 0) withTarget += 1;
      } else if ((flags & HAS_LABELS) !== 0) noSignal += 1;
      else if ((flags & HAS_SIGNAL) !== 0) noLabels += 1;
      else neither += 1;
    }
  }
  onRows?.(maps.shape[0]);
  return {
    grid,
    kept,
    dropped: { noSignal, noLabels, neither },
    withTarget,
    bytes: kept * bytesPerPatch(grid.patchSize, 1 + (maps.paths.channels?.length ?? 0)),
    tally: tally.finish(),
    range: range.finish(),
    content: content?.finish() ?? "",
    notes: [...coordinateNotes(maps), ...maps.notes],
    pictures: {
      image: image.finish(),
      target: atLeastAThird(target.finish().values),
      kept: area.finish(),
    },
  };
}

function coordinateNotes({ header, paths }: Maps): readonly string[] {
  try {
    return (readCelestialWcs(header)?.notes ?? []).map((note) => `${basename(paths.image)}: ${note}.`);
  } catch (error) {
    if (error instanceof FitsError) return [`${basename(paths.image)}: pictures show pixels: ${error.message}`];
    throw error;
  }
}

function atLeastAThird(shares: Float32Array): Uint8Array {
  const cells = new Uint8Array(shares.length);
  for (let cell = 0; cell < cells.length; cell++) cells[cell] = (shares[cell] ?? 0) > 1 / 3 ? 1 : 0;
  return cells;
}
