import { readdir, stat } from "node:fs/promises";
import { CodedError, isSystemError, machineTrouble, messageOf } from "@ml-mosaic/base";
import { ConfigurationError, type Problem } from "@ml-mosaic/configurable";
import { meanOf } from "@ml-mosaic/statistics";
import { checkDevice, type Device } from "@ml-mosaic/tensor";
import { loadSnapshotModel, type TrainerSnapshot } from "@ml-mosaic/training";
import { calibrationNames, type FoundCalibration, findCalibration } from "../calibration/calibration-file.ts";
import { calibrated } from "../calibration/calibrator.ts";
import { splitSnapshots } from "../cross-validation/split-snapshots.ts";
import { BigsfError } from "../errors.ts";
import { fileDigest } from "../file-digest.ts";
import { fitPlane } from "../maps/fit-plane.ts";
import { openPlane, type Plane } from "../maps/plane.ts";
import { cutPlane, type PixelBox, type Region, regionBox } from "../maps/region.ts";
import { type CoordinateCheck, channelConflict } from "../maps/same-pixels.ts";
import "../models/built-in.ts";
import { startRange } from "../maps/positive-range.ts";
import { NORMALIZATIONS, type Normalization, type PositiveRange, readRange } from "../patches/patch-rules.ts";
import type { Blend } from "./blend-weights.ts";
import { compilePredictor, type PatchPredictor } from "./patch-predictor.ts";
import { findSeenMap, type SeenMap } from "./seen-map.ts";
import { symmetricVoices, type Voice } from "./voice.ts";

/** What is asked for; what is undefined follows from the model. */
export interface SegmentationSettings {
  /** A snapshot, or the folder of a training on every split, whose models are heard together. */
  readonly modelSnapshot: string;
  /** Whether each model is also heard on patches turned and mirrored. */
  readonly symmetries: boolean;
  /** Whether models are heard on maps that they were trained on. */
  readonly seen: boolean;
  /** Of one of several maps. */
  readonly name?: string | undefined;
  readonly source: string;
  readonly channels: readonly string[];
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
  /** On the map's pixels. */
  readonly channels: readonly Plane[];
  readonly missing: Plane | undefined;
  /** Where in the source the map lies, if it is a part of it. */
  readonly part: PixelBox | undefined;
  readonly models: Models;
  /** Whose mean is taken: the models, perhaps each in all symmetries of the square. */
  readonly voices: readonly Voice[];
  /** Of each of the models, as it is. */
  readonly predictors: readonly PatchPredictor[];
  /** On a map of the training: what models say that were not trained on a pixel, which is taken instead. */
  readonly outOfFold: Plane | undefined;
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

export interface SegmentationModel {
  /** Its file. */
  readonly path: string;
  /** SHA-256 of its file. */
  readonly digest: string;
  readonly snapshot: TrainerSnapshot;
}

/** One, or those of all splits. */
export type Models = readonly [SegmentationModel, ...(readonly SegmentationModel[])];

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
  const [model, { whole, map, channels, missing, part, note }] = await Promise.all([
    planModel(settings, problems, attempt, resources),
    openMap(settings, attempt, resources),
  ]);
  const seen =
    whole === undefined || model === undefined || model.models.length === 1 || settings.seen
      ? undefined
      : await attempt("model_snapshot", async () => {
          const found = await findSeenMap(settings.modelSnapshot, model.models[0].snapshot, whole, isCalibrated(model));
          if (found.kind === "seen") resources.defer(() => found.outOfFold.close());
          return found;
        });
  if (problems.length > 0 || map === undefined || model === undefined) {
    throw new ConfigurationError(
      problems.map(({ option, message }) => ({ kind: "precondition", path: [option], message })),
    );
  }
  const { snapshot } = model.models[0];
  const told = seen?.kind === "seen" ? seen.outOfFold : undefined;
  const outOfFold = told && part ? cutPlane(told, part) : told;
  const notes = [
    ...trainingNotes(settings, snapshot),
    ...(note === undefined ? [] : [note]),
    ...ensembleNotes(model, seen?.kind, told?.path),
  ];
  const range = outOfFold === undefined ? await rangeFor(snapshot, map, missing) : undefined;
  return { map, channels, missing, part, range, notes, outOfFold, ...model };
}

function isCalibrated({ calibration }: Pick<SegmentationPlan, "calibration">): boolean {
  return calibration !== undefined;
}

