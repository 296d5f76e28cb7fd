import { readdir, stat } from "node:fs/promises";
import { CodedError, isSystemError, machineTrouble, messageOf } from "@ml-mosaic/base";
import { ConfigurationError, type Problem } from "@ml-mosaic/configurable";
import { checkDevice, type Device } from "@ml-mosaic/tensor";
import { loadSnapshotModel, type TrainerSnapshot } from "@ml-mosaic/training";
import { calibrationName, type FoundCalibration, findCalibration } from "../calibration/calibration-file.ts";
import { calibrated } from "../calibration/calibrator.ts";
import { BigsfError } from "../errors.ts";
import { fileDigest } from "../file-digest.ts";
import { fitPlane } from "../maps/fit-plane.ts";
import { openPlane, type Plane } from "../maps/plane.ts";
import { cutPlane, type PixelBox, type Region, regionBox } from "../maps/region.ts";
import type { CoordinateCheck } from "../maps/same-pixels.ts";
import "../models/built-in.ts";
import { startRange } from "../maps/positive-range.ts";
import { NORMALIZATIONS, type Normalization, type PositiveRange, readRange } from "../patches/patch-rules.ts";
import type { Blend } from "./blend-weights.ts";
import { compilePredictor, type PatchPredictor } from "./patch-predictor.ts";

/** What is asked for; what is undefined follows from the model. */
export interface SegmentationSettings {
  readonly modelSnapshot: string;
  /** Of one of several maps. */
  readonly name?: string | undefined;
  readonly source: string;
  readonly missing: string | undefined;
  /** Whether a `missing` whose coordinates contradict the map's is refused. */
  readonly coordinates: CoordinateCheck;
  /** The part of the map that is segmented. */
  readonly region: Region | undefined;
  readonly output: string;
  readonly batchSize: number;
  readonly overlap: number | undefined;
  readonly blend: Blend;
  /** `validation`: as the training has found it. */
  readonly threshold: number | "validation";
  /** True: only calibrated; undefined: where there is a calibration. */
  readonly calibrated: boolean | undefined;
  readonly patchSize: number | undefined;
  readonly normalization: Normalization | undefined;
  readonly threads: number;
  readonly device: Device;
  readonly overwrite: boolean;
}

/** Everything that a segmentation needs, open and found to go together. */
export interface SegmentationPlan {
  readonly map: Plane;
  readonly missing: Plane | undefined;
  /** Where in the source the map lies, if it is a part of it. */
  readonly part: PixelBox | undefined;
  readonly predictor: PatchPredictor;
  readonly snapshot: TrainerSnapshot;
  /** SHA-256 of the snapshot's file. */
  readonly snapshotDigest: string;
  readonly calibration: FoundCalibration | undefined;
  readonly patchSize: number;
  readonly normalization: Normalization;
  /** What becomes 0 and 1 in all patches, where the training did not take those of each patch. */
  readonly range: PositiveRange | undefined;
  readonly overlap: number;
  /** Of probabilities as they are written. */
  readonly threshold: number;
  /** What people should be told. */
  readonly notes: readonly string[];
}

/** What is wrong with an option. */
interface OptionProblem {
  readonly option: string;
  readonly message: string;
}

/**
 * Opens maps and model and compiles it. What is opened is given to `resources`, which close it.
 *
 * @throws ConfigurationError with all that is wrong: unreadable files, another kind of snapshot or model, maps that do
 *   not fit together
 */
export async function planSegmentation(
  settings: SegmentationSettings,
  resources: AsyncDisposableStack,
): Promise<SegmentationPlan> {
  const problems: OptionProblem[] = [];
  const attempt = gatherInto(problems);
  const [model, { map, missing, part, note }] = await Promise.all([
    planModel(settings, problems, attempt, resources),
    openMap(settings, attempt, resources),
  ]);
  if (problems.length > 0 || map === undefined || model === undefined) {
    throw new ConfigurationError(
      problems.map(({ option, message }) => ({ kind: "precondition", path: [option], message })),
    );
  }
  const notes = [...trainingNotes(settings, model.snapshot), ...(note === undefined ? [] : [note])];
  const range = await rangeFor(model.snapshot, map, missing);
  return { map, missing, part, range, notes, ...model };
}

type PlannedModel = Pick<
  SegmentationPlan,
  "predictor" | "snapshot" | "snapshotDigest" | "calibration" | "patchSize" | "normalization" | "overlap" | "threshold"
>;

