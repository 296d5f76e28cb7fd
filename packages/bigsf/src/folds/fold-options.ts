import { BigsfError } from "../errors.ts";

/** `shuffled`: areas go to the folds in a random order. `random`: areas go to the folds by turns (round robin). `naive`: each fold is a connected part of the image. */
export type FoldStrategy = "random" | "shuffled" | "naive";

/** What folds are made of: areas of the maps, or whole maps. */
export const foldUnits = ["area", "map"] as const;
export type FoldUnit = (typeof foldUnits)[number];

/** How patches are shared out among folds; lengths in pixels. Names are the configuration's. */
export interface FoldOptions {
  /** `area` by default. */
  readonly by?: FoldUnit | undefined;
  readonly type: FoldStrategy;
  /** Number of folds; 1 is one training with ten folds behind it. */
  readonly k: number;
  /** Folds of each training set: their number, or below 1 their share. */
  readonly k_train: number;
  /** Side of the square areas that are kept together. */
  readonly area_size: number;
  readonly patch_size: number;
  /** How far a patch may reach over its area's far edges. */
  readonly overlap: number;
  /** Of the order of `shuffled`; the others have none. */
  readonly seed?: number | undefined;
}

export const defaultFoldOptions = {
  type: "random",
  k: 5,
  k_train: 0.6,
  area_size: 64,
  overlap: 0,
} as const satisfies Partial<FoldOptions>;

/** Folds behind `k: 1`, as a training, a validation and a test set need some: 8, 1 and 1. */
export const hiddenFolds = 10;
export const hiddenTrainFolds = 8;

/** How many folds areas are shared out to. */
export function numberOfFolds({ k }: Pick<FoldOptions, "k">): number {
  return k === 1 ? hiddenFolds : k;
}

/** What is wrong with one of the options. */
export interface FoldProblem {
  readonly option: keyof FoldOptions;
  readonly message: string;
}

/** What makes these options impossible, each with what works; nothing where they are fine. */
export function foldProblems(options: FoldOptions): readonly FoldProblem[] {
  const { k, area_size, patch_size, overlap } = options;
  const problems: FoldProblem[] = [];
  const isLength = (value: number) => Number.isInteger(value) && value > 0;
  for (const option of ["area_size", "patch_size"] as const) {
    if (isLength(options[option])) continue;
    problems.push({ option, message: `expected a whole number of pixels above 0, got ${options[option]}` });
  }
  if (options.by !== "map" && isLength(area_size)) {
    if (!(Number.isInteger(overlap) && overlap >= 0 && overlap < area_size)) {
      const range = area_size === 1 ? "0" : `a whole number of pixels from 0 to ${area_size - 1}`;
      problems.push({ option: "overlap", message: `expected ${range}, below area_size, got ${overlap}` });
    } else if (isLength(patch_size) && patch_size > area_size + overlap) {
      const withOverlap = overlap > 0 ? ` with overlap ${overlap}` : "";
      problems.push({
        option: "area_size",
        message: `no patch of ${patch_size} x ${patch_size} pixels fits into an area of ${area_size} x ${area_size}${withOverlap}; set it to ${patch_size - overlap} or more, several times that if you can`,
      });
    }
  }
  if (!(Number.isInteger(k) && k >= 1 && k <= maxFolds))
    problems.push({ option: "k", message: `expected a whole number, 1 or from 3 to ${maxFolds}, got ${k}` });
  else if (k === 2) {
    const message = "2 folds are too few, as train, valid and test need one each; set it to 3 or more, or to 1";
    problems.push({ option: "k", message });
  } else if (k > 1) problems.push(...trainProblems(options));
  return problems;
}

const maxFolds = 65_535;

function trainProblems({ k, k_train }: Pick<FoldOptions, "k" | "k_train">): readonly FoldProblem[] {
  const works = `of k ${k}, train ${k === 3 ? "1 fold" : `1 to ${k - 2} folds`}, or a share from ${shareFor(1, k)} to ${shareFor(k - 2, k)}`;
  const problem = (message: string): FoldProblem[] => [{ option: "k_train", message: `${message}; ${works}` }];
  const isShare = k_train > 0 && k_train < 1;
  if (!isShare && !(Number.isInteger(k_train) && k_train >= 1))
    return problem(`expected a number of folds, or a share of them below 1, got ${k_train}`);
  const train = trainFolds({ k, k_train });
  if (train < 1) return problem(`${k_train} of ${k} folds leaves none to train`);
  if (train <= k - 2) return [];
  const left = Math.max(0, k - train);
  const leaves = left === 1 ? "1 fold" : `${left} folds`;
  return problem(`${k_train} leaves ${leaves} of ${k} for valid and test, which need one each`);
}

/** `k_train` for so many folds, as a share. */
export function shareFor(folds: number, k: number): string {
  return String(Number((folds / k).toFixed(3)));
}

/** Folds in each training set. */
export function trainFolds({ k, k_train }: Pick<FoldOptions, "k" | "k_train">): number {
  if (k === 1) return hiddenTrainFolds;
  return k_train < 1 ? Math.round(k * k_train) : k_train;
}

/** @throws BigsfError that names every problem */
export function checkFoldOptions(options: FoldOptions): void {
  const problems = foldProblems(options).map(({ option, message }) => `folds.${option}: ${message}`);
  if (problems.length === 0) return;
  const text = problems.length === 1 ? problems.join() : [`${problems.length} problems:`, ...problems].join("\n  ");
  throw new BigsfError("FOLDS", text);
}
