export interface SeedColumn {
  readonly name: string;
  readonly whole: boolean;
}

/**
 * The columns of `run_results` after `run_id`, in their order, as the seed and schema 1 have them. The list is closed:
 * further figures of a run are rows of `run_metrics`.
 */
export const seedColumns: readonly SeedColumn[] = [
  { name: "train_loss", whole: false },
  { name: "test_loss", whole: false },
  { name: "train_acc", whole: false },
  { name: "test_acc", whole: false },
  { name: "nb_params", whole: true },
  { name: "duration(s)", whole: false },
  { name: "epochs", whole: true },
  { name: "overfit", whole: false },
  { name: "trainability", whole: false },
  { name: "slope", whole: false },
];
