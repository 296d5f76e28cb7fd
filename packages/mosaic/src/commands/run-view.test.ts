import { expect, test } from "vitest";
import type { Lease, RunResult } from "../store/index.ts";
import { openRunView } from "./run-view.ts";

const result: RunResult = {
  train_loss: 0.5,
  test_loss: Number.NaN,
  train_acc: null,
  test_acc: null,
  nb_params: 3,
  "duration(s)": 1,
  epochs: 2,
  overfit: null,
  trainability: null,
  slope: null,
};
const lease = (runId: number): Lease => ({
  runId,
  token: runId,
  experimentId: 1,
  attempt: 1,
  resumeEpoch: 0,
  fromSnapshot: false,
  expiresAt: new Date(0),
  pipeline: { modules: [], training: {} },
  description: `Net(${runId})`,
  params: [],
  repetition: 0,
  identity: "",
  seed: 0,
});

test("says of every run how it ended, one line each, where nobody watches", async () => {
  let text = "";
  const view = await openRunView({ out: () => undefined, err: (more) => (text += more), isLive: false }, 3);
  for (const runId of [1, 2, 3]) view.event({ kind: "started", lease: lease(runId), slot: 0 });
  view.event({ kind: "done", lease: lease(2), result });
  view.event({ kind: "worker-died", lease: lease(3), how: "killed by SIGKILL", status: "pending", goesOn: false });
  view.event({ kind: "failed", lease: lease(1), error: "Error: bad\n    at x" });
  view.event({ kind: "worker-died", lease: lease(3), how: "ended with exit code 7", status: "error", goesOn: true });
  view.close();
  expect(text.split("\n")).toEqual([
    "1/3 run 2 done: test loss NaN  Net(2)",
    "run 3: its worker died (killed by SIGKILL); it starts again  Net(3)",
    "2/3 run 1 failed: Error: bad  Net(1)",
    "run 3: its worker died (ended with exit code 7); given up after 3 attempts  Net(3)",
    "1 run done, 2 failed in 00:00",
    "",
  ]);
});
