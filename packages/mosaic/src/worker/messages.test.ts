import { describe, expect, test } from "vitest";
import { type FromWorker, isFromWorker } from "./messages.ts";

const record = { epoch: 1, lr: 0.1, trainLoss: Number.NaN, validLoss: 1, metrics: { f1: 0.5 }, seconds: 2 };
const records = [record, { ...record, trainAccuracy: 50, validAccuracy: undefined, trainMetrics: {} }];
const artifacts = [{ kind: "log", path: "output_1.log", sizeBytes: 4 }];
const result = { test_loss: Number.POSITIVE_INFINITY, train_acc: null };
const directions = { f1: "higher" } as const;
const messages: readonly FromWorker[] = [
  { kind: "withdrawn", token: 3 },
  { kind: "prepared", token: 3 },
  { kind: "epochs", token: 3, records, epochs: 2 },
  { kind: "done", token: 3, result, directions, records, artifacts, last: false },
  { kind: "paused", token: 3, epochs: 1, records, artifacts, last: false },
  { kind: "failed", token: 3, error: "Error: no", trouble: null, codeChanged: false },
  { kind: "disturbed", token: 3, from: 2, error: "Error: late" },
];

test("takes what a worker says", () => {
  for (const message of messages) expect(isFromWorker(message), message.kind).toBe(true);
});

/** What may stand in the place of any value. */
const wrong = [null, undefined, "text", -1, 1.5, [null], [{}], { name: "text" }, () => undefined];

describe("refuses whatever has another value or lacks one", () => {
  test.each(messages)("in $kind", (message) => {
    for (const name of Object.keys(message)) {
      const { [name]: kept, ...rest }: Readonly<Record<string, unknown>> = { ...message };
      expect(isFromWorker(rest), `without ${name}`).toBe(false);
      for (const value of wrong) {
        const stillRight =
          value === "text" ? ["error", "trouble"].includes(name) : value === null && name === "trouble";
        expect(isFromWorker({ ...message, [name]: value }), `${name} ${String(value)}`).toBe(stillRight);
      }
      expect(kept).toBeDefined();
    }
  });

  test.each([
    ["an epoch", { kind: "epochs", token: 1, epochs: 1 }, "records", record],
    [
      "a file",
      { kind: "done", token: 1, result, directions, records: [], last: true },
      "artifacts",
      artifacts[0] ?? {},
    ],
  ])("in %s", (_, message, list, part) => {
    for (const name of Object.keys(part))
      for (const value of [null, undefined, true, [], { name: "text" }])
        expect(isFromWorker({ ...message, [list]: [{ ...part, [name]: value }] }), name).toBe(false);
  });
});

test("refuses what is no message at all", () => {
  for (const value of [null, undefined, 3, "done", [], new Date(), { kind: "other", token: 1 }])
    expect(isFromWorker(value)).toBe(false);
});