/** What people should know of a mean over models. */
function ensembleNotes(
  { models, calibration }: Pick<SegmentationPlan, "models" | "calibration">,
  seen: SeenMap["kind"] | undefined,
  outOfFold: string | undefined,
): readonly string[] {
  if (models.length === 1) return [];
  if (outOfFold !== undefined)
    return [
      `the models were trained on this map: taken is ${outOfFold}, what those say of each pixel that were not trained on it, without an uncertainty; seen: true hears all of them.`,
    ];
  return [
    ...(seen === "unknown"
      ? ["the snapshots do not tell which maps they were trained on; of such a map take out_of_fold.fits instead."]
      : []),
    ...(calibration === undefined
      ? []
      : [
          `each of the ${models.length} models is calibrated, their mean is not once more: no area is left that none of them was trained on.`,
        ]),
  ];
}

type PlannedModel = Pick<
  SegmentationPlan,
  "models" | "voices" | "predictors" | "calibration" | "patchSize" | "normalization" | "overlap" | "threshold"
>;

/** The model, compiled, and what follows from it; undefined where there are problems. */
async function planModel(
  settings: SegmentationSettings,
  problems: OptionProblem[],
  attempt: Attempt,
  resources: AsyncDisposableStack,
): Promise<PlannedModel | undefined> {
  const loaded = await attempt("model_snapshot", () => loadModels(settings.modelSnapshot));
  const first = loaded?.[0];
  const calibration = await attempt("calibrated", () => calibrationFor(settings, loaded ?? []));
  await attempt("device", () => checkDevice(settings.device));
  const canCompute = problems.every(({ option }) => option !== "device");
  const patchSize = settings.patchSize ?? recordedPatchSize(first?.snapshot);
  const normalization = settings.normalization ?? recordedNormalization(first?.snapshot);
  const overlap = settings.overlap ?? Math.floor((patchSize ?? 0) / 2);
  if (patchSize !== undefined) problems.push(...overlapObjection(overlap, patchSize));
  if (first !== undefined) problems.push(...snapshotObjections(settings, first.snapshot, { patchSize, normalization }));
  const threshold =
    settings.threshold === "validation" ? recordedThreshold(loaded ?? [], calibration) : settings.threshold;
  if (loaded !== undefined && threshold === undefined) {
    const message = `${settings.modelSnapshot} does not say which one was best in validation; metrics: [{ type: best_threshold }] in a training does`;
    problems.push({ option: "threshold", message });
  }
  const heard: PatchPredictor[] = [];
  if (loaded !== undefined && patchSize !== undefined && canCompute && !problems.some(isAboutSnapshot)) {
    const { threads, device } = settings;
    await attempt(settings.patchSize === undefined ? "model_snapshot" : "patch_size", async () => {
      for (const { model, snapshot } of loaded) {
        const positions = seesPositions(snapshot);
        const channels = 1 + settings.channels.length;
        const predictor = await compilePredictor({ model, patchSize, channels, positions, threads, device });
        heard.push(resources.adopt(predictor, (each) => each.release()));
      }
    });
  }
  if (loaded === undefined || patchSize === undefined || heard.length < loaded.length) return undefined;
  if (normalization === undefined || threshold === undefined) return undefined;
  const said = heard.map(
    (predictor): Voice => ({
      predict: (batch) => predictor.predict(batch),
      calibrator: calibration?.calibrator,
    }),
  );
  const voices = settings.symmetries ? said.flatMap((voice) => symmetricVoices(voice, patchSize)) : said;
  return { models: loaded, voices, predictors: heard, calibration, patchSize, normalization, overlap, threshold };
}

type LoadedModel = SegmentationModel & Awaited<ReturnType<typeof loadSnapshotModel>>;