/** The model, compiled, and what follows from it; undefined where there are problems. */
async function planModel(
  settings: SegmentationSettings,
  problems: OptionProblem[],
  attempt: Attempt,
  resources: AsyncDisposableStack,
): Promise<PlannedModel | undefined> {
  const loaded = await attempt("model_snapshot", async () => {
    await refuseFolder(settings.modelSnapshot);
    const digest = await fileDigest(settings.modelSnapshot);
    return { digest, ...(await loadSnapshotModel(settings.modelSnapshot)) };
  });
  const calibration = await attempt("calibrated", async () =>
    loaded === undefined ? undefined : calibrationFor(settings, loaded.digest),
  );
  await attempt("device", () => checkDevice(settings.device));
  const canCompute = problems.every(({ option }) => option !== "device");
  const patchSize = settings.patchSize ?? recordedPatchSize(loaded?.snapshot);
  const normalization = settings.normalization ?? recordedNormalization(loaded?.snapshot);
  const overlap = settings.overlap ?? Math.floor((patchSize ?? 0) / 2);
  if (patchSize !== undefined) problems.push(...overlapObjection(overlap, patchSize));
  if (loaded !== undefined)
    problems.push(...snapshotObjections(settings.modelSnapshot, loaded.snapshot, { patchSize, normalization }));
  const threshold =
    settings.threshold === "validation" ? recordedThreshold(loaded?.snapshot, calibration) : settings.threshold;
  if (loaded !== undefined && threshold === undefined) {
    const message = `${settings.modelSnapshot} does not say which one was best in validation; metrics: [{ type: best_threshold }] in a training does`;
    problems.push({ option: "threshold", message });
  }
  const predictor =
    loaded === undefined || patchSize === undefined || !canCompute || problems.some(isAboutSnapshot)
      ? undefined
      : await attempt(settings.patchSize === undefined ? "model_snapshot" : "patch_size", () => {
          const positions = seesPositions(loaded.snapshot);
          const { threads, device } = settings;
          return compilePredictor({ model: loaded.model, patchSize, positions, threads, device });
        });
  if (predictor !== undefined) resources.adopt(predictor, (each) => each.release());
  if (loaded === undefined || patchSize === undefined) return undefined;
  if (normalization === undefined || predictor === undefined || threshold === undefined) return undefined;
  const { snapshot, digest: snapshotDigest } = loaded;
  return { predictor, snapshot, snapshotDigest, calibration, patchSize, normalization, overlap, threshold };
}

/**
 * Looks at the model and at the maps of several segmentations, which differ in nothing else, before the first of them takes its
 * time.
 *
 * @throws ConfigurationError with all that is wrong: with any of the maps each at its place in `maps`
 */
export async function checkMaps(maps: readonly SegmentationSettings[]): Promise<void> {
  const problems: Problem[] = [];
  const [first] = maps;
  if (first !== undefined) {
    await using resources = new AsyncDisposableStack();
    const own: OptionProblem[] = [];
    await planModel(first, own, gatherInto(own), resources);
    for (const { option, message } of own) problems.push({ kind: "precondition", path: [option], message });
  }
  for (const [place, settings] of maps.entries()) {
    await using resources = new AsyncDisposableStack();
    const own: OptionProblem[] = [];
    await openMap(settings, gatherInto(own), resources);
    for (const { option, message } of own)
      problems.push({ kind: "precondition", path: ["maps", place, option], message });
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
}

type MapSettings = Pick<SegmentationSettings, "source" | "missing" | "coordinates" | "region">;
type Attempt = <T>(option: string, work: () => Promise<T>) => Promise<T | undefined>;

/** Mistakes of the user's become problems; all else is thrown. */
function gatherInto(problems: OptionProblem[]): Attempt {
  return async (option, work) => {
    try {
      return await work();
    } catch (error) {
      const isMistake = (error instanceof CodedError || isSystemError(error)) && machineTrouble(error) === undefined;
      if (!isMistake) throw error;
      problems.push({ option, message: messageOf(error) });
      return undefined;
    }
  };
}

/** The map that is segmented, or its part, and where it can be trusted, on the same pixels. */
async function openMap(settings: MapSettings, attempt: Attempt, resources: AsyncDisposableStack) {
  const open = async (option: "source" | "missing") => {
    const address = settings[option];
    if (address === undefined) return undefined;
    return attempt(option, async () => {
      const plane = await openPlane(address);
      resources.defer(() => plane.close());
      return plane;
    });
  };
  const [whole, trusted] = await Promise.all([open("source"), open("missing")]);
  const fitted = whole && trusted && fitPlane(whole, trusted, settings.coordinates);
  const { problem, note } = fitted ?? {};
  if (problem !== undefined) await attempt("missing", () => Promise.reject(new BigsfError("MAP", problem)));
  const { region } = settings;
  const box = region && whole && (await attempt("region", async () => regionBox(region, whole)));
  const [map, missing] = [whole, fitted?.plane].map((plane) => (plane && box ? cutPlane(plane, box) : plane));
  return { map, missing, part: box, note };
}

const blockRows = 256;

/** What becomes 0 and 1: of all maps of the training, or of the map itself, as the training did. */
async function rangeFor(
  { dataInfo: { normalization_over: over, normalization_range: trained } }: TrainerSnapshot,
  map: Plane,
  missing: Plane | undefined,
): Promise<PositiveRange | undefined> {
  if (over === "all") return readRange(trained);
  if (over !== "map") return undefined;
  const [height, width] = map.shape;
  const range = startRange();
  for (let y = 0; y < height; y += blockRows) {
    const stop = Math.min(height, y + blockRows);
    const [image, trusted] = await Promise.all([map, missing].map((plane) => plane?.section(y, stop, 0, width)));
    const valid = Uint8Array.from(image ?? [], (value, i) =>
      value - value === 0 && (trusted === undefined || (trusted[i] ?? 0) > 0) ? 1 : 0,
    );
    range.add({ image: image ?? new Float64Array(), valid });
  }
  return range.finish();
}

/** @throws BigsfError that names the snapshots in a folder */
async function refuseFolder(path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) return;
  const inside = (await readdir(path, { recursive: true })).filter((name) => /best\.safetensors$/.test(name)).sort();
  const remedy = inside.length === 0 ? "it has no best.safetensors" : `give a snapshot in it: ${inside.join(", ")}`;
  throw new BigsfError("MODEL", `${path} is a folder; ${remedy}`);
}

