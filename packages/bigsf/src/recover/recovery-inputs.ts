import { basename } from "node:path";
import { CodedError, machineTrouble, messageOf } from "@ml-mosaic/base";
import { ConfigurationError, type Problem } from "@ml-mosaic/configurable";
import { type InputSettings, openInputs } from "../catalogue/inputs.ts";
import { mapSamples } from "../catalogue/map-samples.ts";
import type { MeasureParts } from "../catalogue/measure-filament.ts";
import type { CatalogueSettings } from "../catalogue/run-catalogue.ts";
import { fitPlane } from "../maps/fit-plane.ts";
import { openPlane, type Plane } from "../maps/plane.ts";
import type { FilamentProfile } from "../sample/filaments.ts";
import { sameMap, trainedMaps } from "../segmentation/seen-map.ts";
import {
  planSegmentation,
  type SegmentationPlan,
  type SegmentationSettings,
} from "../segmentation/segmentation-plan.ts";
import { gridReprediction } from "./predict-grid.ts";
import { unseenReprediction } from "./predict-unseen.ts";
import { type Finding, findingOf } from "./recovery-file.ts";
import type { Reprediction } from "./reprediction.ts";

type Bounds = readonly [low: number, high: number];

export interface RecoverySettings {
  /** What made the map of probabilities. */
  readonly segmentation: SegmentationSettings;
  readonly catalogue: CatalogueSettings;
  readonly target: string | undefined;
  readonly background: string | undefined;
  readonly output: string;
  readonly injections: number;
  readonly seed: number;
  readonly contrast: Bounds;
  readonly width: Bounds;
  readonly length: Bounds;
  readonly profile: FilamentProfile;
  readonly crowded: boolean;
  readonly leastShare: number;
  readonly overwrite: boolean;
  /** The whole of it as YAML. */
  readonly configuration: string;
}

export interface RecoveryInputs {
  readonly probability: Plane;
  readonly image: Plane;
  readonly target: Plane | undefined;
  readonly background: Plane | undefined;
  readonly reprediction: Reprediction;
  readonly finding: Finding;
  readonly findOptions: {
    readonly low: number;
    readonly high: number;
    readonly spur: number;
    readonly mostTurn: number;
    readonly leastLength: number;
  };
  readonly measuring: Omit<MeasureParts, "plane" | "probability">;
  readonly title: string;
  readonly notes: readonly string[];
  /** What it is made of, a line each. */
  readonly made: readonly string[];
}

