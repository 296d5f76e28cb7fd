import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { seededRandom } from "@ml-mosaic/statistics";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dataEntry, type InventedRun, netEntry, writeDatabase } from "../compare/compare-test-database.ts";
import { compareCommand } from "./compare.ts";
import { runForTest } from "./run-for-test.ts";

let folder: string;
let database: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-compare-"));
  database = join(folder, "results.db");
});
afterEach(() => rm(folder, { recursive: true }));

function compare(...args: readonly string[]) {
  return runForTest(compareCommand, [database, ...args]);
}

async function compareJson(...args: readonly string[]) {
  const { code, out, err } = await compare(...args, "--json");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out);
}

/** What each repetition adds to all models, as a harder split of the data does. */
const shared = [0.3, -0.1, 0.25, 0, -0.3, 0.1, 0.2, -0.2];

/** Networks of some widths on one data set, each with some losses. */
function runsOf(
  losses: Readonly<Record<string, readonly number[]>>,
  { data = "data_A", process = {}, changes = {} } = {},
): readonly InventedRun[] {
  return Object.entries(losses).flatMap(([width, values]) =>
    values.map((value, repetition) => ({
      pipeline: [dataEntry(data), netEntry(Number(width), changes)],
      process,
      repetition,
      results: { test_loss: value + (shared[repetition] ?? 0), test_acc: 100 - value, nb_params: 10 * Number(width) },
    })),
  );
}

const clear = { 2: [2, 2.02, 1.99, 2.01], 3: [1, 1.01, 0.98, 1.02], 4: [1.5, 1, 2, 1.2] };

