import { describe, expect, test } from "vitest";
import { Lines, Reports } from "./reports.ts";

const line = (figures: object) => JSON.stringify({ mosaic: 1, ...figures });
const losses = { train_loss: 0.5, test_loss: 0.25 };

function taken(...lines: readonly string[]): Reports {
  const reports = new Reports(0.1);
  for (const each of lines) reports.take(each);
  return reports;
}

test("a report has columns, and what is none of them is a metric", () => {
  const [record] = taken(
    line({
      epoch: 1,
      ...losses,
      train_acc: 50,
      test_acc: 75,
      train_f1: 0.5,
      test_f1: 0.75,
      depth: 3,
      best: true,
      lr: 2,
      no: null,
    }),
  ).history();
  expect(record).toEqual({
    epoch: 1,
    lr: 2,
    trainLoss: 0.5,
    validLoss: 0.25,
    trainAccuracy: 50,
    validAccuracy: 75,
    trainMetrics: { f1: 0.5 },
    metrics: { f1: 0.75, depth: 3, best: 1 },
    seconds: expect.any(Number),
  });
});

test("numbers are taken as Python writes them", () => {
  const reports = taken(
    '{"mosaic": 1, "epoch": 1, "train_loss": NaN, "test_loss": -Infinity, "NaN": Infinity, "nb_params": 7}',
  );
  expect(reports.history()[0]).toMatchObject({
    trainLoss: Number.NaN,
    validLoss: Number.NEGATIVE_INFINITY,
    metrics: { NaN: Number.POSITIVE_INFINITY },
    lr: 0.1,
  });
  expect(reports.parameterCount).toBe(7);
});

test("a report may stand behind something without a line end", () => {
  expect(taken(`50 %\r100 %${line({ epoch: 1, ...losses })} `).history()).toHaveLength(1);
  expect(taken('have it print {"mosaic": 1, …}').history()).toEqual([]);
});

test("an epoch may be told in parts, and what is incomplete waits", () => {
  const reports = new Reports(Number.NaN);
  expect(reports.take(line({ epoch: 1, train_loss: 1 }))).toBe(1);
  expect(reports.changed()).toEqual([]);
  expect(() => reports.history()).toThrow("epoch 1 was reported without test_loss: report both losses of every epoch");
  reports.take(line({ epoch: 1, test_loss: 2 }));
  expect(reports.changed()).toMatchObject([{ epoch: 1, trainLoss: 1, validLoss: 2 }]);
  expect(reports.changed()).toEqual([]);
});

test("the latest report of an epoch counts, in whatever order they come", () => {
  const reports = taken(
    line({ epoch: 2, train_loss: 1, test_loss: 1, test_f1: 1 }),
    line({ epoch: 3, ...losses }),
    line({ epoch: 1, ...losses }),
    line({ epoch: 2, ...losses }),
  );
  expect(reports.history().map(({ epoch, validLoss, metrics }) => [epoch, validLoss, metrics])).toEqual([
    [1, 0.25, {}],
    [2, 0.25, {}],
    [3, 0.25, {}],
  ]);
});

test("goes on behind earlier epochs", () => {
  const earlier = taken(line({ epoch: 1, ...losses, test_f1: 1 }), line({ epoch: 2, ...losses })).history();
  const reports = new Reports(0.1, earlier);
  expect(reports.changed()).toEqual([]);
  reports.take(line({ epoch: 2, train_loss: 9, test_loss: 9 }));
  expect(reports.history().map(({ trainLoss, metrics }) => [trainLoss, metrics])).toEqual([
    [0.5, { f1: 1 }],
    [9, {}],
  ]);
});

describe("is output, not a report", () => {
  test.each([
    "",
    "hello",
    "{",
    '{"epoch": 1}',
    '["mosaic"]',
    '{"a": "mosaic"}',
    '{"a": "\\"mosaic\\"',
    "{'mosaic': 1}",
  ])("%s", (text) => {
    expect(new Reports(1).take(text)).toBeUndefined();
  });
});

describe("is a report that is wrong", () => {
  test.each([
    ['{"mosaic": 1, "epoch": 1', /is not JSON/],
    ['{"mosaic": 1, "epoch": 1, "train_loss": nan}', /is not JSON/],
    [line({ ...losses }), /needs an epoch, a whole number from 1$/],
    [line({ epochs: 1 }), /needs an epoch, a whole number from 1 \(is it meant by "epochs"\?\)/],
    [line({ epoch: 0 }), /needs an epoch/],
    [line({ epoch: 1.5 }), /needs an epoch/],
    [line({ epoch: 1, test_loss: "0.5" }), /has test_loss, which must be a number, not "0\.5"/],
    [line({ epoch: 1, test_loss: [1] }), /has test_loss, which must be a number/],
    [line({ epoch: 1, ...losses, loss: 9 }), /has loss, .*: name it train_loss or test_loss/],
    [line({ epoch: 1, ...losses, acc: 9 }), /has acc, .*: name it train_acc or test_acc/],
    [line({ epoch: 1, ...losses, f1: 1, test_f1: 2 }), /has f1 and test_f1, which are one figure/],
    [line({ epoch: 1, ...losses, nb_params: 1e300 }), /has nb_params, which must be a whole number, not 1e\+300/],
    [line({ epoch: 1, ...losses, nb_params: 3.5 }), /has nb_params, which must be a whole number/],
    [line({ epoch: 1, ...losses, nb_params: -1 }), /has nb_params, which must be a whole number/],
    ['{"mosaic": 2, "epoch": 1}', /has "mosaic": 2; this version reads "mosaic": 1/],
  ])("%s", (text, says) => {
    expect(() => new Reports(1).take(text)).toThrow(says);
  });
});

describe("lines", () => {
  const cut = (...pieces: readonly string[]) => {
    const found: string[] = [];
    const lines = new Lines((text) => found.push(text));
    for (const piece of pieces) lines.add(Buffer.from(piece, "latin1"));
    lines.end();
    return found;
  };

  test("are put together again, the last one without an end too", () => {
    expect(cut("a\nb", "c\n", "\n", "d")).toEqual(["a", "bc", "d"]);
    const text = Buffer.from("ä→🎨\nö");
    for (let at = 0; at <= text.length; at++)
      expect(cut(text.subarray(0, at).toString("latin1"), text.subarray(at).toString("latin1"))).toEqual(["ä→🎨", "ö"]);
  });

  test("that never end are dropped, and take no memory", () => {
    expect(cut(...new Array(100).fill("x".repeat(100_000)), "\nafter\n")).toEqual(["after"]);
  });
});
