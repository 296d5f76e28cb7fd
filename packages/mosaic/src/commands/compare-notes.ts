/** What a reader of a verdict has to know besides: which one counts, small numbers, failures, and what was chosen on what. */
import { countText } from "@ml-mosaic/base";
import { numberText, shellText } from "@ml-mosaic/command-line";
import { fewestForAnytime, largestOf, smallestOf } from "@ml-mosaic/statistics";
import type { DataReport, PairReport } from "../compare/data-report.ts";
import type { CompareReport } from "../compare/report.ts";
import { countRemoved, type RemovedCounts } from "../compare/run-table.ts";
import { lossKey } from "../experiment/identity.ts";
import { choiceNote } from "../figures/figure-text.ts";
import { idRanges } from "../selection/id-ranges.ts";
import { countingText, differenceText, percentText } from "./compare-words.ts";

/** @param database for the commands that are named; without it none is */
export function dataNotes(data: DataReport, database?: string): readonly string[] {
  return [
    removedNote(data),
    ...countingNotes(data.pairs, data.correlation),
    smallestPNote(data),
    database === undefined ? "" : planNote(data),
    failureNote(data),
    outlierNote(data, database),
    rareNote(data),
    unplacedNote(data),
    groupNote(data),
    data.repeated === 0
      ? ""
      : `${countText(data.repeated, "run")} left out: another run is of the same repetition, and the last one counts.`,
    data.isPairedByOrder
      ? "These runs do not say their repetition, as those of the original Mosaic: they are paired in the order of their ids. That is correct, but gains nothing from pairing."
      : "",
    unlikeNote(data),
    programNote(data),
    data.pairs.some(({ evidence }) => evidence?.method === "welch")
      ? "Models without two common repetitions are compared as independent samples (Welch's t-test)."
      : "",
    data.folds > 0
      ? `Folds share their training data: intervals and verdicts count them as correlated (1/${data.folds}), and more repetitions may not decide.`
      : "",
  ].filter((note) => note !== "");
}

function unlikeNote({ unlikeData, programs }: DataReport): string {
  if (unlikeData === 0) return "";
  const unknown = programs.length === 0 ? "" : "; of programs, which read their own, none are known";
  return `These data are read in several ways, said to be the same (same_data_as): a repetition pairs two models of different ones only where its data digests are known and equal, which mosaic show tells${unknown}.`;
}

/** What a program makes of its seed nobody sees. */
function programNote({ programs, models }: DataReport): string {
  if (programs.length < 2) return "";
  const which = programs.length === models.length ? "" : ` (${programs.join(", ")})`;
  return `Programs${which} are paired by repetition, with the same {seed}: that sharpens verdicts where their data come from it, and else gains nothing.`;
}

/** What was removed can be what did not please. */
function removedNote({ models }: DataReport): string {
  const reduced = models.filter(({ removed }) => countRemoved(removed) > 0);
  if (reduced.length === 0) return "";
  const parts = reduced.map(({ model, removed }) => `${removedText(removed)} of ${model}`);
  const count = reduced.reduce((sum, { removed }) => sum + countRemoved(removed), 0);
  return `${countText(count, "run")} ${count === 1 ? "was" : "were"} removed from the database (${parts.join("; ")}): verdicts are about what is left. They are worth what they say only if nobody chose by the results what to remove.`;
}

