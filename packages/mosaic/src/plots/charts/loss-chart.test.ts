import type { EpochRecord } from "@ml-mosaic/training";
import { expect, test } from "vitest";
import { textWidth } from "../write/fonts.ts";
import { type LossCurves, lossChart } from "./loss-chart.ts";

const room = { width: 400, measure: textWidth };
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

function epochs(losses: readonly (readonly [train: number, test: number])[]): readonly EpochRecord[] {
  const rest = { lr: 0.1, metrics: {}, seconds: 1 };
  return losses.map(([trainLoss, validLoss], index) => ({ epoch: index + 1, trainLoss, validLoss, ...rest }));
}

/** What a web page would get. */
const sent = (curves: LossCurves): unknown => JSON.parse(JSON.stringify(lossChart(curves, room, 400)));

test("draws the losses that are stored, and says what the run was", () => {
  const losses = [
    [0.1, 0.30000000000000004],
    [0.05, 1e-7],
    [1 / 3, 2],
  ] as const;
  expect(sent({ ...run, epochs: epochs(losses) })).toMatchObject({
    title: {
      text: ["Run 7 — 1,234 parameters"],
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
  const chart = sent({
    ...run,
    epochs: epochs([
      [1, NaN],
      [NaN, 1],
      [2, Infinity],
      [3, NaN],
    ]),
  });
  expect(chart).toMatchObject({
    title: {
      subtitle: [
        "Data | Mlp(2)",
        expect.anything(),
        "gap: train loss NaN or infinite in 1 of 4 epochs, first in 2",
        "gap: test loss NaN or infinite in 3 of 4 epochs, first in 1",
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
] as const)("a %s run without losses %j says so", (status, losses, message) => {
  expect(sent({ ...run, status, epochs: epochs(losses) })).toMatchObject({
    layer: [{ data: { values: [{ message }] } }],
  });
});