describe("one data set", () => {
  test("ranks by the mean and says in words who is better", async () => {
    await writeDatabase(database, runsOf(clear));
    const { code, out } = await compare();
    expect(code).toBe(0);
    expect(out).toMatch(/^test_loss, lower is better/);
    expect(out).toMatch(/1\. {2}Net\(3\).*\n2\. {2}Net\(4\).*\n3\. {2}Net\(2\)/);
    expect(out).toMatch(
      /^Net\(3\) is better than Net\(2\): over 99\.99 % sure, 1\.00\d lower \(.* to .*\), better in 4 of 4/m,
    );
    expect(out).toMatch(/^Net\(3\) or Net\(4\): undecided: .*about \d+ more repetitions would decide/m);
    expect(out).toContain("1 other pair: 0 decided, 0 equivalent; --all lists them.");
    expect(out).toContain("With 4 repetitions the permutation test's p cannot fall below 0.125");
    expect(out).toContain("The models are ranked on the test set.");
    expect((await compare("--all")).out).toMatch(/^Net\(4\) or Net\(2\): undecided/m);
  });

  test("has every figure in JSON, with pairing at work", async () => {
    await writeDatabase(database, runsOf(clear));
    const { dataSets, criterion, overall } = await compareJson();
    expect(criterion).toEqual({ column: "test_loss", direction: "lower" });
    expect(overall).toBeNull();
    const [{ models, pairs, familySize }] = dataSets;
    expect(familySize).toBe(3);
    expect(models[0]).toMatchObject({ model: "Net(3)", rank: 1, n: 4, failed: 0 });
    // The repetitions differ much more than the differences between models do.
    expect(models[0].deviation).toBeGreaterThan(0.15);
    const pair = pairs.find(({ a, b }: { a: string; b: string }) => a === "Net(3)" && b === "Net(2)");
    expect(pair).toMatchObject({ verdict: "better", n: 4, permutationP: 0.125, permutationPCorrected: 0.375 });
    expect(pair.difference).toBeCloseTo(-1.0025, 9);
    expect(pair.interval.high - pair.interval.low).toBeLessThan(0.1);
    expect(pair.rope).toBeCloseTo(0.01 * models[0].mean, 12);
  });

  test("takes higher accuracies for better, and sizes for no matter of chance", async () => {
    await writeDatabase(database, runsOf(clear));
    expect((await compareJson("test_acc")).dataSets[0].models[0].model).toBe("Net(3)");
    const { out } = await compare("nb_params");
    expect(out).toContain("Net(2) is better than Net(3): no chance involved, 10 lower");
    expect(out).not.toContain("test set");
  });

  test("says that one repetition tells nothing", async () => {
    await writeDatabase(database, runsOf({ 2: [2], 3: [1] }));
    const { out } = await compare();
    expect(out).toContain("Net(3) or Net(2): no uncertainty available from one repetition; 1 lower");
  });

  test("counts failed, diverged and unfinished runs, and leaves their repetitions out", async () => {
    const [first, second, third, ...rest] = runsOf({ 2: [2, 2.1, 2, 1.9, 2, 2.05], 3: [1, 1.1, 1, 1, 0.9, 1] });
    if (first === undefined || second === undefined || third === undefined) throw new Error("too few runs");
    await writeDatabase(database, [
      { ...first, status: "error" },
      { ...second, results: { test_loss: Number.NaN } },
      { ...third, status: "pending" },
      ...rest,
    ]);
    const { out } = await compare();
    expect(out).toMatch(/Net\(2\).* 3 {2}1 \+ 1 diverged/);
    expect(out).toContain("better in 3 of 3");
    expect(out).toContain("these models look better than they are: Net(2) (1 failed, 1 diverged)");
    expect(out).toContain("1 run not finished");
  });

  test("--rope changes what counts as a difference", async () => {
    await writeDatabase(database, runsOf(clear));
    expect((await compare("--rope", "1.2")).out).toMatch(/^Net\(3\) and Net\(2\) are practically the same: .* sure/m);
    expect((await compareJson("--rope", "5%")).rope).toEqual({ kind: "relative", share: 0.05 });
    expect(await compare("--rope", "much")).toMatchObject({ code: 2, err: expect.stringContaining("--rope much") });
  });

  test("among many pairs the permutation test draws swaps sooner, and says what that costs", async () => {
    const random = seededRandom(2);
    const many = Object.fromEntries(
      Array.from({ length: 33 }, (_, width) => [width + 2, Array.from({ length: 21 }, () => random())]),
    );
    await writeDatabase(
      database,
      runsOf(many).map((run) => ({ ...run, results: { test_loss: run.results?.test_loss ?? random() } })),
    );
    const [{ pairs, familySize }] = (await compareJson()).dataSets;
    expect(familySize).toBe(528);
    expect(pairs[0].smallestPermutationP).toBe(1e-4);
    expect((await compare()).out).toContain("its p cannot fall below 1.000e-4, and 0.0528 as one of 528 pairs");
  });

  test("from 10 results on an interval is the bootstrap's; folds keep the corrected t interval", async () => {
    const random = seededRandom(1);
    const noise = () => Array.from({ length: 12 }, () => random());
    await writeDatabase(database, runsOf({ 2: noise(), 3: noise() }));
    expect((await compareJson()).dataSets[0].pairs[0].interval.method).toBe("bootstrap");
  });
});

