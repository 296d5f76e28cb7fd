import { checkFoldOptions, defaultFoldOptions, type FoldOptions, numberOfFolds, trainFolds } from "./fold-options.ts";

/** The parts of a split. */
export const parts = ["train", "valid", "test"] as const;
export type Part = (typeof parts)[number];

/** The folds of each part, numbered from 1. */
export type Split = Readonly<Record<Part, readonly number[]>>;

/**
 * Which folds train, validate and test each model. A whole `k_train` gives as many splits as there are training sets
 * without a common fold; a share gives k splits, rotated by one fold, so that every fold is tested. What does not train
 * is halved into valid and test, in circular order from the training set's end; of an odd number test gets one more.
 *
 * @throws BigsfError if a part would be empty; it lists what works
 * @example
 * foldSplits({ k: 4, k_train: 2 }) // train [1, 2], valid [3], test [4]; then train [3, 4], valid [1], test [2]
 */
export function foldSplits({ k, k_train }: Pick<FoldOptions, "k" | "k_train">): readonly Split[] {
  checkFoldOptions({ ...defaultFoldOptions, patch_size: 1, k, k_train });
  const folds = numberOfFolds({ k });
  const train = trainFolds({ k, k_train });
  const isShare = k > 1 && k_train < 1;
  const [count, step] = k === 1 ? [1, 0] : isShare ? [k, 1] : [Math.floor(k / train), train];
  return Array.from({ length: count }, (_, index) => {
    const rotated = Array.from({ length: folds }, (_, place) => 1 + ((index * step + place) % folds));
    const testFrom = train + Math.floor((folds - train) / 2);
    return {
      train: rotated.slice(0, train),
      valid: rotated.slice(train, testFrom),
      test: rotated.slice(testFrom),
    };
  });
}

/** Whether every fold is tested by some split: then the predictions for test sets make up a whole map. */
export function testsEveryFold(splits: readonly Split[], folds: number): boolean {
  return new Set(splits.flatMap(({ test }) => test)).size === folds;
}
