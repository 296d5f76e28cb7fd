import { expect, test } from "vitest";
import type { EpochRecord } from "../../store/index.ts";
import { type LossCurves, lossChart } from "./loss-chart.ts";

const room = { width: 400, scale: 1 };
const run: Omit<LossCurves, "epochs"> = {
  runId: 7,
  status: "done",
  pipeline: "Data | Mlp(2)",
  lossFunction: "MSELoss",
  parameterCount: 1234,
  overfit: 0.25,
  trainability: 0.5,
  slope: -1e-5,
};

function epochs(losses: readonly (readonly [number | null, number | null])[]): readonly EpochRecord[] {
  const rest = { trainAccuracy: null, testAccuracy: null, learningRate: null, seconds: null };
  return losses.map(([trainLoss, testLoss], index) => ({ epoch: index + 1, trainLoss, testLoss, ...rest }));
}

/** What a web page would get. */
const sent = (curves: LossCurves): unknown => JSON.parse(JSON.stringify(lossChart(curves, room)));

test("draws the losses that are stored, and says what the run was", () => {
  const losses = [[0.1, 0.30000000000000004], [0.05, 1e-7], [1 / 3, 2]] as const; // biome-ignore format: rows
  expect(sent({ ...run, epochs: epochs(losses) })).toMatchObject({
    title: {
      text: "Run 7 — 1,234 parameters",
      subtitle: ["Data | Mlp(2)", "overfit 0.25 · trainability 0.5 · slope −1.00e−5"],
    },
    encoding: { x: { title: "epoch" }, y: { title: "loss (MSELoss)", scale: { type: "log" } } },
    layer: [
      {
        data: { values: losses.map(([loss], index) => ({ epoch: index + 1, loss })) },
        encoding: { color: { datum: "train" } },
      },
      {
        data: { values: losses.map(([, loss], index) => ({ epoch: index + 1, loss })) },
        encoding: { color: { datum: "test" } },
      },
    ],
  });
});

test("NaN and infinite losses are gaps, and said; what stands alone between them is a point", () => {
  const chart = sent({ ...run, epochs: epochs([[1, NaN], [NaN, 1], [2, Infinity], [3, null]]) }); // biome-ignore format: rows
  expect(chart).toMatchObject({
    title: {
      subtitle: [
        "Data | Mlp(2)",
        expect.anything(),
        "gap: train loss NaN or infinite in 1 of 4 epochs, first in 2",
        "gap: test loss NaN or infinite in 2 of 4 epochs, first in 1",
        "no test loss in 1 of 4 epochs",
      ],
    },
    layer: [
      { data: { values: [{ loss: 1 }, { loss: null }, { loss: 2 }, { loss: 3 }] } },
      { data: { values: [{ epoch: 1, loss: 1 }] }, mark: { type: "point" } },
      { data: { values: [{ loss: null }, { loss: 1 }, { loss: null }, { loss: null }] } },
      { data: { values: [{ epoch: 2, loss: 1 }] }, mark: { type: "point" } },
    ],
  });
});

test.each([
  ["done", [], "No loss history is stored for this run."],
  ["pending", [], "No loss history: the run is pending."],
  ["done", [[NaN, Infinity]], "All losses of 1 epoch are NaN or infinite."],
  ["done", [[null, null], [null, null]], "The 2 epochs of this run have no losses."], // biome-ignore format: rows
] as const)("a %s run without losses %j says so", (status, losses, message) => {
  expect(sent({ ...run, status, epochs: epochs(losses) })).toMatchObject({ data: { values: [{ message }] } });
});
