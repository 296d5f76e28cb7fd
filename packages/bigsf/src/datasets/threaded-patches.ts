/** The patches of a part, as other threads make them. */
import { pathToFileURL } from "node:url";
import { type ConfigObject, registeringFile, resolvedConfig } from "@ml-mosaic/configurable";
import type { DatasetOrigin } from "@ml-mosaic/tensor";
import type { PatchSource } from "../patches/patch-source.ts";
import { BaseAugmentation } from "./augmentations/base-augmentation.ts";
import { type OpenSource, openSource, type SourceOptions } from "./open-source.ts";
import { PatchDataset, type PatchDatasetOptions } from "./patch-dataset.ts";

/** Plain data. */
interface ThreadedPatches extends Required<Pick<PatchDatasetOptions, "indices" | "encodePositions" | "skeletons">> {
  readonly source: SourceOptions;
  /** Bytes of the source that each thread keeps. */
  readonly cache: number | undefined;
  readonly augmentations: readonly { readonly file: string; readonly config: ConfigObject }[];
}

interface PatchesOrigin extends Omit<PatchDatasetOptions, "source"> {
  /** What the source was opened by. */
  readonly options: SourceOptions;
  readonly source: PatchSource;
  readonly cache?: number | undefined;
}

/** @returns undefined where an augmentation is registered by the program itself, which threads cannot load */
export function patchesOrigin({
  options,
  source,
  cache,
  indices,
  encodePositions = false,
  skeletons = false,
  augmentations = [],
}: PatchesOrigin): DatasetOrigin | undefined {
  const registered = augmentations.flatMap((each) => {
    const file = registeringFile(each);
    return file === undefined ? [] : [{ file, config: resolvedConfig(each) }];
  });
  if (registered.length < augmentations.length) return undefined;
  const plain = "path" in options ? options : { ...options, maps: options.maps.map((map) => ({ ...map })) };
  const threaded: ThreadedPatches = {
    source: { ...plain, found: source.found },
    cache,
    indices,
    encodePositions,
    skeletons,
    augmentations: registered,
  };
  return { module: import.meta.url, name: openThreadedPatches.name, options: threaded };
}

/** Train, valid and test set share what a thread has opened; it is open until the thread ends. */
const sources = new Map<string, Promise<OpenSource>>();

function sharedSource({ source, cache }: ThreadedPatches): Promise<OpenSource> {
  const key = JSON.stringify({ ...source, found: undefined });
  const opened = sources.get(key) ?? openSource(source, cache);
  sources.set(key, opened);
  return opened;
}

/** In a thread. */
export async function openThreadedPatches(options: ThreadedPatches): Promise<PatchDataset> {
  const { source } = await sharedSource(options);
  for (const { file } of options.augmentations) await import(pathToFileURL(file).href);
  return new PatchDataset({
    source,
    indices: options.indices,
    encodePositions: options.encodePositions,
    skeletons: options.skeletons,
    augmentations: options.augmentations.map(({ config }) => BaseAugmentation.fromConfig(config)),
  });
}