/** "2 done + 1 failed" */
export function removedText({ done, failed, unfinished }: RemovedCounts): string {
  const counts = [
    [done, "done"],
    [failed, "failed"],
    [unfinished, "unfinished"],
  ] as const;
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`)
    .join(" + ");
}

/** One line for each kind of verdict that occurs. */
function countingNotes(pairs: readonly PairReport[], correlation: number): readonly string[] {
  const shown = pairs.filter(({ evidence }) => evidence?.method !== "fixed");
  const texts = [...new Set(shown.map(({ counting }) => countingText(counting)))];
  if (correlation > 0) return texts.filter((text) => text.includes("planned run"));
  return texts.map(
    (text) =>
      `${text.includes("planned run") ? "No verdict yet" : "These verdicts hold"} ${text.includes("planned run") ? `(${text})` : text}.`,
  );
}

/** Where so few repetitions can decide nothing. */
function smallestPNote({ pairs, familySize }: DataReport): string {
  const tested = pairs.filter(({ evidence, p }) => evidence !== undefined && p !== undefined);
  // Those of independent samples are not counted in repetitions, and leave others a smaller family where they are decided.
  if (tested.length === 0 || tested.some(({ evidence }) => evidence?.method === "welch")) return "";
  const smallest = largestOf(tested.map(({ evidence }) => evidence?.smallestP ?? 0));
  if (smallest * familySize <= 0.05) return "";
  const n = smallestOf(tested.map((pair) => pair.n));
  const enough = Math.ceil(1 + Math.log2(familySize / 0.05));
  const pairsText = familySize > 1 ? ` among ${familySize} pairs` : "";
  if (n >= enough)
    return `Of the possible swaps only some were drawn: p cannot fall below ${numberText(smallest)}, which is not enough${pairsText}.`;
  return `With ${countText(n, "repetition")} nothing can be decided${pairsText}, whatever the results: it takes ${enough}${familySize > 1 ? ` (${fewestForAnytime} for a single pair)` : ""}.`;
}

function planNote({ pairs, scale }: DataReport): string {
  const planned = pairs.filter(({ plan }) => plan !== null);
  if (planned.length === 0) return "";
  const smallest = planned.flatMap(({ detectable }) => (detectable === null ? [] : [detectable]));
  const shown =
    smallest.length === 0
      ? ""
      : ` The present repetitions find a difference of ${differenceText(-smallestOf(smallest), scale).replace(/ lower$/, "")} or more with a chance of 80 %.`;
  const never = planned.filter(({ plan }) => plan !== null && plan.even === undefined);
  const none = never.length > 0 ? ` Where it says "over 200" the difference may be none.` : "";
  return `more: further repetitions with which the pair is decided with a chance of 50 to 80 %, if its differences go on as they are.${none}${shown}`;
}

function failureNote({ models, pairs }: DataReport): string {
  const bad = models.filter(({ failed, diverged }) => failed + diverged > 0);
  if (bad.length === 0) return "";
  const counts = bad.map(({ model, failed, diverged, n, failure }) => {
    const range = failure === null ? "" : ` (${sharesText(failure)})`;
    return `${model} in ${failed + diverged} of ${failed + diverged + n}${range}`;
  });
  const hanging = pairs.filter(
    ({ verdict, verdictWhenTrained }) => verdictWhenTrained !== undefined && verdict !== verdictWhenTrained,
  );
  const hangs = hanging.length === 0 ? "" : ` "When trained" says what would hold if failures did not count.`;
  return `Failed trainings count as worse than every result in verdicts and in the order, and in no mean that is shown: ${counts.join("; ")}.${hangs}`;
}

/** "25 to 75 %", inside 0 and 100. */
function sharesText({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${Math.floor(low * 100)} to ${Math.ceil(high * 100)} %`;
}

function outlierNote({ models }: DataReport, database: string | undefined): string {
  const found = models.flatMap(({ model, outliers }) => outliers.map((outlier) => ({ model, ...outlier })));
  if (found.length === 0) return "";
  const shown = found.slice(0, 3).map(({ model, runIds, value }) => {
    const command = database === undefined ? "" : `: mosaic show ${shellText(database)} ${runIds[0]}`;
    return `${model}, run ${runIds.join(", ")} (${numberText(value)})${command}`;
  });
  const more = found.length > 3 ? `; and ${found.length - 3} more` : "";
  return `Far from all others of their model, and the mean hangs on them: ${shown.join("; ")}${more}. The median and the mid-mean (of the middle half) do not.`;
}

/** What did not happen in n repetitions may still happen in one of some. */
function rareNote({ models, pairs }: DataReport): string {
  const decided = pairs.filter(({ verdict }) => verdict === "better" || verdict === "worse");
  const compared = new Set(decided.flatMap(({ a, b }) => [a, b]));
  const n = smallestOf(models.filter(({ model }) => compared.has(model)).map((model) => model.n));
  if (!Number.isFinite(n) || n >= 20 || decided.every(({ evidence }) => evidence?.method === "fixed")) return "";
  const share = 1 - 0.05 ** (1 / n);
  return models.some(({ failed, diverged }) => failed + diverged > 0)
    ? ""
    : `No training of ${n} went wrong, but up to ${percentText(Number(share.toPrecision(2)))} may: no verdict of ${n} repetitions can know of what is that rare.`;
}

