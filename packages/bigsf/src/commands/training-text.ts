/** How commands tell of a training. */
import { clockText } from "@ml-mosaic/base";
import { barText, numberText, tableText } from "@ml-mosaic/command-line";
import type { EpochRecord, TestResult, TrainerProgress } from "@ml-mosaic/training";
import { labelFigureNames, labelText } from "../metrics/label-figures.ts";

/** "epoch 12 of 50  train ███░░░  45 %  loss 0.1234  02:10 left" */
export function progressText({ phase, epoch, epochs, batches, of, trainLoss, secondsLeft }: TrainerProgress): string {
  const share = of === undefined ? `${batches} batches` : `${barText(batches / of, 20)} ${percent(batches / of)}`;
  const parts = [
    phase === "test" ? "test set" : `epoch ${String(epoch).padStart(String(epochs).length)} of ${epochs}`,
    ...(phase === "test" ? [] : [phase === "train" ? "train" : "valid"]),
    share,
    ...(trainLoss === undefined ? [] : [`loss ${numberText(trainLoss)}`]),
    ...(secondsLeft === undefined || phase === "test" ? [] : [`${clockText(secondsLeft)} left`]),
  ];
  return parts.join("  ");
}

function percent(share: number): string {
  return `${Math.floor(100 * share)} %`.padStart(5);
}

/** "epoch 12 of 50: train loss 0.1234, valid loss 0.1402, dice 0.71  (3.2 s)" */
export function epochText({ epoch, trainLoss, validLoss, metrics, seconds }: EpochRecord, epochs: number): string {
  const figures = Object.entries(metrics).map(([name, value]) => `, ${name} ${numberText(value)}`);
  const number = String(epoch).padStart(String(epochs).length);
  return `epoch ${number} of ${epochs}: train loss ${numberText(trainLoss)}, valid loss ${numberText(validLoss)}${figures.join("")}  (${numberText(seconds)} s)`;
}

/** The figures of a test set, one below the other; of several maps, of each of them beside all. */
export function testText({ parts, ...all }: TestResult): string {
  const columns = parts === undefined ? { value: all } : { ...parts, "all maps": all };
  const scores = Object.values(columns).map(
    ({ loss, metrics }): Readonly<Record<string, number>> => ({ loss, ...metrics }),
  );
  const names = [...new Set(scores.flatMap((each) => Object.keys(each)))];
  const rows = names.map((name) => [name, ...scores.map((each) => numberText(each[name] ?? Number.NaN))]);
  return tableText(
    ["test set", ...Object.keys(columns)],
    rows,
    scores.map((_, column) => column + 1),
  );
}

/** What share of the test set its scores speak of, and what is said of the rest; empty for data without labels. */
export function labelLine({ metrics }: TestResult): string {
  const { [labelFigureNames.labelled]: labelled, [labelFigureNames.unlabelledFound]: rest = Number.NaN } = metrics;
  return labelled === undefined ? "" : `${labelText(labelled, rest)}\n\n`;
}
