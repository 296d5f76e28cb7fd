import type { Program } from "@ml-mosaic/command-line";

export const bigsf: Program = {
  name: "bigsf",
  summary: "Find filaments in maps of the Galaxy.",
  commands: {
    sample: async () => (await import("./sample.ts")).sampleCommand,
    preprocess: async () => (await import("./preprocess.ts")).preprocessCommand,
    train: async () => (await import("./train.ts")).trainCommand,
    "train-k-fold": async () => (await import("./train-k-fold.ts")).trainKFoldCommand,
    folds: async () => (await import("./folds.ts")).foldsCommand,
    calibrate: async () => (await import("./calibrate.ts")).calibrateCommand,
    segment: async () => (await import("./segment.ts")).segmentCommand,
    reproject: async () => (await import("./reproject.ts")).reprojectCommand,
    compare: async () => (await import("./compare.ts")).compareCommand,
    catalogue: async () => (await import("./catalogue.ts")).catalogueCommand,
    recover: async () => (await import("./recover.ts")).recoverCommand,
    board: async () => (await import("./board.ts")).boardCommand,
    schema: async () => (await import("./schema.ts")).schemaCommand,
  },
};