function unplacedNote({ models }: DataReport): string {
  const unplaced = models.filter(({ rank, n }) => rank === null && n > 0).map(({ model }) => model);
  return unplaced.length === 0 ? "" : `Not ranked, because a single result may be luck: ${unplaced.join(", ")}.`;
}

function groupNote({ models }: DataReport): string {
  const sizes = new Set(models.map(({ members }) => members).filter((members) => members > 0));
  const incomplete = models.reduce((sum, model) => sum + model.incomplete, 0);
  return [
    sizes.size > 1 ? "The groups average different numbers of pipelines: they may differ in more than their name." : "",
    incomplete > 0
      ? `${countText(incomplete, "repetition")} left out, in which only some of a group's pipelines have a result.`
      : "",
  ]
    .filter((note) => note !== "")
    .join("\n");
}

/** About all data sets. */
export function reportNotes(report: CompareReport): readonly string[] {
  const { withoutGroup, by, criterion, dataSets } = report;
  const left = withoutGroup === 0 ? "" : `${countText(withoutGroup, "run")} without ${by} left out.`;
  const many = dataSets.filter(({ pairs }) => pairs.length > 0).length;
  const each =
    many < 2
      ? ""
      : `Each data set has its own 5 % of wrong verdicts: with ${many} of them expect one somewhere in ${percentText(1 - 0.95 ** many)} of all such comparisons.`;
  const chosen = dataSets.every(({ pairs }) => pairs.length === 0) ? undefined : choiceNote(criterion);
  const accuracy =
    report.mixesOriginal && criterion.name.endsWith("_acc")
      ? `The original Mosaic counts ${criterion.name} in another way (70.83 % where this program has 100 % for the same model): do not compare its runs with others by it.`
      : "";
  const changed = report.changedFiles.map(
    ({ name, stamps }) =>
      `${name} was not the same for all runs (${stamps.join(", then ")}): they differ in their data.`,
  );
  return [
    selectedNote(report.leftOut),
    left,
    accuracy,
    ...changed,
    ...codeNotes(report),
    executorNote(report),
    processorNote(report),
    ...furtherNotes(report),
    each,
    chosen ?? "",
  ].filter((note) => note !== "");
}

/** Whoever selects by results decides the verdict. */
function selectedNote(leftOut: number | null): string {
  if (leftOut === null) return "";
  return `On selected runs: ${countText(leftOut, "run")} of the database ${leftOut === 1 ? "is" : "are"} left out. The verdicts are worth what they say only if the runs were not selected by their results.`;
}

/** So many models are named. */
const mostNamed = 3;

function codeNotes({ changedCode }: CompareReport): readonly string[] {
  return changedCode.map(({ file, models }) => {
    const more = models.length > mostNamed ? `; and ${models.length - mostNamed} more` : "";
    const what = file === lossKey ? "the own loss function" : file;
    return `Some repetitions were trained with another text of ${what}, or of what it imports, than others, and are not of one model: ${models.slice(0, mostNamed).join("; ")}${more}. mosaic run --continue trains anew what is not of the present text.`;
  });
}

function executorNote({ mixedExecutors: models }: CompareReport): string {
  if (models.length === 0) return "";
  const more = models.length > mostNamed ? `; and ${models.length - mostNamed} more` : "";
  return `Some repetitions were computed on ONNX Runtime and others on WebAssembly, which round differently: ${models.slice(0, mostNamed).join("; ")}${more}. mosaic export has the column executor.`;
}

function processorNote({ mixedProcessors: runIds }: CompareReport): string {
  if (runIds.length === 0) return "";
  return `${runIds.length === 1 ? "Run" : "Runs"} ${idRanges(runIds)} went on on another model of processor than they began on, so that their last bits are those of neither: processor = same of [SLURM] would have waited; mosaic show says which.`;
}

function furtherNotes({ trainedFurther, criterion }: CompareReport): readonly string[] {
  return trainedFurther.map(({ model, runIds, epoch }) => {
    const which = `of ${model} ${runIds.length === 1 ? "run" : "runs"} ${idRanges(runIds)}`;
    return epoch === null
      ? `Trained further than the others ${which}: each number of epochs stands for itself, because ${criterion.name} at the epoch that all have is not known.`
      : `Trained further than the others ${which}: all count as they were after ${countText(epoch, "epoch")}, which all have.`;
  });
}