/** The snapshot, or those of all splits in a folder. */
async function loadModels(path: string): Promise<readonly [LoadedModel, ...(readonly LoadedModel[])]> {
  const splits = await splitSnapshots(path);
  if (splits.length === 0) await refuseFolder(path);
  const load = async (file: string): Promise<LoadedModel> => ({
    path: file,
    digest: await fileDigest(file),
    ...(await loadSnapshotModel(file)),
  });
  const [first = path, ...others] = splits.map((each) => each.path);
  return [await load(first), ...(await Promise.all(others.map(load)))];
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

type MapSettings = Pick<SegmentationSettings, "source" | "channels" | "missing" | "coordinates" | "region">;
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
  const open = async (option: "source" | "missing" | "channels", address: string | undefined) => {
    if (address === undefined) return undefined;
    return attempt(option, async () => {
      const plane = await openPlane(address);
      resources.defer(() => plane.close());
      return plane;
    });
  };
  const [whole, trusted, ...further] = await Promise.all([
    open("source", settings.source),
    open("missing", settings.missing),
    ...settings.channels.map((address) => open("channels", address)),
  ]);
  for (const channel of further) {
    const conflict = whole && channel && channelConflict(whole, channel, settings.coordinates);
    if (conflict !== undefined) await attempt("channels", () => Promise.reject(new BigsfError("MAP", conflict)));
  }
  const fitted = whole && trusted && fitPlane(whole, trusted, settings.coordinates);
  const { problem, note } = fitted ?? {};
  if (problem !== undefined) await attempt("missing", () => Promise.reject(new BigsfError("MAP", problem)));
  const { region } = settings;
  const box = region && whole && (await attempt("region", async () => regionBox(region, whole)));
  const [map, missing] = [whole, fitted?.plane].map((plane) => (plane && box ? cutPlane(plane, box) : plane));
  const channels = further.flatMap((plane) => (plane === undefined ? [] : [box ? cutPlane(plane, box) : plane]));
  return { whole, map, channels, missing, part: box, note };
}

const blockRows = 256;

/** What becomes 0 and 1: of all maps of the training, or of the map itself, as the training did. */
export async function rangeFor(
  { dataInfo: { normalization_over: over, normalization_range: trained } }: TrainerSnapshot,
  map: Pick<Plane, "shape" | "section">,
  missing: Pick<Plane, "section"> | undefined,
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
  { modelSnapshot: name, channels }: Pick<SegmentationSettings, "modelSnapshot" | "channels">,
  { modelConfig: { in_channels, out_channels } }: TrainerSnapshot,
  { patchSize, normalization }: { readonly patchSize: unknown; readonly normalization: unknown },
): readonly OptionProblem[] {
  const problems: OptionProblem[] = [];
  const add = (option: string, message: string) => problems.push({ option, message: `${name} ${message}` });
  if (patchSize === undefined) add("patch_size", "does not say how large the patches of its training were; give it");
  if (normalization === undefined)
    add("normalization", "does not say how the patches of its training were normalised; give it");
  // Models of one's own may call them otherwise: what they take and give is seen when they are compiled.
  if (typeof in_channels === "number" && in_channels !== 1 + channels.length)
    add(
      "model_snapshot",
      channels.length === 0
        ? `has a model that takes ${in_channels} channels (in_channels); a map has 1: give the others as channels`
        : `has a model that takes ${in_channels} channels (in_channels); the source and its channels are ${1 + channels.length}`,
    );
  if (typeof out_channels === "number" && out_channels !== 1)
    add("model_snapshot", `has a model that gives ${out_channels} maps (out_channels); segmentation needs 1`);
  return problems;
}

function recordedPatchSize(snapshot: TrainerSnapshot | undefined): number | undefined {
  const size = snapshot?.dataInfo.patch_size;
  return typeof size === "number" && Number.isInteger(size) && size > 0 ? size : undefined;
}

/**
 * Of several models the mean of theirs. They were found among probabilities that were not calibrated; the same pixels lie above
 * what becomes of them.
 */
function recordedThreshold(
  models: readonly SegmentationModel[],
  calibration: FoundCalibration | undefined,
): number | undefined {
  const values = models.map(({ snapshot }) => Number(snapshot.metrics.best_threshold ?? Number.NaN));
  if (values.length === 0 || !values.every(Number.isFinite)) return undefined;
  return meanOf(values.map((value) => (calibration === undefined ? value : calibrated(calibration.calibrator, value))));
}

async function calibrationFor(
  { modelSnapshot, calibrated: asked }: SegmentationSettings,
  models: readonly SegmentationModel[],
): Promise<FoundCalibration | undefined> {
  if (asked === false) return undefined;
  // Those of all splits have one, which knows every one of them.
  let found: FoundCalibration | undefined;
  for (const { path, digest } of models) found = await findCalibration(path, digest);
  if (found === undefined && asked === true && models.length > 0)
    throw new BigsfError(
      "CALIBRATION",
      `there is no ${calibrationNames.file} for ${modelSnapshot}; bigsf calibrate makes it`,
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
