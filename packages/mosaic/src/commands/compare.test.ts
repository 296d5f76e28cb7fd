import { copyFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@ml-mosaic/statistics";
import { processorSeconds, temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { dataEntry, type InventedRun, netEntry, writeDatabase } from "../../test/compare-test-database.ts";
import { runForTest } from "../../test/run-for-test.ts";
import { readFigures } from "../figures/known-figures.ts";
import { runFigure } from "../figures/run-figures.ts";
import { configurationsOf } from "../plots/runs/configurations.ts";
import { readPlotRuns } from "../plots/runs/plot-runs.ts";
import { openSqliteStore } from "../store/index.ts";
import { compareCommand } from "./compare.ts";
import { importanceCommand } from "./importance.ts";
import { parallelCommand } from "./parallel.ts";
import { paretoCommand } from "./pareto.ts";

let folder: string;
let database: string;
beforeEach(() => {
  folder = temporaryFolder();
  database = join(folder, "results.db");
});

function compare(...args: readonly string[]) {
  return runForTest(compareCommand, [database, ...args]);
}

async function compareJson(...args: readonly string[]) {
  const { code, out, err } = await compare(...args, "--json");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out);
}

/** What each repetition adds to all models, as a harder split of the data does. */
const shared = [0.3, -0.1, 0.25, 0, -0.3, 0.1, 0.2, -0.2, 0.15, -0.15];

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

const clear = {
  2: [2, 2.02, 1.99, 2.01, 2.03, 1.97, 2, 2.01],
  3: [1, 1.01, 0.98, 1.02, 1, 0.99, 1.01, 1],
  4: [1.5, 1, 2, 0.9, 1.6, 0.8, 1.2, 0.95],
};

describe("data of two classes that are said to be the same", () => {
  /** With `digests` of the data of the second class; those of the first are d0, d1, … */
  async function write(digests: readonly (string | undefined)[]): Promise<void> {
    const losses = [clear[2], clear[3]];
    await writeDatabase(
      database,
      losses.flatMap((values, place) =>
        values.map((value, repetition): InventedRun => {
          const other = { ...dataEntry("py"), class: "data_py", path_to_class: "./data.py", same_data_as: "data_A" };
          const dataDigest = place === 0 ? `d${repetition}` : digests[repetition];
          return {
            pipeline: [place === 0 ? dataEntry("data_A") : other, netEntry(2 + place)],
            repetition,
            ...(dataDigest === undefined ? {} : { dataDigest }),
            results: { test_loss: value + (shared[repetition] ?? 0) },
          };
        }),
      ),
    );
  }
  const note = /said to be the same \(same_data_as\)/;
  const pairOf = async () => (await compareJson()).dataSets[0].pairs[0];

  test("their repetitions are pairs where the digests are equal", async () => {
    await write(clear[3].map((_, repetition) => `d${repetition}`));
    expect(await pairOf()).toMatchObject({ n: 8 });
    expect((await compare()).out).not.toMatch(note);
  });

  test("and independent samples where they differ, or are not known", async () => {
    for (const digests of [clear[3].map((_, repetition) => `e${repetition}`), []]) {
      await rm(database, { force: true });
      await write(digests);
      expect(await pairOf()).toMatchObject({ n: 0, evidence: { method: "welch" } });
      expect((await compare()).out).toMatch(note);
    }
  });

  test("where some are equal, those count", async () => {
    await write(["d0", "d1", "d2", "d3", "other"]);
    expect(await pairOf()).toMatchObject({ n: 4 });
    expect((await compare()).out).toMatch(note);
  });
});

describe("one data set", () => {
  test("ranks by the mean and says in words who is better", async () => {
    await writeDatabase(database, runsOf(clear));
    const { code, out } = await compare();
    expect(code).toBe(0);
    expect(out).toMatch(/^test_loss, lower is better/);
    expect(out).toMatch(/1\. {2}Net\(3\).*\n2\. {2}Net\(4\).*\n3\. {2}Net\(2\)/);
    expect(out).toContain("Net(3) is first of 3 by its mean: better than Net(2), not told apart from Net(4).");
    expect(out).toMatch(/^Net\(2\) +better +50\.1 % lower \(.* to .* %\) +8 of 8 +0\.023$/m);
    expect(out).toMatch(/^Net\(4\) +undecided .* (from \d+|\d+ to \d+|over 200)$/m);
    expect(out).toContain("These verdicts hold for the planned number of repetitions");
    expect(out).toContain("1 other pair: 1 decided, 0 equivalent; --all lists them.");
    expect(out).toContain("The models are ranked on the test set.");
    expect((await compare("--all")).out).toMatch(/^Net\(4\):\nagainst .*\n.*\nNet\(2\) +better/m);
    const widest = out
      .split("\n")
      .filter((line) => /^(Net\(\d\) {2,}|--)/.test(line))
      .map(({ length }) => length);
    expect(Math.max(...widest)).toBeLessThanOrEqual(80);
  });

  test("has every figure in JSON, with pairing at work", async () => {
    await writeDatabase(database, runsOf(clear));
    const { dataSets, criterion, overall } = await compareJson("--scale", "linear");
    expect(criterion).toEqual({ column: "test_loss", direction: "lower" });
    expect(overall).toBeNull();
    const [{ models, pairs, familySize, scale }] = dataSets;
    expect({ familySize, scale }).toEqual({ familySize: 3, scale: "linear" });
    expect(models[0]).toMatchObject({ model: "Net(3)", rank: 1, n: 8, failed: 0 });
    // The repetitions differ much more than the differences between models do.
    expect(models[0].deviation).toBeGreaterThan(0.15);
    const pair = pairs.find(({ a, b }: { a: string; b: string }) => a === "Net(3)" && b === "Net(2)");
    expect(pair).toMatchObject({ verdict: "better", n: 8, evidence: { method: "sign-flip", p: 2 / 256 } });
    expect(pair.pCorrected).toBeCloseTo(6 / 256, 12);
    expect(pair.difference).toBeCloseTo(-1.0025, 9);
    expect(pair.evidence.interval.high - pair.evidence.interval.low).toBeLessThan(0.1);
    expect(pair.rope).toBeCloseTo(0.01 * models[0].mean, 12);
  });

  test("compares positive losses by ratios, whatever their spread, unless told otherwise", async () => {
    await writeDatabase(database, runsOf(clear));
    const { out } = await compare();
    expect(out).toContain("compared by ratios, with geometric means");
    const [{ pairs }] = (await compareJson()).dataSets;
    expect(pairs[0].rope).toBeCloseTo(Math.log(1.01), 12);
    expect((await compare("--scale", "linear")).out).not.toContain("ratios");
    const negative = runsOf({ 2: [-2, 1], 3: [1, 1] });
    await rm(database);
    await writeDatabase(database, negative);
    expect((await compareJson()).dataSets[0].scale).toBe("linear");
    expect((await compare("--scale", "log")).err).toMatch(/--scale log: test_loss has values that are not positive/);
  });

  test("counts no verdict of a planned number before all have ended", async () => {
    const [first, ...rest] = runsOf(clear);
    if (first === undefined) throw new Error("too few runs");
    await writeDatabase(database, [{ ...first, status: "pending" }, ...rest]);
    const { out } = await compare();
    expect(out).toContain("No verdict yet (15 of 16 planned runs have ended; the verdict comes with the last).");
    // The pair of which all have ended has its verdict.
    expect((await compareJson()).dataSets[0].pairs.map(({ verdict }: { verdict: string }) => verdict)).toContain(
      "unknown",
    );
  });

  test("takes the verdict of every look where repetitions were added, or the database does not say", async () => {
    const runs = runsOf(clear);
    await writeDatabase(
      database,
      runs.map((run) => (run.repetition >= 5 ? { ...run, orderedAt: 2, endedAt: 3 } : run)),
    );
    const { out } = await compare();
    expect(out).toContain("These verdicts hold at every look: some repetitions were ordered after others had ended.");
    expect((await compareJson()).dataSets[0].pairs[0].evidence.method).toBe("sign-prediction");
  });

  test("explains a pair with every number", async () => {
    await writeDatabase(database, runsOf(clear));
    const { out } = await compare("--explain", "1,3");
    expect(out).toMatch(/^Net\(3\) against Net\(2\), by test_loss/);
    expect(out).toContain("p = 0.007813 (the smallest possible is 0.007813)");
    expect(out).toContain("There are 3 pairs; Holm's correction multiplies this p by 3: 0.02344.");
    expect(out).toContain("9. Verdict: Net(3) is better than Net(2).");
    expect((await compare("--explain", "Net(4) / Net(3)")).out).toMatch(
      /10\. Plan\. (from \d+|\d+ to \d+) more repetitions/,
    );
    expect(await compare("--explain", "Net(9) / Net(3)")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^--explain Net\(9\) \/ Net\(3\): there is no such pair\. Write two places/),
    });
  });

  test("names results on which a mean hangs, and puts a single lucky one last", async () => {
    const losses = { 2: [2, 2.01, 1.99, 2.02, 2, 1.98, 90], 3: [1, 1.01, 1.03, 0.99, 1, 1.02, 1], 4: [0.1] };
    const runs = runsOf(losses).map((run) => ({
      ...run,
      results: { test_loss: (run.results?.test_loss ?? 0) - (shared[run.repetition] ?? 0) },
    }));
    await writeDatabase(database, runs);
    const { out } = await compare();
    expect(out).toMatch(/Net\(2\), run 7 \(90\): mosaic show .*results\.db 7/);
    expect(out).toMatch(/^ - {2}Net\(4\) /m);
    expect(out).toContain("Not ranked, because a single result may be luck: Net(4).");
    expect(out).toContain("Net(3) is best of 2: better than every other.");
  });

  test("calls no model better because it failed", async () => {
    const losses = { 2: new Array<number>(12).fill(0.3), 3: new Array<number>(12).fill(0.29) };
    const runs = runsOf(losses).map((run, index) => ({
      ...run,
      results: {
        test_loss:
          index >= 12 && index % 2 === 1 ? Number.NaN : (run.results?.test_loss ?? 0) - (shared[run.repetition] ?? 0),
      },
    }));
    await writeDatabase(database, runs);
    const { out } = await compare();
    expect(out).toMatch(/^Net\(2\) +better when trained .* 6 of 6, 6\/0 failed/m);
    expect(out).toContain(
      "Failed trainings count as worse than every result in verdicts and in the order, and in no mean that is shown: Net(3) in 6 of 12 (21 to 79 %).",
    );
    const [{ pairs }] = (await compareJson()).dataSets;
    expect(pairs[0]).toMatchObject({ verdict: "undecided", verdictWhenTrained: "better" });
    expect(pairs[0].failures).toEqual({ a: 6, b: 0, both: 0, of: 12 });
  });

  test("takes higher accuracies for better, and sizes for no matter of chance", async () => {
    await writeDatabase(database, runsOf(clear));
    expect((await compareJson("test_acc")).dataSets[0].models[0].model).toBe("Net(3)");
    const { out } = await compare("nb_params");
    expect(out).toMatch(/^Net\(3\) +better +10 lower /m);
    expect(out).not.toContain("test set");
  });

  test("says that one repetition tells nothing", async () => {
    await writeDatabase(database, runsOf({ 2: [2], 3: [1] }));
    const { out } = await compare();
    expect(out).toMatch(/^Net\(2\) +- +43\.\d % lower +1 of 1 +-$/m);
    expect(out).toContain("Net(3) is first of 2 by its mean: not told apart from Net(2).");
  });

  test("counts failed, diverged and unfinished runs", async () => {
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
    expect(out).toContain("3 of 3, 0/2 failed");
    expect(out).toContain("11 of 12 planned runs have ended");
  });

  test("--rope changes what counts as a difference", async () => {
    await writeDatabase(database, runsOf(clear));
    expect((await compare("--rope", "1.2", "--scale", "linear")).out).toMatch(/^Net\(2\) +the same /m);
    expect((await compareJson("--rope", "5%")).rope).toEqual({ kind: "relative", share: 0.05 });
    expect(await compare("--rope", "much")).toMatchObject({
      code: 2,
      err: expect.stringContaining('--rope: expected a difference such as 0.02, or a share such as 2%, got "much"'),
    });
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
    expect(pairs[0].evidence.smallestP).toBe(1e-4);
    expect((await compare()).out).toContain("p cannot fall below 1.000e-4, which is not enough among 528 pairs");
  });
});

