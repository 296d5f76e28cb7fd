/** Records for the tests of a store, awkward on purpose, and two steps that most tests take. */
import type { EpochRecord } from "@ml-mosaic/training";
import type { Pipeline } from "../src/pipelines/pipeline.ts";
import type { RunOrder } from "../src/run/order.ts";
import type { Lease, NewRun, RunQuery, RunRecord, RunResult } from "../src/store/records.ts";
import type { Store, StoreReader } from "../src/store/store.ts";

export const exampleResult: RunResult = {
  train_loss: 0.1,
  test_loss: 0.30000000000000004,
  train_acc: 100,
  test_acc: null,
  nb_params: 35,
  "duration(s)": 1.5,
  epochs: 2,
  overfit: NaN,
  trainability: Infinity,
  slope: -Infinity,
};

export const exampleExperiment = { configuration: "[PROCESS]\nlr = 1e-2", engineVersion: "0.1.0", machineJson: "{}" };

export function examplePipeline(...keys: readonly string[]): Pipeline {
  const options = { width: "2", text: 'ü "\n' };
  return {
    modules: keys.map((key) => ({ type: "mlp", className: "Mlp", path: "./mlp.ts", key, section: "BRICK", options })),
    training: { lr: "1e-2" },
  };
}

export function exampleRun(changes: Partial<NewRun> = {}): NewRun {
  return {
    pipeline: examplePipeline("k_Mlp_2"),
    description: "Mlp(2)",
    params: [
      ["Mlp_width", "2"],
      ["mlp_key", "k_Mlp_2"],
    ],
    repetition: 0,
    identity: "identity",
    seed: 2 ** 53 - 1,
    ...changes,
  };
}

/** Of a run without files, whose modules are nowhere. */
export function exampleOrder(runId: number, changes: Partial<RunOrder> = {}): RunOrder {
  return {
    runId,
    pipeline: examplePipeline("a"),
    process: {},
    repetition: 0,
    seed: 1,
    device: "cpu",
    folder: "/",
    files: undefined,
    acceptsCode: false,
    filesFolder: undefined,
    executor: undefined,
    earlierEpochs: undefined,
    ...changes,
  };
}

export function exampleEpoch(epoch: number): EpochRecord {
  return {
    epoch,
    trainLoss: 1 / epoch,
    validLoss: NaN,
    validAccuracy: Infinity,
    lr: 1e-2,
    metrics: {},
    seconds: 0.25,
  };
}

export async function allRuns(store: StoreReader, query?: RunQuery): Promise<readonly RunRecord[]> {
  return Array.fromAsync(store.runs(query));
}

export async function leaseRun(store: Store, experimentId: number): Promise<Lease> {
  const lease = await store.leaseNextRun(experimentId, "worker 1");
  if (lease === undefined) throw new Error("no run is pending");
  return lease;
}