/** @throws ConfigurationError with all that is wrong with the files, each at the option that names it */
export async function openRecoveryInputs(
  settings: RecoverySettings,
  resources: AsyncDisposableStack,
): Promise<RecoveryInputs> {
  const problems: Problem[] = [];
  const add = (path: readonly string[], message: string) => problems.push({ kind: "precondition", path, message });
  const attempt = async <T>(option: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ConfigurationError)
        problems.push(...error.problems.map((each) => ({ ...each, path: [option, ...each.path] })));
      else if (error instanceof CodedError && machineTrouble(error) === undefined) add([option], messageOf(error));
      else throw error;
      return undefined;
    }
  };
  const { catalogue, segmentation } = settings;
  const inputSettings: InputSettings = { ...catalogue, distance: undefined };
  const inputs = await attempt("catalogue", () => openInputs(inputSettings, resources));
  if (inputs !== undefined && inputs.image === undefined)
    add(["catalogue", "image"], "is not given; filaments are injected into it: give it there");
  if (segmentation.region !== undefined)
    add(["segmentation", "region"], "filaments are injected into whole maps; leave it out, and segment all of the map");
  if (segmentation.channels.length > 0)
    add(["segmentation", "channels"], "a filament would have to be injected into each of the maps; give models of one");
  const plan = await attempt("segmentation", () => planSegmentation(segmentation, resources));
  if (plan !== undefined && inputs?.image !== undefined) {
    if ((await plan.map.digest()) !== (await inputs.image.digest()))
      add(
        ["catalogue", "image"],
        `${inputs.image.path} is not what was segmented, ${plan.map.path}; what is injected has to be seen by the models and measured`,
      );
    else if (hasSeen(plan, segmentation, await plan.map.digest()))
      add(
        ["segmentation", "model_snapshot"],
        `${segmentation.modelSnapshot} was trained on ${plan.map.path}, and no model is free of its places; give a folder of bigsf train-k-fold, without seen: true, or a map that was not trained on`,
      );
  }
  const openLabel = (option: "target" | "background") =>
    attempt(option, async () => {
      const path = settings[option];
      if (path === undefined) return undefined;
      const opened = await openPlane(path);
      resources.defer(() => opened.close());
      if (inputs === undefined) return undefined;
      const { plane, problem } = fitPlane(inputs.map, opened, catalogue.coordinates);
      if (problem !== undefined) add([option], problem);
      return plane;
    });
  const target = await openLabel("target");
  const background = await openLabel("background");
  const image = inputs?.image;
  const isFit = problems.length === 0 && plan !== undefined && inputs !== undefined && image !== undefined;
  const reprediction = isFit
    ? await attempt("segmentation", () => repredictionFor(plan, segmentation, resources))
    : undefined;
  if (!isFit || reprediction === undefined) throw new ConfigurationError(problems);
  const { map, measuring } = inputs;
  const finding = findingOf(catalogue);
  const labels = [target, background].filter((each) => each !== undefined);
  return {
    probability: map,
    image,
    target,
    background,
    reprediction,
    finding,
    findOptions: {
      low: catalogue.lowThreshold,
      high: catalogue.threshold,
      spur: catalogue.spur,
      mostTurn: catalogue.mostTurn,
      leastLength: catalogue.leastLength,
    },
    measuring: { ...measuring, image: mapSamples(image), distances: undefined },
    title: basename(image.path),
    notes: [...plan.notes, ...seenNotes(plan)],
    made: [
      `made by bigsf recover of ${basename(map.path)} and ${basename(image.path)}`,
      Object.entries(finding)
        .map(([option, value]) => `${option} ${value ?? "none"}`)
        .join(", "),
      ...inputs.digests,
      ...plan.models.map(({ digest }) => `model ${digest}`),
      ...(plan.calibration === undefined ? [] : [`calibration ${plan.calibration.digest}`]),
      `overlap ${plan.overlap}, blend ${segmentation.blend}, symmetries ${segmentation.symmetries}`,
      ...(await Promise.all(labels.map(async (each) => `${basename(each.path)} ${await each.digest()}`))),
    ],
  };
}

function repredictionFor(
  plan: SegmentationPlan,
  { modelSnapshot, blend, batchSize }: SegmentationSettings,
  resources: AsyncDisposableStack,
): Promise<Reprediction> {
  return plan.outOfFold === undefined
    ? Promise.resolve(gridReprediction(plan, { blend, batchSize }))
    : unseenReprediction(modelSnapshot, plan, { batchSize }, resources);
}

function seenNotes({ models, outOfFold }: SegmentationPlan): readonly string[] {
  if (outOfFold !== undefined) return ["each place is looked at by the models that were not trained on it."];
  return models.every(({ snapshot }) => trainedMaps(snapshot) !== undefined)
    ? []
    : [
        "the snapshots do not tell which maps they were trained on; if this is one of them, completeness and purity are stated too high.",
      ];
}

/** Whether all models have been trained on the map, and are heard all the same. */
function hasSeen({ models, outOfFold }: SegmentationPlan, { seen }: SegmentationSettings, digest: string): boolean {
  if (outOfFold !== undefined) return false;
  const isTrained = models.some(({ snapshot }) => sameMap(trainedMaps(snapshot) ?? [], digest) !== undefined);
  return isTrained && (seen || models.length === 1);
}
