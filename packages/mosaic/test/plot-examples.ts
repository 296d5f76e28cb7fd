// Databases for the tests of plots, filled through the store.
import type { EpochRecord } from "@ml-mosaic/training";
import { openSqliteStore, type RunResult } from "../src/store/index.ts";
import { exampleExperiment } from "./store-conformance-examples.ts";

export interface ExampleRun {
  readonly dataKey?: string;
  readonly modelKey: string;
  readonly width?: number;
  readonly repetition?: number;
  /** Not given: the run fails. */
  readonly result?: RunResult;
  /** Train and test loss of each epoch. */
  readonly losses?: readonly (readonly [train: number, test: number])[];
  /** The run is left pending; only for the last ones. */
  readonly isPending?: boolean;
}

/** A database of one experiment with these runs; ids from 1 on. */
export async function writeExampleDatabase(file: string, runs: readonly ExampleRun[]): Promise<void> {
  const store = await openSqliteStore(file);
  try {
    const experimentId = await store.createExperiment(exampleExperiment);
    for (const run of runs) {
      await store.addRuns(experimentId, [newRun(run)]);
      if (run.isPending === true) continue;
      const lease = await store.leaseNextRun(experimentId, "test");
      if (lease === undefined) throw new Error("no run is pending");
      const history = (run.losses ?? []).map(([trainLoss, validLoss], index) =>
        epochRecord(index + 1, trainLoss, validLoss),
      );
      if (run.result === undefined) {
        await store.appendHistory(lease, history);
        await store.failRun(lease, "Error: it broke");
      } else await store.completeRun(lease, { result: run.result, history });
    }
  } finally {
    await store.close();
  }
}

function newRun({ dataKey = "data", modelKey, width = 2, repetition = 0 }: ExampleRun) {
  const modules = [
    { type: "dataset", className: "Data", path: "d.ts", key: dataKey, options: {} },
    { type: "mlp", className: "Mlp", path: "m.ts", key: modelKey, options: { width: String(width) } },
  ];
  return {
    pipeline: { modules, training: {} },
    description: `Data | Mlp(${width})`,
    params: [
      ["Mlp_width", String(width)],
      ["mlp_key", modelKey],
      ["dataset_key", dataKey],
      ["data_scheme", "dataset"],
    ] as const,
    repetition,
    identity: `${dataKey} ${modelKey} ${width} ${repetition}`,
    seed: repetition,
  };
}

function epochRecord(epoch: number, trainLoss: number, validLoss: number): EpochRecord {
  return { epoch, lr: 0.1, trainLoss, validLoss, metrics: {}, seconds: 1 };
}
