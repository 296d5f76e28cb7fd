import { criterionNamed } from "../../compare/criterion.ts";

interface Title {
  readonly name: string;
  readonly unit?: string;
  /** What the figure is, where its name does not say it. */
  readonly meaning?: string;
}

const titles: Readonly<Record<string, Title>> = {
  train_loss: { name: "train loss" },
  test_loss: { name: "test loss" },
  train_acc: { name: "train accuracy", unit: "%" },
  test_acc: { name: "test accuracy", unit: "%" },
  nb_params: { name: "number of parameters" },
  "duration(s)": { name: "duration", unit: "s" },
  epochs: { name: "epochs trained" },
  overfit: { name: "overfit", meaning: "share of the losses' range" },
  trainability: { name: "trainability", meaning: "mean test loss of all epochs" },
  slope: { name: "slope", meaning: "train loss per epoch" },
};

/** "test accuracy"; the column's own name where it is an option. */
export function criterionName(column: string): string {
  return titles[column]?.name ?? column;
}

/** For an axis: "test accuracy (%)". */
export function axisTitle(column: string): string {
  const { unit, meaning } = titles[column] ?? {};
  return withNote(column, unit ?? meaning);
}

/** The same for the axis of a small chart. */
export function shortAxisTitle(column: string): string {
  return withNote(column, titles[column]?.unit);
}

function withNote(column: string, note: string | undefined): string {
  return note === undefined ? criterionName(column) : `${criterionName(column)} (${note})`;
}

/** "lower is better", where that can be said. */
export function directionNote(column: string): string | undefined {
  const notRanked = ["epochs", "slope", "nb_params"];
  return notRanked.includes(column) ? undefined : `${criterionNamed(column).direction} is better`;
}
