import { contrastOf, isFaint } from "../catalogue/columns.ts";
import type { MeasuredFilament } from "../catalogue/filament.ts";
import { type FoundFilament, findFilaments, spineOfFound } from "../catalogue/find-filaments.ts";
import { mapSamples } from "../catalogue/map-samples.ts";
import { type MeasureParts, measureFilament } from "../catalogue/measure-filament.ts";
import type { Point } from "../catalogue/skeleton-graph.ts";
import { BigsfError } from "../errors.ts";
import type { PixelBox } from "../maps/region.ts";
import type { Outcome } from "./completeness.ts";
import { type Drawn, drawInto } from "./injection.ts";
import { coveredShare, SpineIndex, toleranceOf } from "./match.ts";
import { grown, meet, overlaid, type Piece } from "./overlay.ts";
import type { Pass, Placed } from "./place-shapes.ts";
import type { RecoveryInputs, RecoverySettings } from "./recovery-inputs.ts";

const add = (before: number, value: number) => before + value;
/** Where there was no probability there is none. */
const replace = (before: number, value: number) => (Number.isNaN(before) ? Number.NaN : value);

/** Puts filaments that are apart into the map, and makes the catalogue again. */
export async function recoverPass(
  placed: readonly Placed[],
  inputs: RecoveryInputs,
  before: SpineIndex,
  { leastShare, profile }: Pick<RecoverySettings, "leastShare" | "profile">,
  signal?: AbortSignal,
): Promise<readonly Outcome[]> {
  const { image, probability, reprediction } = inputs;
  const drawn: Drawn[] = [];
  const pieces: Piece[] = [];
  for (const each of placed) {
    const one = await drawInto(image, each, profile);
    drawn.push(one);
    pieces.push(await reprediction.predict(overlaid(image, [one.added], add), each.touched, signal));
  }
  const injected = overlaid(
    image,
    drawn.map(({ added }) => added),
    add,
  );
  const said = overlaid(probability, pieces, replace);
  const found = await findFilaments(said, { ...inputs.findOptions, signal });
  const parts = {
    ...inputs.measuring,
    plane: found.plane,
    image: mapSamples(injected),
    probability: mapSamples(said),
  };
  const boxes = placed.map(({ touched }) => grown(touched, mostSmoothed, image.shape));
  const spines = found.filaments.flatMap((filament) =>
    boxes.some((box) => comesInto(filament, box)) ? [{ filament, points: spineOfFound(filament).points }] : [],
  );
  const outcomes: Outcome[] = [];
  for (const [index, each] of placed.entries()) {
    const near = spines.filter(({ points }) => reaches(points, each));
    outcomes.push(await outcomeOf(each, drawn[index], near, { parts, before, leastShare, inputs }));
  }
  return outcomes;
}

/** @throws BigsfError where the models do not say of the image what the map of probabilities says */
export async function checkSameMap(
  { placed: [first] }: Pass,
  { image, probability, reprediction }: RecoveryInputs,
  signal?: AbortSignal,
): Promise<void> {
  if (first === undefined) return;
  const { box, values } = await reprediction.predict(image, first.touched, signal);
  const there = await probability.section(box.y0, box.y1, box.x0, box.x1);
  const apart = there.reduce((most, value, i) => {
    const difference = Math.abs(value - (values[i] ?? Number.NaN));
    return Number.isNaN(value) ? most : Math.max(most, Number.isNaN(difference) ? 1 : difference);
  }, 0);
  if (apart <= sameWithin) return;
  throw new BigsfError(
    "MODEL",
    `${probability.path} is not what the models say of ${image.path} by this segmentation: ${apart.toPrecision(2)} apart at rows ${box.y0} to ${box.y1}, columns ${box.x0} to ${box.x1}; run bigsf segment again with it, or give the configuration that made the map`,
  );
}

/** Sums of float32 in another order. */
const sameWithin = 1e-3;

interface NearSpine {
  readonly filament: FoundFilament;
  readonly points: readonly Point[];
}

interface OutcomeParts {
  readonly parts: MeasureParts;
  readonly before: SpineIndex;
  readonly leastShare: number;
  readonly inputs: RecoveryInputs;
}

async function outcomeOf(
  { id, points, length, width, contrast }: Placed,
  drawn: Drawn | undefined,
  near: readonly NearSpine[],
  { parts, before, leastShare, inputs }: OutcomeParts,
): Promise<Outcome> {
  const tolerance = toleranceOf(width);
  const covering = new SpineIndex();
  let [best, most]: [MeasuredFilament | undefined, number] = [undefined, 0];
  for (const each of near) {
    const fresh = each.points.filter((point) => !before.isNear(point, tolerance));
    const own = new SpineIndex();
    own.add(fresh);
    const share = coveredShare(points, own, tolerance);
    if (share === 0) continue;
    const filament = await measureFilament(each.filament, parts);
    if (isFaint(filament, inputs.finding.least_significance)) continue;
    covering.add(fresh);
    if (share > most) [best, most] = [filament, share];
  }
  const share = coveredShare(points, covering, tolerance);
  const middle = points[points.length >> 1] ?? { x: Number.NaN, y: Number.NaN };
  const high = drawn && (contrast * drawn.background) / drawn.scatter;
  return {
    id,
    x: middle.x,
    y: middle.y,
    length,
    width,
    contrast,
    significance: high !== undefined && Number.isFinite(high) ? high : undefined,
    share,
    recovered: share >= leastShare,
    measured: best && {
      length: best.length,
      width: best.profile?.width.value,
      contrast: contrastOf(best),
      probability: best.probability,
    },
  };
}

/** Pixels by which a spine lies beside the line that was found, at most. */
const mostSmoothed = 8;

/** Whether the line that was found may; spines of all of a survey would be millions of objects. */
function comesInto({ places }: FoundFilament, box: PixelBox): boolean {
  for (let i = 0; i + 1 < places.length; i += 2) {
    const [x = 0, y = 0] = [places[i], places[i + 1]];
    // Lines go on straight to those that they leave.
    const [nextX = x, nextY = y] = [places[i + 2], places[i + 3]];
    const step = {
      y0: Math.min(y, nextY),
      y1: Math.max(y, nextY) + 1,
      x0: Math.min(x, nextX),
      x1: Math.max(x, nextX) + 1,
    };
    if (meet(step, box)) return true;
  }
  return false;
}

function reaches(points: readonly Point[], { touched: { y0, y1, x0, x1 } }: Placed): boolean {
  return points.some(({ x, y }) => x >= x0 && x < x1 && y >= y0 && y < y1);
}