describe("models are told apart and grouped", () => {
  test("by options of the training that differ between experiments", async () => {
    await writeDatabase(database, [
      ...runsOf({ 2: [2, 2, 2.1] }),
      ...runsOf({ 2: [1, 1.1, 1] }, { process: { lr: "1e-2" } }),
    ]);
    const { out } = await compare();
    expect(out).toMatch(/1\. {2}Net\(2\) \| lr=1e-2 .*\n2\. {2}Net\(2\) \| lr=1e-3/);
    expect((await compareJson("--by", "lr")).dataSets[0].models[0].model).toBe("lr 1e-2");
  });

  test("--by averages the pipelines of a group within each repetition", async () => {
    await writeDatabase(database, [
      ...runsOf({ 2: [2, 2.2, 2.1], 3: [3, 3.2, 3.1] }),
      ...runsOf({ 2: [1, 1.2, 1], 3: [1, 1, 1.2] }, { changes: { class: "Brick" } }),
    ]);
    const [{ models, pairs }] = (await compareJson("--by", "key")).dataSets;
    expect(models).toMatchObject([
      { model: "k_Brick", members: 2, n: 3 },
      { model: "k_Net", members: 2, n: 3 },
    ]);
    expect(pairs[0].difference).toBeCloseTo((1 + 1.1 + 1.1 - 2.5 - 2.7 - 2.6) / 3, 9);
    for (const [by, first] of [
      ["class", "Brick"],
      ["width", "width 2"],
      ["net", "Brick(2)"],
      ["net_key", "k_Brick"],
    ] as const)
      expect((await compareJson("--by", by)).dataSets[0].models[0].model).toBe(first);
    const { out } = await compare("--by", "Brick_width");
    expect(out).toContain("6 runs without Brick_width left out.");
  });

  test("--by an option of the data compares its values on one data set", async () => {
    const runs = ["1", "10"].flatMap((size) =>
      [0, 1, 2].map((repetition) => ({
        pipeline: [dataEntry("data_A", { batch_size: size }), netEntry(2)],
        repetition,
        results: { test_loss: Number(size) + repetition / 10 },
      })),
    );
    await writeDatabase(database, runs);
    expect((await compareJson()).dataSets.map(({ data }: { data: string }) => data)).toEqual([
      "data_A: Data(1)",
      "data_A: Data(10)",
    ]);
    const [data, ...others] = (await compareJson("--by", "batch_size")).dataSets;
    expect(others).toEqual([]);
    expect(data.models.map(({ model }: { model: string }) => model)).toEqual(["batch_size 1", "batch_size 10"]);
  });

  test("the last result of a repetition counts, and the others are mentioned", async () => {
    await writeDatabase(database, [...runsOf({ 2: [9, 9], 3: [1, 1.1] }), ...runsOf({ 2: [2, 2.2] })]);
    const { out } = await compare();
    expect(out).toMatch(/Net\(2\) +2\.2 /);
    expect(out).toContain("2 runs left out: another run is of the same repetition");
  });

  test("folds are results of one data set, and correlated", async () => {
    const runs = [2, 3].flatMap((width) =>
      [0, 1, 2, 3, 4].map((fold) => ({
        pipeline: [dataEntry("data_A", { fold: String(fold) }), netEntry(width)],
        repetition: 0,
        results: { test_loss: width + ([0.4, -0.4, 0.1, 0.5, -0.2][(fold * width) % 5] ?? 0) },
      })),
    );
    await writeDatabase(database, runs);
    const [data, ...others] = (await compareJson()).dataSets;
    expect(others).toEqual([]);
    expect(data).toMatchObject({ folds: 5, correlation: 0.2 });
    expect(data.pairs[0].n).toBe(5);
    expect(data.pairs[0].permutationP).toBeUndefined();
    expect((await compare()).out).toContain("5-fold cross-validation");
  });
});

