import { basename, join } from "node:path";
import { ConfigurationError } from "@ml-mosaic/configurable";
import { getNumber, getString } from "@ml-mosaic/fits";
import { coordinatesOf } from "../maps/coordinates.ts";
import { fitPlane } from "../maps/fit-plane.ts";
import { openPlane, type Plane } from "../maps/plane.ts";
import type { CoordinateCheck } from "../maps/same-pixels.ts";
import { prepareResults } from "../segmentation/result-folder.ts";
import { type ColumnContext, columnsFor } from "./columns.ts";
import type { Filament } from "./filament.ts";
import { findFilaments } from "./find-filaments.ts";
import { openJournal, removeJournal } from "./journal.ts";
import { mapSamples } from "./map-samples.ts";
import { type MeasureParts, measureFilament } from "./measure-filament.ts";
import { writeSkeleton } from "./write-skeleton.ts";
import { writeFitsTable, writeVotable } from "./write-tables.ts";

export interface CatalogueSettings {
  readonly probability: string;
  readonly image: string | undefined;
  readonly coordinates: CoordinateCheck;
  readonly output: string;
  readonly threshold: number;
  readonly lowThreshold: number;
  readonly spur: number;
  readonly mostTurn: number;
  readonly leastLength: number;
  readonly overwrite: boolean;
  /** The whole of it as YAML. */
  readonly configuration: string;
}

export interface CatalogueRunOptions {
  /** Told of rows that are read, then of filaments that are measured. */
  readonly onProgress?: ((step: "rows" | "filaments", done: number, total: number) => void) | undefined;
  /** Aborted: throws its reason at the next chance; the same configuration goes on from what was measured. */
  readonly signal?: AbortSignal | undefined;
}

const names = { fits: "catalogue.fits", votable: "catalogue.vot", skeleton: "skeleton.fits" } as const;

export type CatalogueFiles = { readonly [File in keyof typeof names]: string };

export type CatalogueResult =
  /** The results that were there are of this configuration. */
  | { readonly kind: "reused"; readonly files: CatalogueFiles }
  | {
      readonly kind: "written";
      readonly files: CatalogueFiles;
      readonly filaments: readonly Filament[];
      readonly pixels: number;
      /** On filaments, as wide as they are. */
      readonly maskPixels: number;
      /** Lines that were shorter than asked for. */
      readonly short: number;
      /** Why columns have no values. */
      readonly lacking: ColumnContext["lacking"];
    };

const measuredTogether = 64;

/**
 * Makes a catalogue of filaments. All files appear together when they are complete.
 *
 * @throws ConfigurationError where maps do not go together; BigsfError `OUTPUT` where there are results of another
 *   configuration; FitsError
 */
export async function runCatalogue(
  settings: CatalogueSettings,
  { onProgress, signal }: CatalogueRunOptions = {},
): Promise<CatalogueResult> {
  await using resources = new AsyncDisposableStack();
  const { output: folder, lowThreshold: low, threshold: high, spur, mostTurn, leastLength } = settings;
  const { map, image } = await openMaps(settings, resources);
  const files: CatalogueFiles = {
    fits: join(folder, names.fits),
    votable: join(folder, names.votable),
    skeleton: join(folder, names.skeleton),
  };
  const config = await configText(settings, map, image);
  const results = await prepareResults({
    folder,
    config,
    names: Object.values(names),
    overwrite: settings.overwrite,
  });
  if (results === undefined) {
    await removeJournal(folder);
    return { kind: "reused", files };
  }
  resources.use(results);
  const journal = await openJournal(folder, config);
  let isComplete = false;
  resources.defer(() => journal.close(isComplete));

  const [height, width] = map.shape;
  const found = await findFilaments(map, {
    low,
    high,
    spur,
    mostTurn,
    leastLength,
    onRows: (done) => onProgress?.("rows", done, height),
    signal,
  });
  const coordinates = coordinatesOf(map);
  const isMask = (getNumber(map.header, "BITPIX") ?? 0) > 0;
  const parts: MeasureParts = {
    coordinates,
    probability: isMask ? undefined : mapSamples(map),
    image: image && mapSamples(image),
  };
  const filaments: Filament[] = [...journal.measured];
  for (let next = filaments.length; next < found.filaments.length; next = filaments.length) {
    signal?.throwIfAborted();
    const group: Filament[] = [];
    for (const each of found.filaments.slice(next, next + measuredTogether))
      group.push(await measureFilament(each, parts));
    await journal.append(group);
    filaments.push(...group);
    onProgress?.("filaments", filaments.length, found.filaments.length);
  }

  const sky = coordinates?.kind === "sky" ? coordinates : undefined;
  const noSky = `the header of ${basename(map.path)} has no celestial coordinates that can be computed`;
  const lacking: ColumnContext["lacking"] = {
    sky: sky === undefined ? noSky : undefined,
    icrs:
      sky === undefined
        ? noSky
        : sky.toJ2000 === undefined
          ? `it is not known how ${sky.frame} lies to ICRS`
          : undefined,
    probability: isMask ? `${basename(map.path)} is a mask` : undefined,
    image: image === undefined ? "no image is given" : undefined,
  };
  const unit = (image && getString(image.header, "BUNIT"))?.trim() ?? "";
  const columns = columnsFor({ frame: sky?.names, imageUnit: unit, lacking });
  const history = [
    `made by bigsf catalogue of ${basename(map.path)}`,
    `threshold ${high}, low_threshold ${low}, spur ${spur}, most_turn ${mostTurn}, least_length ${leastLength}`,
  ];
  const table = { columns, filaments, history };
  await writeFitsTable(join(results.staging, names.fits), table);
  await writeVotable(join(results.staging, names.votable), table);
  await writeSkeleton(join(results.staging, names.skeleton), map, found.filaments, history);
  await results.publish();
  isComplete = true;
  const { maskPixels, short } = found;
  return { kind: "written", files, filaments, pixels: height * width, maskPixels, short, lacking };
}

/** @throws ConfigurationError with all that is wrong with them */
async function openMaps(
  { probability, image: imagePath, coordinates }: CatalogueSettings,
  resources: AsyncDisposableStack,
): Promise<{ readonly map: Plane; readonly image: Plane | undefined }> {
  const open = async (path: string) => {
    const plane = await openPlane(path);
    resources.defer(() => plane.close());
    return plane;
  };
  const map = await open(probability);
  if (imagePath === undefined) return { map, image: undefined };
  const { plane: image, problem } = fitPlane(map, await open(imagePath), coordinates);
  if (image === undefined)
    throw new ConfigurationError([{ kind: "precondition", path: ["image"], message: problem ?? "" }]);
  return { map, image };
}

/** What the results depend on, as a configuration that makes them again. */
async function configText({ configuration }: CatalogueSettings, map: Plane, image: Plane | undefined): Promise<string> {
  const digests = [
    `probability ${await map.digest()}`,
    ...(image === undefined ? [] : [`image ${await image.digest()}`]),
  ];
  return `${configuration}# SHA-256 of the files:\n${digests.map((each) => `#   ${each}\n`).join("")}`;
}