test("no model leads because its bad trainings have no figure", async () => {
  const losses = { 2: [0.3, 0.31, 0.3, 0.29, 0.3, 2], 3: [0.2, 0.2, 0.2, Number.NaN, Number.NaN, Number.NaN] };
  const runs = runsOf(losses).map((run) => ({
    ...run,
    results: { test_loss: (run.results?.test_loss ?? 0) - (shared[run.repetition] ?? 0) },
  }));
  await writeDatabase(database, runs);
  const [{ models }] = (await compareJson()).dataSets;
  expect(models.map(({ model }: { model: string }) => model)).toEqual(["Net(2)", "Net(3)"]);
  expect(models[1].failure).toMatchObject({ share: 0.5 });
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

  test("not by how a number is written", async () => {
    const rewritten = runsOf({ 2: [1, 1.1, 1] }, { process: { lr: "0.001" }, changes: { width: "2.0" } });
    const runs = [
      ...runsOf({ 2: [2, 2, 2.1] }),
      ...rewritten.map((run) => ({ ...run, repetition: run.repetition + 3 })),
    ];
    await writeDatabase(database, runs);
    expect((await compareJson()).dataSets).toMatchObject([{ models: [{ model: "Net(2)", n: 6 }] }]);
    for (const by of ["lr", "width"])
      expect((await compareJson("--by", by)).dataSets).toMatchObject([{ models: [{ n: 6 }] }]);
    const others = runsOf({ 2: [3, 3, 3.1] }, { process: { lr: "1e-3", optimizer: "SGD" } });
    await rm(database);
    await writeDatabase(database, [...runs, ...others]);
    expect((await compareJson()).dataSets).toMatchObject([
      { models: [{ model: "Net(2) | optimizer=Adam" }, { model: "Net(2) | optimizer=SGD" }] },
    ]);
    await rm(database);
    await writeDatabase(database, [...runs, ...runsOf({ 2: [3, 3, 3.1] }, { process: { lr: "0.1" } })]);
    expect((await compareJson()).dataSets).toMatchObject([
      {
        models: [
          { model: "Net(2) | lr=1e-3", n: 6 },
          { model: "Net(2) | lr=0.1", n: 3 },
        ],
      },
    ]);
  });

  test("nor by how a component is written", async () => {
    const spellings = [
      { optimizer: "SGD(momentum=0.9)" },
      { optimizer: "sgd", "optimizer.momentum": "0.90", scheduler: "none" },
      { optimizer: "SGD", "optimizer.momentum": "9e-1", "optimizer.nesterov": "false", early_stopping: "False" },
    ];
    const runs = spellings.flatMap((process, index) =>
      runsOf({ 2: [1, 1.1, 1] }, { process }).map((run) => ({ ...run, repetition: run.repetition + 3 * index })),
    );
    const others = [{}, { optimizer: "ADAM(betas=[0.9,0.999])" }].flatMap((process, index) =>
      runsOf({ 2: [3, 3, 3.1] }, { process }).map((run) => ({ ...run, repetition: run.repetition + 3 * index })),
    );
    await writeDatabase(database, [...runs, ...others]);
    expect((await compareJson()).dataSets).toMatchObject([
      {
        models: [
          { model: "Net(2) | optimizer=SGD | optimizer.momentum=0.9", n: 9 },
          { model: "Net(2) | optimizer=Adam | optimizer.momentum=default", n: 6 },
        ],
      },
    ]);
    expect((await compareJson("--by", "optimizer")).dataSets[0].models).toMatchObject([{ n: 9 }, { n: 6 }]);
  });

  test("--by averages the pipelines of a group within each repetition", async () => {
    await writeDatabase(database, [
      ...runsOf({ 2: [2, 2.2, 2.1], 3: [3, 3.2, 3.1] }),
      ...runsOf({ 2: [1, 1.2, 1], 3: [1, 1, 1.2] }, { changes: { class: "Brick" } }),
    ]);
    const [{ models, pairs }] = (await compareJson("--by", "key", "--scale", "linear")).dataSets;
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
      expect((await compareJson("--by", by, "--scale", "linear")).dataSets[0].models[0].model).toBe(first);
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
    expect(out).toMatch(/Net\(2\) +2\.198 /);
    expect(out).toContain("at every look: some runs were trained again");
    expect(out).toContain("2 runs left out: another run is of the same repetition");
  });

  test("a data set of several stages is found by the key of any", async () => {
    const norm = { type: "norm", class: "Norm", path_to_class: "./n.ts", key: "norm" };
    const staged = ["A", "B"]
      .flatMap((data) => runsOf({ 2: [2, 2.1], 3: [1, 1.1] }, { data }))
      .map((run) => {
        const [data = {}, ...models] = run.pipeline;
        return { ...run, pipeline: [data, norm, ...models], process: { data_scheme: "data, norm" } };
      });
    await writeDatabase(database, staged);
    const shown = async (key: string) => {
      const { dataSets } = await compareJson("--data", key);
      return dataSets.map(({ data }: { data: string }) => data);
    };
    expect(await shown("A")).toEqual(["A | norm"]);
    expect(await shown("A | norm")).toEqual(["A | norm"]);
    expect(await shown("norm")).toEqual(["A | norm", "B | norm"]);
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
    expect(data.pairs[0].evidence.method).toBe("correlated-t");
    expect((await compare()).out).toContain("5-fold cross-validation");
  });
});