describe("several data sets", () => {
  const six = ["A", "B", "C", "D", "E", "F", "G"].flatMap((name, index) =>
    runsOf({ 2: [2, 2.1, 2.2], 3: [1, 1.1, 1.3], 4: [1.4 + index / 10, 1.6, 1.5] }, { data: `data_${name}` }),
  );

  test("are ranked over, and each can be looked at", async () => {
    await writeDatabase(database, six);
    const { out } = await compare();
    expect(out).toContain("7 data sets: --data KEY shows one");
    expect(out).toMatch(/Net\(3\) +1 +0\.99\d* \(/);
    expect(out).toMatch(/Friedman: the models differ \(F .*, p .*\)/);
    expect(out).toMatch(/^Net\(3\) is better than Net\(2\): on a further data set better with over 99\.99 %/m);
    const { overall, dataSets } = await compareJson();
    expect(dataSets).toHaveLength(7);
    expect(overall.pairs.at(-1)).toMatchObject({ wilcoxonP: 0.015625, smallestP: 0.015625 });
    expect(overall.models[0].profile).toHaveLength(21);
    const one = await compareJson("--data", "data_C");
    expect(one.overall).toBeNull();
    expect(one.dataSets).toHaveLength(1);
  });

  test("that are too few decide nothing over all, and incomplete ones are left out", async () => {
    await writeDatabase(database, [...six.slice(0, 18), ...runsOf({ 2: [1, 2] }, { data: "half" })]);
    const { out } = await compare();
    expect(out).toContain("With 2 data sets Wilcoxon's p, corrected, cannot fall below 1");
    expect(out).toContain("Left out, because not every model has a result: half.");
    expect(out).toContain("Only one model has results here: Net(2).");
  });
});

describe("what cannot be compared is said with what there is", () => {
  test("unknown names", async () => {
    await writeDatabase(database, runsOf(clear));
    expect(await compare("test_lost")).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /^there is no criterion "test_lost". Known ones, the nearest first: test_loss, test_acc, /,
      ),
    });
    expect((await compare("--data", "data_B")).err).toBe(
      'there is no data set "data_B". Known ones, the nearest first: data_A\n',
    );
    expect((await compare("--by", "widht")).err).toMatch(/^models cannot be grouped by "widht"\. .* first: width, /);
  });

  test("nothing, one model, no finite result", async () => {
    await writeDatabase(database, []);
    expect((await compare()).err).toContain("has no runs with a pipeline");
    await rm(database);
    await writeDatabase(database, runsOf({ 2: [1, 2, 3] }));
    expect((await compare()).out).toContain(
      "Only one model has results here: Net(2). There is nothing to compare it with.",
    );
    expect((await compare("overfit")).err).toContain("no run with a finite overfit; of its runs are 3 have no overfit");
  });

  test("a database of the original Mosaic, which says no repetition, is paired by order", async () => {
    const original = new DatabaseSync(database);
    original.exec(`
      CREATE TABLE params (run_id, param_name, param_value);
      CREATE TABLE run_results (run_id, train_loss, test_loss);
      CREATE TABLE system (param_name, param_value);
      CREATE TABLE runs (run_id, status, pipeline, return_status);
    `);
    for (let id = 1; id <= 8; id++) {
      const width = id <= 4 ? 2 : 3;
      original.prepare("INSERT INTO runs VALUES (?, 'done', '', '')").run(id);
      original.prepare("INSERT INTO params VALUES (?, 'pipeline', ?)").run(
        id,
        JSON.stringify([
          { type: "data", class: "Data", key: "d", path_to_class: "d.py" },
          { type: "net", class: "Net", width, key: "k", path_to_class: "n.py" },
        ]),
      );
      original.prepare("INSERT INTO run_results VALUES (?, 0, ?)").run(id, width + (id % 4) / 100);
    }
    original.close();
    const { code, out } = await compare();
    expect(code).toBe(0);
    expect(out).toMatch(/^Net\(2\) is better than Net\(3\): .* 1 lower|better in 4 of 4/m);
    expect(out).toContain("paired in the order of their ids");
  });
});

test("10,000 runs take less than 3 seconds", async () => {
  const random = seededRandom(9);
  const runs = Array.from({ length: 10_000 }, (_, index) => ({
    pipeline: [dataEntry("data_A"), netEntry(index % 40)],
    repetition: Math.floor(index / 40),
    results: { test_loss: random() + (index % 40) / 1000 },
  }));
  await writeDatabase(database, runs);
  const start = performance.now();
  const { code } = await compare();
  expect(code).toBe(0);
  // It takes half of that; the machine that tests may be busy.
  expect(performance.now() - start).toBeLessThan(10_000);
});
