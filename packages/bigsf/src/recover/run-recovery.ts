import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { contrastOf, isFaint } from "../catalogue/columns.ts";
import type { MeasuredFilament } from "../catalogue/filament.ts";
import { findFilaments, spineOfFound } from "../catalogue/find-filaments.ts";
import { type Journal, type JournalOf, openJournal, removeJournal } from "../catalogue/journal.ts";
import { mapSamples } from "../catalogue/map-samples.ts";
import { measureAll } from "../catalogue/measure-all.ts";
import { BigsfError } from "../errors.ts";
import { prepareResults } from "../segmentation/result-folder.ts";
import { ownVersion } from "../version.ts";
import { completenessOf, type Outcome } from "./completeness.ts";
import { type Ground, surveyGround } from "./ground.ts";
import { drawShape, type Shape } from "./injection.ts";
import { SpineIndex } from "./match.ts";
import { type Pass, placeShapes } from "./place-shapes.ts";
import { type Judged, judge, purityOf } from "./purity.ts";
import { checkSameMap, recoverPass } from "./recover-pass.ts";
import { traitsOf } from "./recovery-columns.ts";
import type { RecoveryFile } from "./recovery-file.ts";
import { openRecoveryInputs, type RecoveryInputs, type RecoverySettings } from "./recovery-inputs.ts";
import { writeTables } from "./write-tables.ts";

export interface RecoveryRunOptions {
  /** Told of rows that are read, of filaments that are measured, then of those that were put into the map. */
  readonly onProgress?: ((step: RecoveryStep, done: number, total: number) => void) | undefined;
  /** What people should know, before the work begins. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** Aborted: throws its reason at the next chance; the same configuration goes on from the passes that were finished. */
  readonly signal?: AbortSignal | undefined;
}

export type RecoveryStep = "rows" | "filaments" | "injections";

export const recoveryNames = {
  file: "recovery.json",
  fits: "recovery.fits",
  injections: "injections.ecsv",
  completeness: "completeness.ecsv",
  picture: "recovery.png",
} as const;

export type RecoveryFiles = { readonly [File in keyof typeof recoveryNames]: string };

export type RecoveryResult =
  | { readonly kind: "reused"; readonly files: RecoveryFiles }
  | {
      readonly kind: "written";
      readonly files: RecoveryFiles;
      readonly file: RecoveryFile;
      readonly outcomes: readonly Outcome[];
      readonly judged: readonly Judged[];
      /** Share of the map's pixels at which a model speaks that has not seen them. */
      readonly usable: number;
    };

/** Of one pass. */
interface PassRecord {
  readonly outcomes: readonly Outcome[];
  readonly homeless: number;
}

/**
 * Puts filaments into a map, and looks which of them its catalogue finds; and judges the catalogue where labels tell. All files
 * appear together when they are complete.
 *
 * @throws ConfigurationError where what is asked for does not go together; BigsfError `OUTPUT` where there are results of another
 *   configuration
 */
