import { BigsfError } from "../errors.ts";

/** `random`: areas go to the folds by turns (round robin). `naive`: each fold is a connected part of the image. */
export type FoldStrategy = "random" | "naive";

/** How patches are shared out among folds; lengths in pixels. Names are the configuration's. */
export interface FoldOptions {
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

/** What makes these options impossible, each with what works; nothing where they are fine. */
export function foldProblems(options: FoldOptions): readonly string[] {
  const { k, area_size, patch_size, overlap } = options;
  const problems: string[] = [];
  const isLength = (value: number) => Number.isInteger(value) && value > 0;
  for (const [name, value] of Object.entries({ area_size, patch_size })) {
    if (!isLength(value)) problems.push(`${name} is ${value}; it must be a whole number of pixels above 0`);
  }
  if (isLength(area_size)) {
    if (!(Number.isInteger(overlap) && overlap >= 0 && overlap < area_size)) {
      problems.push(
        `overlap is ${overlap}; it must be a whole number of pixels from 0 to ${area_size - 1}, below area_size`,
      );
    } else if (isLength(patch_size) && patch_size > area_size + overlap) {
      problems.push(
        `no patch of ${patch_size} x ${patch_size} pixels fits into an area of ${area_size} x ${area_size}` +
          `${overlap > 0 ? ` with overlap ${overlap}` : ""}; make area_size at least ${patch_size - overlap}, several times that if you can`,
      );
    }
  }
  if (!(Number.isInteger(k) && k >= 1 && k <= maxFolds))
    problems.push(`k is ${k}; it must be a whole number, 1 or from 3 to ${maxFolds}`);
  else if (k === 2) problems.push("k is 2; train, valid and test need a fold each: set k to 3 or more, or to 1");
  else if (k > 1) problems.push(...trainProblems(options));
  return problems;
}

const maxFolds = 65_535;

function trainProblems({ k, k_train }: Pick<FoldOptions, "k" | "k_train">): readonly string[] {
  const works = `with k ${k}, k_train is ${k === 3 ? "1 fold" : `1 to ${k - 2} folds`}, or a share from ${shareFor(1, k)} to ${shareFor(k - 2, k)}`;
  const isShare = k_train > 0 && k_train < 1;
  if (!isShare && !(Number.isInteger(k_train) && k_train >= 1)) return [`k_train is ${k_train}; ${works}`];
  const train = trainFolds({ k, k_train });
  if (train < 1) return [`k_train ${k_train} of ${k} folds leaves none to train; ${works}`];
  if (train > k - 2) {
    const left = Math.max(0, k - train);
    return [
      `k_train ${k_train} leaves ${left === 1 ? "1 fold" : `${left} folds`} of ${k} for valid and test, which need one each; ${works}`,
    ];
  }
  return [];
}

function shareFor(folds: number, k: number): string {
  return String(Number((folds / k).toFixed(3)));
}

/** Folds in each training set. */
export function trainFolds({ k, k_train }: Pick<FoldOptions, "k" | "k_train">): number {
  if (k === 1) return hiddenTrainFolds;
  return k_train < 1 ? Math.round(k * k_train) : k_train;
}

/** @throws BigsfError that names every problem */
export function checkFoldOptions(options: FoldOptions): void {
  const problems = foldProblems(options);
  if (problems.length === 0) return;
  throw new BigsfError(
    "FOLDS",
    problems.length === 1
      ? `folds: ${problems[0]}`
      : `folds: ${problems.length} problems\n${problems.map((each) => `  ${each}`).join("\n")}`,
  );
}