/** What differs from the model's training, which may be meant. */
function trainingNotes(
  { patchSize, normalization }: SegmentationSettings,
  snapshot: TrainerSnapshot,
): readonly string[] {
  const [size, way] = [recordedPatchSize(snapshot), recordedNormalization(snapshot)];
  return [
    ...(patchSize !== undefined && size !== undefined && patchSize !== size
      ? [`patch_size is ${patchSize}; the model was trained on patches of ${size} x ${size}.`]
      : []),
    ...(normalization !== undefined && way !== undefined && normalization !== way
      ? [`normalization is ${normalization}; the model was trained with ${way}.`]
      : []),
  ];
}

function isAboutSnapshot({ option }: OptionProblem): boolean {
  return option === "model_snapshot";
}

/** What is wrong with an overlap, if anything. */
export function overlapObjection(overlap: number, patchSize: number): readonly OptionProblem[] {
  if (overlap < patchSize) return [];
  const message = `patches of ${patchSize} x ${patchSize} pixels cannot share ${overlap}; give less than ${patchSize}, such as ${Math.floor(patchSize / 2)}`;
  return [{ option: "overlap", message }];
}

function snapshotObjections(
  name: string,
  { modelConfig: { in_channels, out_channels } }: TrainerSnapshot,
  { patchSize, normalization }: { readonly patchSize: unknown; readonly normalization: unknown },
): readonly OptionProblem[] {
  const problems: OptionProblem[] = [];
  const add = (option: string, message: string) => problems.push({ option, message: `${name} ${message}` });
  if (patchSize === undefined) add("patch_size", "does not say how large the patches of its training were; give it");
  if (normalization === undefined)
    add("normalization", "does not say how the patches of its training were normalised; give it");
  // Models of one's own may call them otherwise: what they take and give is seen when they are compiled.
  if (typeof in_channels === "number" && in_channels !== 1)
    add("model_snapshot", `has a model that takes ${in_channels} channels (in_channels); a map has 1`);
  if (typeof out_channels === "number" && out_channels !== 1)
    add("model_snapshot", `has a model that gives ${out_channels} maps (out_channels); segmentation needs 1`);
  return problems;
}

function recordedPatchSize(snapshot: TrainerSnapshot | undefined): number | undefined {
  const size = snapshot?.dataInfo.patch_size;
  return typeof size === "number" && Number.isInteger(size) && size > 0 ? size : undefined;
}

/** It was found among probabilities that were not calibrated; the same pixels lie above what becomes of it. */
function recordedThreshold(
  snapshot: TrainerSnapshot | undefined,
  calibration: FoundCalibration | undefined,
): number | undefined {
  const value = snapshot?.metrics.best_threshold;
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return calibration === undefined ? value : calibrated(calibration.calibrator, value);
}

async function calibrationFor(
  { modelSnapshot, calibrated: asked }: SegmentationSettings,
  digest: string,
): Promise<FoundCalibration | undefined> {
  if (asked === false) return undefined;
  const found = await findCalibration(modelSnapshot, digest);
  if (found === undefined && asked === true)
    throw new BigsfError(
      "CALIBRATION",
      `there is no ${calibrationName} for ${modelSnapshot}; bigsf calibrate makes it`,
    );
  return found;
}

function recordedNormalization(snapshot: TrainerSnapshot | undefined): Normalization | undefined {
  return NORMALIZATIONS.find((each) => each === snapshot?.dataInfo.normalization);
}

/** Whether the model was trained on samples with positions, or cannot do without them. */
function seesPositions({ dataInfo, modelConfig }: TrainerSnapshot): boolean {
  return dataInfo.positions === true || (modelConfig.encoder ?? null) !== null;
}
