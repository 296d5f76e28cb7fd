import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathExists } from "@ml-mosaic/base";
import { recoveryColumns } from "../recover/recovery-columns.ts";
import { findingOf, readRecovery } from "../recover/recovery-file.ts";
import { prepareResults } from "../segmentation/result-folder.ts";
import { ownVersion } from "../version.ts";
import { columnsFor, contrastOf, isFaint, type Lacking } from "./columns.ts";
import type { Filament, MeasuredFilament } from "./filament.ts";
import { type FoundFilament, findFilaments, spineOfFound } from "./find-filaments.ts";
import { type InputSettings, openInputs } from "./inputs.ts";
import { openJournal, removeJournal } from "./journal.ts";
import { measureAll } from "./measure-all.ts";
import { touchingOf } from "./networks.ts";
import type { Point } from "./skeleton-graph.ts";
import { writeAtlas } from "./write-atlas.ts";
import { writeMoc } from "./write-moc.ts";
import { writeRegions } from "./write-regions.ts";
import { writeSkeleton } from "./write-skeleton.ts";
import { writeFitsTable, writeVotable } from "./write-tables.ts";

export interface CatalogueSettings extends InputSettings {
  readonly output: string;
  readonly threshold: number;
  readonly lowThreshold: number;
  readonly spur: number;
  readonly mostTurn: number;
  readonly leastLength: number;
  readonly leastSignificance: number;
  /** Filaments that get a page and a cut-out. */
  readonly atlas: number;
  /** File of bigsf recover. */
  readonly recovery: string | undefined;
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

export const names = {
  fits: "catalogue.fits",
  votable: "catalogue.vot",
  skeleton: "skeleton.fits",
  regions: "filaments.reg",
  moc: "moc.fits",
  summary: "summary.png",
} as const;

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
      /** Filaments that stand out less than asked for, those among them that nothing could be fitted to. */
      readonly faint: number;
      /** Why columns have no values. */
      readonly lacking: Lacking;
    };

const atlasName = "atlas";

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
  const inputs = await openInputs(settings, resources);
  const { map } = inputs;
  const files: CatalogueFiles = {
    fits: join(folder, names.fits),
    votable: join(folder, names.votable),
    skeleton: join(folder, names.skeleton),
    regions: join(folder, names.regions),
    moc: join(folder, names.moc),
    summary: join(folder, names.summary),
  };
  const recovery =
    settings.recovery === undefined ? undefined : await readRecovery(settings.recovery, findingOf(settings));
  const digests = [...inputs.digests, ...(recovery === undefined ? [] : [`recovery ${recovery.digest}`])]
    .map((each) => `#   ${each}\n`)
    .join("");
  const config = `${settings.configuration}# SHA-256 of the files:\n${digests}`;
  const results = await prepareResults({
    folder,
    config,
    names: Object.values(names),
    overwrite: settings.overwrite,
  });
  if (results === undefined) {
    await removeJournal(folder, "filaments");
    return { kind: "reused", files };
  }
  resources.use(results);
  // Another version may measure otherwise, or other things.
  const journal = await openJournal<MeasuredFilament>(folder, "filaments", `# bigsf ${ownVersion()}\n${config}`);
  let isComplete = false;
  resources.defer(() => journal.close(isComplete));

  const [height, width] = map.shape;
  const onRows = (done: number) => onProgress?.("rows", done, height);
  const found = await findFilaments(map, { low, high, spur, mostTurn, leastLength, onRows, signal });
  const probability = found.isMask ? `${basename(map.path)} is a mask` : undefined;
  const lacking: Lacking = { ...inputs.lacking, probability };
  const { measuring } = inputs;
  const parts = { ...measuring, plane: found.plane, probability: found.isMask ? undefined : measuring.probability };
  const all = await measureAll(found.filaments, parts, { journal, onProgress, signal });
  const kept = all.flatMap((filament, index) => {
    const place = found.filaments[index];
    return place === undefined || isFaint(filament, settings.leastSignificance) ? [] : [{ filament, found: place }];
  });
  const touching = touchingOf(kept.map(({ found: each }) => each));
  const numbered = kept.map(({ filament, found: place }, index) => {
    const { network, joins } = touching[index] ?? { network: 0, joins: 0 };
    return { filament: { ...filament, id: index + 1, network, joins }, found: place };
  });
  const filaments = numbered.map(({ filament }) => filament);

  const { coordinates } = inputs.measuring;
  const sky = coordinates?.kind === "sky" ? coordinates : undefined;
  const columns = [
    ...columnsFor({ frame: sky?.names, imageUnit: inputs.imageUnit, lacking }),
    ...(recovery === undefined ? [] : recoveryColumns(recovery, await map.digest(), contrastOf)),
  ];
  const history = [
    `made by bigsf catalogue of ${basename(map.path)}${inputs.image === undefined ? "" : ` and ${basename(inputs.image.path)}`}`,
    `threshold ${high}, low_threshold ${low}, spur ${spur}, most_turn ${mostTurn}, least_length ${leastLength}`,
  ];
  const table = { columns, filaments, history };
  await writeFitsTable(join(results.staging, names.fits), table);
  await writeVotable(join(results.staging, names.votable), table);
  await writeSkeleton(join(results.staging, names.skeleton), map, numbered, history);
  await writeRegions(join(results.staging, names.regions), sky, numbered);
  await writeMoc(join(results.staging, names.moc), sky, found.plane, numbered);
  const { drawSummary } = await import("./draw-summary.ts");
  const shown = inputs.image ?? map;
  const picture = await drawSummary({
    map: shown,
    unit: inputs.image === undefined ? "" : inputs.imageUnit,
    title: basename(shown.path),
    filaments,
    spines: spinesOf(numbered),
  });
  await writeFile(join(results.staging, names.summary), picture, { flush: true });
  const atlas = { count: settings.atlas, inputs, plane: found.plane, filaments: numbered, history, signal };
  if (settings.atlas > 0) await writeAtlas({ folder: join(results.staging, atlasName), ...atlas });
  // What is published takes the place of what was there: without pages, an empty folder.
  else if (pathExists(join(folder, atlasName))) await mkdir(join(results.staging, atlasName));
  await results.publish();
  isComplete = true;
  const { maskPixels, short } = found;
  const faint = all.length - filaments.length;
  return { kind: "written", files, filaments, pixels: height * width, maskPixels, short, faint, lacking };
}

function* spinesOf(filaments: readonly { readonly found: FoundFilament }[]): Generator<readonly Point[]> {
  for (const { found } of filaments) yield spineOfFound(found).points;
}