export async function runRecovery(
  settings: RecoverySettings,
  { onProgress, onNote, signal }: RecoveryRunOptions = {},
): Promise<RecoveryResult> {
  await using resources = new AsyncDisposableStack();
  const inputs = await openRecoveryInputs(settings, resources);
  const { output: folder } = settings;
  const files: RecoveryFiles = {
    file: join(folder, recoveryNames.file),
    fits: join(folder, recoveryNames.fits),
    injections: join(folder, recoveryNames.injections),
    completeness: join(folder, recoveryNames.completeness),
    picture: join(folder, recoveryNames.picture),
  };
  const config = `${settings.configuration}${inputs.made.map((line) => `# ${line}\n`).join("")}`;
  const names = Object.values(recoveryNames);
  const results = await prepareResults({ folder, config, names, overwrite: settings.overwrite });
  if (results === undefined) {
    for (const each of ["filaments", "injections"] as const) await removeJournal(folder, each);
    return { kind: "reused", files };
  }
  resources.use(results);
  let isComplete = false;
  const journalOf = async <Row>(of: JournalOf) => {
    const journal = await openJournal<Row>(folder, of, `# bigsf ${ownVersion()}\n${config}`);
    resources.defer(() => journal.close(isComplete));
    return journal;
  };
  const filaments = await journalOf<MeasuredFilament>("filaments");
  const journal = await journalOf<PassRecord>("injections");
  for (const note of inputs.notes) onNote?.(note);

  const before = await lookBefore(inputs, filaments, { onProgress, signal });
  const { map, spines } = before;
  const passes = placeShapes(shapesOf(settings), map, {
    seed: settings.seed,
    profile: settings.profile,
    reach: inputs.reprediction.reach,
    crowded: settings.crowded,
  });
  const done: PassRecord[] = [];
  let count = 0;
  let isChecked = false;
  for (const pass of passes) {
    signal?.throwIfAborted();
    const known = journal.done[done.length];
    if (known === undefined && !isChecked && pass.placed.length > 0) {
      await checkSameMap(pass, inputs, signal);
      isChecked = true;
    }
    const record = known ?? (await recordOf(pass, inputs, spines, settings, signal));
    if (known === undefined) await journal.append([record]);
    done.push(record);
    count += record.outcomes.length + record.homeless;
    onProgress?.("injections", count, settings.injections);
  }
  const outcomes = done.flatMap((each) => each.outcomes);
  const homeless = done.reduce((sum, each) => sum + each.homeless, 0);
  if (outcomes.length < fewest)
    throw new BigsfError(
      "CATALOGUE",
      `only ${outcomes.length} of ${settings.injections} filaments found a place where no model has seen the map and no other filament lies; inject shorter ones (length), or crowded: true`,
    );
  const file: RecoveryFile = {
    form: 1,
    finding: inputs.finding,
    map: await inputs.probability.digest(),
    seed: settings.seed,
    injected: outcomes.length,
    recovered: outcomes.filter(({ recovered }) => recovered).length,
    homeless,
    completeness: completenessOf(outcomes),
    purity: purityOf(before.judged, map),
  };
  const at = (name: string) => join(results.staging, name);
  await writeTables({
    fits: at(recoveryNames.fits),
    injections: at(recoveryNames.injections),
    completeness: at(recoveryNames.completeness),
    outcomes,
    judged: before.judged,
    file,
    history: inputs.made,
  });
  const { drawRecovery } = await import("./draw-recovery.ts");
  await writeFile(at(recoveryNames.picture), await drawRecovery(file, inputs.title), { flush: true });
  await writeFile(at(recoveryNames.file), `${JSON.stringify(file, undefined, 1)}\n`, { flush: true });
  await results.publish();
  isComplete = true;
  const usable = map.usable / (map.height * map.width);
  return { kind: "written", files, file, outcomes, judged: before.judged, usable };
}

/** Of less nothing is fitted. */
const fewest = 10;

function* shapesOf(settings: RecoverySettings): Generator<Shape> {
  for (let id = 1; id <= settings.injections; id++) yield drawShape(settings, id);
}

async function recordOf(
  pass: Pass,
  inputs: RecoveryInputs,
  spines: SpineIndex,
  settings: RecoverySettings,
  signal: AbortSignal | undefined,
): Promise<PassRecord> {
  const outcomes = pass.placed.length === 0 ? [] : await recoverPass(pass.placed, inputs, spines, settings, signal);
  return { outcomes, homeless: pass.homeless.length };
}

/** The catalogue of the map as it is. */
async function lookBefore(
  inputs: RecoveryInputs,
  journal: Journal<MeasuredFilament>,
  { onProgress, signal }: RecoveryRunOptions,
): Promise<{ readonly map: Ground; readonly spines: SpineIndex; readonly judged: readonly Judged[] }> {
  const { probability, image, target, background, finding, measuring } = inputs;
  const [height] = probability.shape;
  const found = await findFilaments(probability, {
    ...inputs.findOptions,
    onRows: (done) => onProgress?.("rows", done, height),
    signal,
  });
  if (found.isMask)
    throw new BigsfError(
      "CATALOGUE",
      `${probability.path} is a mask; give the map of probabilities that bigsf segment made`,
    );
  const map = await surveyGround({ probability, image, target, background, mask: found.plane }, signal);
  if (map.usable === 0)
    throw new BigsfError("MODEL", `no model is free of any place of ${probability.path}: nothing can be injected`);
  const isJudged = target !== undefined && background !== undefined;
  if (isJudged && map.looked === 0)
    throw new BigsfError(
      "CATALOGUE",
      `${background.path} is 1 nowhere off ${target.path} where a model speaks: it does not tell what is false; give where there is certainly no filament, or leave out target and background`,
    );
  const parts = { ...measuring, plane: found.plane, probability: mapSamples(probability) };
  const isMeasured = isJudged || finding.least_significance > 0;
  const all = isMeasured ? await measureAll(found.filaments, parts, { journal, onProgress, signal }) : [];
  const kept = all.flatMap((filament, index) => {
    const each = found.filaments[index];
    return each === undefined || isFaint(filament, finding.least_significance) ? [] : [{ filament, each }];
  });
  const spines = new SpineIndex();
  for (const each of isMeasured ? kept.map((one) => one.each) : found.filaments) spines.add(spineOfFound(each).points);
  const judged = !isJudged
    ? []
    : kept.map(
        ({ filament, each }, index): Judged => ({
          id: index + 1,
          ...traitsOf(filament, contrastOf),
          judgement: judge(spineOfFound(each).points, map),
        }),
      );
  return { map, spines, judged };
}
