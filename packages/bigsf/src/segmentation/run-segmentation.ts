import { rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { resolvedConfig, toYaml } from "@ml-mosaic/configurable";
import { shareText } from "../maps/map-tally.ts";
import { openPartialRows, removePartialRows } from "./partial-rows.ts";
import { maskName, probabilityName, uncertaintyName } from "./result-files.ts";
import { prepareResults } from "./result-folder.ts";
import { type SegmentCounts, segmentMap } from "./segment-map.ts";
import { planSegmentation, type SegmentationPlan, type SegmentationSettings } from "./segmentation-plan.ts";

const pictureName = "preview.png";

export interface RunOptions {
  /** Told before the first patch is predicted. */
  readonly onPlan?: ((plan: SegmentationPlan) => void) | undefined;
  readonly onProgress?: ((donePatches: number, totalPatches: number) => void) | undefined;
  /** Aborted: throws its reason at the next chance; the same configuration goes on from the rows that were finished. */
  readonly signal?: AbortSignal | undefined;
}

export interface SegmentationFiles {
  readonly probability: string;
  readonly mask: string;
  readonly picture: string;
  /** Of several models, or one on turned patches. */
  readonly uncertainty: string | undefined;
}

export type SegmentationResult =
  /** The results that were there are of this configuration. */
  | { readonly kind: "reused"; readonly files: SegmentationFiles }
  | {
      readonly kind: "written";
      readonly files: SegmentationFiles;
      readonly pixels: number;
      readonly counts: SegmentCounts;
    };

/**
 * Segments a map: probabilities and mask as FITS files with the map's header, a picture, and the resolved configuration.
 * They appear together when all are complete.
 *
 * @throws ConfigurationError where what is asked for does not go together, before time is spent; BigsfError `OUTPUT` where
 *   there are results of another configuration; FitsError
 */
export async function runSegmentation(
  settings: SegmentationSettings,
  { onPlan, onProgress, signal }: RunOptions = {},
): Promise<SegmentationResult> {
  await using resources = new AsyncDisposableStack();
  const plan = await planSegmentation(settings, resources);
  const { map, channels, missing, part, models, voices, outOfFold, calibration } = plan;
  const { snapshot } = models[0];
  const isSpread = voices.length > 1 && outOfFold === undefined;
  const { patchSize, normalization, range, overlap, threshold } = plan;
  const { source, output, batchSize, blend, overwrite } = settings;
  const files: SegmentationFiles = {
    probability: join(output, probabilityName),
    mask: join(output, maskName),
    picture: join(output, pictureName),
    uncertainty: isSpread ? join(output, uncertaintyName) : undefined,
  };
  const config = await configText(settings, plan);
  const results = await prepareResults({
    folder: output,
    config,
    names: [probabilityName, maskName, ...(isSpread ? [uncertaintyName] : []), pictureName],
    overwrite,
  });
  if (results === undefined) {
    await removePartialRows(output, config);
    return { kind: "reused", files };
  }
  resources.use(results);
  const partial = await openPartialRows(output, config, { width: map.shape[1], isSpread });
  let isComplete = false;
  resources.defer(() => partial.close(isComplete));
  onPlan?.(plan);
  // The library that draws is heavy: only who segments loads it.
  const { startSegmentationPicture } = await import("./segmentation-picture.ts");
  const title = settings.name ?? basename(source);
  const model = `${modelText(settings, plan)}${calibration === undefined ? "" : ", calibrated"}`;
  const share = snapshot.dataInfo.labelled_share;
  const note = typeof share === "number" ? trainedNote(share) : undefined;
  const picture = startSegmentationPicture({ mapShape: map.shape, header: map.header, title, threshold, note });
  const counts = await segmentMap({
    map,
    channels,
    missing,
    patchSize,
    normalization,
    range,
    overlap,
    blend,
    batchSize,
    threshold,
    voices,
    outOfFold,
    header: map.header,
    imageShape: map.imageShape,
    history: [
      `made by bigsf segment of ${basename(source)}`,
      ...(part === undefined ? [] : [`rows ${part.y0} to ${part.y1}, columns ${part.x0} to ${part.x1} of it, from 0`]),
      `by ${model}`,
      ...(models.length > 1 && outOfFold === undefined ? ["mean of what they say"] : []),
      ...(outOfFold === undefined ? [] : ["for each pixel those of them that were not trained on it"]),
      ...models.map(({ digest }) => `sha256 ${digest}`),
      `patches ${patchSize} x ${patchSize}, ${normalization}, overlap ${overlap}, blend ${blend}`,
      calibration === undefined ? "not calibrated" : `calibrated: ${calibration.calibrator.method}`,
    ],
    folder: results.staging,
    partial,
    onRows: (rows, mask) => picture.add(rows, mask),
    onProgress,
    signal,
  });
  const subtitle = `filament in ${shareText(counts.filament, counts.valid)} of the valid pixels, by ${model}`;
  await writeFile(join(results.staging, pictureName), await picture.draw(subtitle), { flush: true });
  // Of another configuration that may have had one.
  if (!isSpread) await rm(join(output, uncertaintyName), { force: true });
  await results.publish();
  isComplete = true;
  const [height, width] = map.shape;
  return { kind: "written", files, pixels: height * width, counts };
}

function modelText({ modelSnapshot, symmetries }: SegmentationSettings, { models }: SegmentationPlan): string {
  const { modelConfig, trainInfo } = models[0].snapshot;
  const type = String(modelConfig.type);
  const who =
    models.length > 1
      ? `${models.length} models of ${type}, ${basename(modelSnapshot)}`
      : `${type}, epoch ${trainInfo.epoch}, ${basename(modelSnapshot)}`;
  return symmetries ? `${who}, on patches turned in 8 ways` : who;
}

function trainedNote(labelled: number): string {
  return `Labels covered ${shareText(labelled, 1)} of what the model was trained on; what it says of pixels unlike those nobody has checked.`;
}

/** What the results depend on, as a configuration that makes them again. */
async function configText(
  settings: SegmentationSettings,
  {
    map,
    channels,
    missing,
    models,
    outOfFold,
    calibration,
    patchSize,
    normalization,
    overlap,
    threshold,
  }: SegmentationPlan,
): Promise<string> {
  const config = {
    model_snapshot: settings.modelSnapshot,
    source: settings.source,
    ...(settings.channels.length === 0 ? {} : { channels: [...settings.channels] }),
    missing: settings.missing ?? null,
    ...(settings.coordinates === "check" ? {} : { coordinates: settings.coordinates }),
    ...(settings.region === undefined ? {} : { region: resolvedConfig(settings.region) }),
    output: settings.output,
    batch_size: settings.batchSize,
    overlap,
    blend: settings.blend,
    threshold,
    ...(calibration === undefined ? {} : { calibrated: true }),
    ...(settings.symmetries ? { symmetries: true } : {}),
    ...(settings.seen ? { seen: true } : {}),
    patch_size: patchSize,
    normalization,
    device: settings.device,
  };
  const digests = [
    ...models.map(
      ({ path, digest }) =>
        `${["model_snapshot", relative(settings.modelSnapshot, path)].filter((each) => each !== "").join("/")} ${digest}`,
    ),
    ...(outOfFold === undefined ? [] : [`out_of_fold ${await outOfFold.digest()}`]),
    ...(calibration === undefined ? [] : [`calibration ${calibration.digest}`]),
    `source ${await map.digest()}`,
    ...(await Promise.all(channels.map(async (channel, place) => `channels[${place}] ${await channel.digest()}`))),
    ...(missing === undefined ? [] : [`missing ${await missing.digest()}`]),
  ];
  return `${toYaml(config)}# SHA-256 of the files:\n${digests.map((each) => `#   ${each}\n`).join("")}`;
}