describe("databases of the original Mosaic", () => {
  const original = fileURLToPath(new URL("../../fixtures/original-with-error.db", import.meta.url));

  test("a failed run, which says nothing of its training, is one of its model", async () => {
    const { out, err } = await runForTest(compareCommand, [original]);
    expect(err).toBe("");
    expect(out).toMatch(/^1\. {2}mlp_brick\(4,2\) +0\.1784 .* 4 {2}0$/m);
    expect(out).toMatch(/^2\. {2}mlp_funnel\(4,2\) +0\.1955 .* 3 {2}1$/m);
    expect(out).not.toMatch(/status|traceback|database_path|=default|^ - /m);
  });

  test("runs that were added since and leave the defaults unsaid are of the same model", async () => {
    await copyFile(original, database);
    await (await openSqliteStore(database)).close();
    const adopted = new DatabaseSync(database);
    // As Mosaic writes them: no empty options, nothing that is left at its default, another order.
    adopted.exec(`
      INSERT INTO runs SELECT run_id + 100, status, pipeline, return_status FROM runs WHERE run_id = 5;
      INSERT INTO run_results SELECT run_id + 100, train_loss, test_loss, train_acc, test_acc, nb_params, "duration(s)",
        epochs, overfit, trainability, slope FROM run_results WHERE run_id = 5;
      INSERT INTO params SELECT run_id + 100, param_name, param_value FROM params
        WHERE run_id = 5 AND param_name IN ('pipeline', 'epochs', 'data_scheme', 'pipeline_scheme');
      INSERT INTO params VALUES (105, 'lr', '1e-2'), (105, 'optimizer', 'Adam');
    `);
    adopted.close();
    expect((await compare()).out).toMatch(/^1\. {2}mlp_brick\(4,2\) +0\.1808 .* 5 {2}0$/m);
  });

  test("a failed run whose training may have been one of several is told apart", async () => {
    await copyFile(original, database);
    const changed = new DatabaseSync(database);
    changed.exec("UPDATE params SET param_value = '1e-3' WHERE param_name = 'lr' AND run_id IN (4, 8)");
    changed.close();
    expect((await compare()).out).toMatch(/^ - {2}mlp_funnel\(4,2\) \| training unknown +0 {2}1$/m);
  });
});

