/** Results with which a comparison is easily wrong (`fixtures/verdicts`), and what must be said of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { dataEntry, type InventedRun, netEntry, writeDatabase } from "../../test/compare-test-database.ts";
import { openSqliteReader } from "../store/index.ts";
import { type CompareReport, compareRuns } from "./report.ts";
import { defaultRope, type Rope } from "./rope.ts";
import type { ScaleChoice } from "./scale.ts";

interface Result {
  readonly model: string | number;
  readonly data?: string;
  readonly key?: string;
  readonly rep: number;
  readonly fold?: number;
  readonly results: Readonly<Record<string, number | string>>;
}

interface Changes {
  readonly criterion?: string;
  readonly rope?: Rope;
  readonly scale?: ScaleChoice;
  /** As if some repetitions had been added after looking at the others. */
  readonly isAdded?: boolean;
  readonly more?: readonly InventedRun[];
}

const folder = temporaryFolder();
const none: Rope = { kind: "absolute", size: 0 };

function runsOf(name: string, isAdded: boolean): readonly InventedRun[] {
  const { runs }: { readonly runs: readonly Result[] } = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../fixtures/verdicts", `${name}.json`), "utf8"),
  );
  return runs.map(({ model, data = "data_A", key, rep, fold, results }) => ({
    pipeline: [
      dataEntry(data, fold === undefined ? {} : { fold: String(fold) }),
      { ...netEntry(1, { class: `Net${model}` }), ...(key === undefined ? {} : { key }) },
    ],
    repetition: rep,
    ...(isAdded && rep > 1 ? { orderedAt: 2, endedAt: 3 } : {}),
    results: Object.fromEntries(Object.entries(results).map(([column, value]) => [column, Number(value)])),
  }));
}

async function compared(name: string, changes: Changes = {}): Promise<CompareReport> {
  const { criterion = "test_loss", rope = defaultRope, scale = "auto", isAdded = false, more = [] } = changes;
  const path = join(folder, `${name}-${Math.random()}.db`);
  await writeDatabase(path, [...runsOf(name, isAdded), ...more]);
  const reader = await openSqliteReader(path);
  try {
    return await compareRuns(reader, { criterion, rope, scale });
  } finally {
    await reader.close();
  }
}

async function pairOf(name: string, changes?: Changes) {
  const [data] = (await compared(name, changes)).dataSets;
  const pair = data?.pairs[0];
  if (pair === undefined) throw new Error(`${name} has no pair`);
  return pair;
}

describe("failures", () => {
  test("make no model better, written as NaN or as a number", async () => {
    const pair = await pairOf("c2-nan", { rope: none });
    expect(pair).toMatchObject({
      verdict: "undecided",
      verdictWhenTrained: "better",
      failures: { a: 6, b: 0, of: 12 },
    });
    const finite = await pairOf("c2-finite", { rope: none, scale: "linear" });
    expect(finite).toMatchObject({ a: "NetB(1)", verdict: "better" });
  });

  test("count as much as one result that is far off", async () => {
    expect((await pairOf("c4-nan", { rope: none })).verdict).toBe((await pairOf("c4-outlier", { rope: none })).verdict);
  });

  test("that are rare and finite decide nothing in five repetitions", async () => {
    expect((await pairOf("c18-rare", { rope: none })).verdict).toBe("undecided");
  });
});

test("two equal accuracies are not yet practically the same", async () => {
  expect((await pairOf("c1-zero", { criterion: "test_acc" })).verdict).toBe("undecided");
});

test("one lucky repetition leads no ranking", async () => {
  const [data] = (await compared("c6-lucky")).dataSets;
  expect(data?.models.map(({ model, rank }) => [model, rank])).toEqual([
    ["NetA(1)", 1],
    ["NetB(1)", 2],
    ["NetC(1)", null],
  ]);
  expect(data?.pairs.map(({ verdict }) => verdict)).toEqual(["undecided"]);
});

test("models without a common seed are compared as two samples", async () => {
  const planned = await pairOf("c15-seeds");
  expect(planned).toMatchObject({ n: 0, verdict: "better", evidence: { method: "welch" } });
  expect(planned.evidence?.p).toBeLessThan(1e-15);
  expect(await pairOf("c15-seeds", { isAdded: true })).toMatchObject({
    verdict: "better",
    evidence: { method: "sign-prediction" },
  });
});

test("99.94 and 99.05 % right are not the same", async () => {
  expect((await pairOf("c16-acc", { criterion: "test_acc" })).verdict).toBe("better");
});

test("bars over several data sets join what no verdict tells apart", async () => {
  const { overall } = await compared("c20-posthocs82");
  const decided = overall?.pairs.filter(({ verdict }) => verdict === "better" || verdict === "worse") ?? [];
  for (const { a, b } of decided)
    expect(overall?.groups.some((group) => group.includes(a) && group.includes(b))).toBe(false);
});

test("interval and verdict agree", async () => {
  for (const isAdded of [false, true])
    for (const scale of ["linear", "log"] as const) {
      const { evidence, verdict } = await pairOf("c27-interval", { rope: none, scale, isAdded });
      const { low, high } = evidence?.interval ?? { low: 0, high: 0 };
      expect(verdict === "better" || verdict === "worse").toBe(low > 0 || high < 0);
    }
});

test("results that are equal but for rounding are ties", async () => {
  const pair = await pairOf("c25-round", { scale: "linear" });
  expect(pair).toMatchObject({ difference: 0, win: { wins: 0, ties: 3 }, verdict: "undecided" });
});

test("folds are those that were planned, and no verdict comes before all have ended", async () => {
  const left = ["A", "B"].flatMap((model) =>
    [3, 4, 5, 6, 7, 8, 9].map((fold) => ({
      pipeline: [dataEntry("data_A", { fold: String(fold) }), netEntry(1, { class: `Net${model}` })],
      repetition: 0,
      status: "pending",
    })),
  );
  const [data] = (await compared("c11-cv2", { more: left })).dataSets;
  expect(data).toMatchObject({ folds: 10, correlation: 0.1 });
  expect(data?.pairs[0]).toMatchObject({ verdict: "unknown", counting: { kind: "pending", ended: 6, of: 20 } });
});