describe("some repetitions trained further", () => {
  /** Two epochs for every run; then three more for the first run of the first model. */
  async function trainFurther(keptHistory: boolean) {
    const store = await openSqliteStore(database);
    const experiment = await store.createExperiment({ configuration: "{}", engineVersion: "", machineJson: "{}" });
    const epoch = (loss: number, number: number) =>
      ({ epoch: number, trainLoss: loss, validLoss: loss, lr: 0.1, metrics: {}, seconds: 1 }) as const;
    const complete = async (losses: readonly number[], from = 0) => {
      const lease = await store.leaseNextRun(experiment, "worker");
      if (lease === undefined) throw new Error("no run waits");
      const history = losses.map((loss, index) => epoch(loss, from + index + 1)).slice(0, keptHistory ? undefined : 0);
      const result = { test_loss: losses.at(-1) ?? 0, nb_params: 3, epochs: from + losses.length, "duration(s)": 2 };
      await store.completeRun(lease, { history, result });
    };
    await store.addRuns(
      experiment,
      [2, 3].flatMap((width) =>
        [0, 1, 2].map((repetition) => ({
          pipeline: {
            modules: [{ type: "net", className: "Net", path: "./n.ts", key: "k", options: { width: String(width) } }],
            training: {},
          },
          description: "",
          params: Object.entries({ lr: "0.1", epochs: "2", pipeline_scheme: "net" }),
          repetition,
          identity: `${width} ${repetition}`,
          seed: repetition,
        })),
      ),
    );
    for (const loss of [1, 1.1, 1.2, 2, 2.1, 2.2]) await complete([9, loss]);
    const first = { epoch: 2, more: [0.9, 0.5, 0.1] };
    await store.continueRuns(experiment, [{ runId: 1, epochs: 5 }]);
    await complete(first.more, first.epoch);
    return {
      store,
      again: async () => {
        await store.continueRuns(experiment, [
          { runId: 2, epochs: 4 },
          { runId: 3, epochs: 5 },
        ]);
        await complete([1, 0.6], 2);
        await complete([1.1, 0.7, 0.3], 2);
      },
    };
  }

  test("count at the epoch that all have", async () => {
    const { store, again } = await trainFurther(true);
    const { out } = await compare();
    expect(out).toMatch(/^1\. {2}Net\(2\) +1\.097 .* 3 {2}0$/m);
    expect(out).toContain("of Net(2) run 1: all count as they were after 2 epochs");
    expect((await compare("duration(s)")).out).toContain("all count as they were after 2 epochs");
    // So do plots of pipelines.
    const runs = await readPlotRuns(store, await readFigures(store), [runFigure("test_loss"), runFigure("nb_params")]);
    const [plotted] = configurationsOf(runs, ["test_loss", "nb_params"]);
    expect(plotted?.options.map(({ name }) => name)).toEqual(["width"]);
    expect(plotted?.configurations.map(({ values }) => values[0]?.map(({ value }) => value))).toEqual([
      [1, 1.1, 1.2],
      [2, 2.1, 2.2],
    ]);
    expect(plotted?.leftOut).toEqual(["1 run trained further: shown as after 2 epochs, which all have"]);
    for (const { command, args } of [
      { command: parallelCommand, args: [] },
      { command: importanceCommand, args: [] },
      { command: paretoCommand, args: ["nb_params", "test_loss"] },
    ]) {
      const file = join(folder, `${command.name}.svg`);
      expect(await runForTest(command, [database, file, ...args])).toMatchObject({ code: 0 });
      expect([command.name, await readFile(file, "utf8")]).toEqual([
        command.name,
        expect.stringContaining("1 run trained further"),
      ]);
    }
    // At four epochs two of them were in the middle.
    await again();
    await store.close();
    expect((await compare()).out).toMatch(/^1\. {2}Net\(2\) \| epochs=4 +0\.5944 .* 3 {2}0$/m);
    expect((await compare("duration(s)")).out).toMatch(
      /Net\(2\) \| epochs=5 .* 2 {2}0[\s\S]*stands for itself, because duration\(s\)/,
    );
  });

  test("stay apart where their epochs are not known", async () => {
    const { store, again } = await trainFurther(false);
    await again();
    await store.close();
    const { out } = await compare();
    expect(out).toMatch(/Net\(2\) \| epochs=5 .* 2 {2}0[\s\S]*Net\(2\) \| epochs=4/);
    expect(out).toContain("of Net(2) runs 1,3: each number of epochs stands for itself, because test_loss at");
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
    expect(out).toMatch(/Net\(3\) +1 +0\.\d+ \(/);
    expect(out).toMatch(/Friedman: the models differ \(F .*, p .*\)/);
    expect(out).toMatch(/^Net\(3\) is better than Net\(2\): on a further data set better with over 99\.99 %/m);
    const { overall, dataSets } = await compareJson();
    expect(dataSets).toHaveLength(7);
    for (const { interquartileMean } of overall.models) {
      expect(interquartileMean.low).toBeGreaterThanOrEqual(0);
      expect(interquartileMean.high).toBeLessThanOrEqual(1);
    }
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
    await rm(database);
    await writeDatabase(database, runsOf({ 2: [1, 2, 3], 3: [1] }));
    expect((await compare()).out).toContain(
      "Models are compared by two results each or more, and fewer than two of these 2 have so many.",
    );
    await rm(database);
    await writeDatabase(database, runsOf({ 2: [1, 2, 3] }));
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
    for (let id = 1; id <= 20; id++) {
      const width = id <= 10 ? 2 : 3;
      original.prepare("INSERT INTO runs VALUES (?, 'done', '', '')").run(id);
      original.prepare("INSERT INTO params VALUES (?, 'pipeline', ?)").run(
        id,
        JSON.stringify([
          { type: "data", class: "Data", key: "d", path_to_class: "d.py" },
          { type: "net", class: "Net", width, key: "k", path_to_class: "n.py" },
        ]),
      );
      original.prepare("INSERT INTO run_results VALUES (?, 0, ?)").run(id, width + (id % 10) / 100);
    }
    original.close();
    const { code, out } = await compare();
    expect(code).toBe(0);
    expect(out).toMatch(/^Net\(3\) +better .* 10 of 10 /m);
    expect(out).toContain("at every look: the database does not say when its runs were ordered");
    expect(out).toContain("paired in the order of their ids");
  });
});

test("10,000 runs take seconds, not minutes", async () => {
  const random = seededRandom(9);
  const runs = Array.from({ length: 10_000 }, (_, index) => ({
    pipeline: [dataEntry("data_A"), netEntry(index % 40)],
    repetition: Math.floor(index / 40),
    results: { test_loss: random() + (index % 40) / 1000 },
  }));
  await writeDatabase(database, runs);
  const seconds = await processorSeconds(async () => expect((await compare()).code).toBe(0));
  expect(seconds).toBeLessThan(10);
});
