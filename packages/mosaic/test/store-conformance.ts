/** What every implementation of `Store` must do. Each test gets an empty database of its own. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LeaseWishes, RunQuery, RunRecord } from "../src/store/records.ts";
import { type KeysOf, maximumAttempts, type Store, type StoreReader } from "../src/store/store.ts";
import {
  allRuns,
  exampleEpoch,
  exampleExperiment,
  examplePipeline,
  exampleResult,
  exampleRun,
  leaseRun,
} from "./store-conformance-examples.ts";

interface StoreTiming {
  readonly leaseSeconds?: number;
}

/** A place for one database, which the test opens as often as it likes. */
export interface StoreSite {
  readonly openStore: (timing?: StoreTiming) => Promise<Store>;
  readonly openReader: () => Promise<StoreReader>;
  readonly remove: () => Promise<void>;
}

export function describeStore(name: string, createSite: () => Promise<StoreSite>): void {
  describe(`${name} as a store`, () => {
    let site: StoreSite;
    let store: Store;
    let experimentId: number;

    beforeEach(async () => {
      site = await createSite();
      store = await site.openStore();
      experimentId = await store.createExperiment(exampleExperiment);
    });
    afterEach(async () => {
      await store.close();
      await site.remove();
    });

    async function addRuns(count: number): Promise<void> {
      await store.addRuns(
        experimentId,
        Array.from({ length: count }, (_, index) => exampleRun({ identity: `identity ${index}`, repetition: index })),
      );
    }
    async function onlyRun(): Promise<RunRecord> {
      const [run] = await allRuns(store, { withHistory: true });
      if (run === undefined) throw new Error("there is no run");
      return run;
    }

    describe("columns of all runs", () => {
      test("have what runs have, in the order of the ids: NaN told from nothing, the first of several rows", async () => {
        await store.addRuns(experimentId, [
          exampleRun({ params: [...exampleRun().params, ["Mlp_width", "3"], ["only", "x"]], identity: "1" }),
          exampleRun({ params: [["Mlp_width", 'ü "']], identity: "2", repetition: 4 }),
          exampleRun({ identity: "3", executor: "wasm" }),
        ]);
        const result = { ...exampleResult, test_f1: 0.1 + 0.2, epochs: 7 };
        await store.completeRun(await leaseRun(store, experimentId), { result });
        await store.failRun(await leaseRun(store, experimentId), "bad");
        await store.setTag("b", [2, 3], true);
        await store.setTag("a", [3], true);
        await store.setNote(1, "look");
        expect(await store.optionNames()).toEqual((await store.paramSummaries()).map(({ name }) => name));
        const { runIds, columns } = await store.columns([
          { of: "run", name: "status" },
          { of: "run", name: "repetition" },
          { of: "run", name: "executor" },
          { of: "run", name: "finished" },
          { of: "run", name: "tags" },
          { of: "run", name: "note" },
          { of: "option", name: "Mlp_width" },
          { of: "option", name: "only" },
          ...["test_loss", "overfit", "trainability", "test_acc", "test_f1", "no such"].map(
            (name) => ({ of: "figure", name }) as const,
          ),
        ]);
        expect(Array.from(runIds)).toEqual([1, 2, 3]);
        const cells = columns.map((column) =>
          column.kind === "text"
            ? Array.from(column.codes, (code) => column.texts[code] ?? null)
            : Array.from(column.values, (value, row) => (column.missing?.[row] === 1 ? null : value)),
        );
        const finished = (await allRuns(store)).map(({ details }) => details?.finishedAt?.getTime() ?? null);
        expect(cells).toEqual([
          ["done", "error", "pending"],
          [0, 4, 0],
          [null, null, "wasm"],
          finished,
          [null, "b", "a, b"],
          ["look", null, null],
          ["2", 'ü "', "2"],
          ["x", null, null],
          [0.30000000000000004, null, null],
          [Number.NaN, null, null],
          [Infinity, null, null],
          [null, null, null],
          [0.1 + 0.2, null, null],
          [null, null, null],
        ]);
      });

      test("of an empty store are empty", async () => {
        const { runIds, columns } = await store.columns([{ of: "run", name: "status" }]);
        expect([runIds.length, columns]).toEqual([0, [{ kind: "text", codes: new Uint32Array(0), texts: [] }]]);
      });
    });

    describe("changes since a state", () => {
      test("are new runs, other statuses, other labels and removed runs, each once, as another process sees them", async () => {
        await addRuns(3);
        const reader = await site.openReader();
        let { cursor } = await reader.changes();
        const next = async () => {
          const { changed, removed, isWritten, ...rest } = await reader.changes(cursor);
          cursor = rest.cursor;
          return { changed, removed, isWritten };
        };
        expect(await next()).toEqual({ changed: [], removed: [], isWritten: false });
        const lease = await leaseRun(store, experimentId);
        expect(await next()).toEqual({ changed: [1], removed: [], isWritten: true });
        await store.appendHistory(lease, [exampleEpoch(1)]);
        expect(await next()).toEqual({ changed: [], removed: [], isWritten: true });
        await store.completeRun(lease, { result: exampleResult });
        await addRuns(1);
        expect(await next()).toEqual({ changed: [1, 4], removed: [], isWritten: true });
        await store.setTag("good", [2], true);
        await store.setNote(4, "see");
        expect((await next()).changed).toEqual([2, 4]);
        await store.setNote(4, "sea");
        expect((await next()).changed).toEqual([4]);
        await store.setTag("good", [2], false);
        expect((await next()).changed).toEqual([2]);
        // There and back again: what it has come to is another result.
        await store.continueRuns(experimentId, [{ runId: 1, epochs: 9 }]);
        await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult });
        expect((await next()).changed).toEqual([1]);
        await store.removeRuns([{ runId: 2, files: [] }]);
        expect(await next()).toEqual({ changed: [], removed: [2], isWritten: true });
        expect(await next()).toEqual({ changed: [], removed: [], isWritten: false });
        await reader.close();
      });
    });

    describe("curves", () => {
      test("are the epochs of runs as columns, from one on, with the time since the run's beginning", async () => {
        await addRuns(2);
        expect(await store.series()).toEqual([]);
        const lease = await leaseRun(store, experimentId);
        const f1 = { trainMetrics: { f1: 0.5 }, metrics: { f1: Number.NaN, 'a"b': 1 / 3 } };
        await store.appendHistory(lease, [{ ...exampleEpoch(3), ...f1 }, exampleEpoch(1), exampleEpoch(2)]);
        expect(await store.series()).toEqual([
          "train_loss",
          "test_loss",
          "test_acc",
          "lr",
          'test_a"b',
          "test_f1",
          "train_f1",
        ]);
        const names = ["train_loss", "test_acc", 'test_a"b', "test_f1", "no such"];
        const nan = Number.NaN;
        expect(await Array.fromAsync(store.curves([2, 1], names))).toEqual([
          { runId: 2, epochs: numbers(), seconds: numbers(), series: names.map(() => numbers()) },
          {
            runId: 1,
            epochs: numbers(1, 2, 3),
            seconds: numbers(0.25, 0.5, 0.75),
            series: [
              numbers(1, 1 / 2, 1 / 3),
              numbers(Infinity, Infinity, Infinity),
              numbers(nan, nan, 1 / 3),
              numbers(nan, nan, nan),
              numbers(nan, nan, nan),
            ],
          },
        ]);
        expect(await Array.fromAsync(store.curves([1], ["train_loss"], 2))).toEqual([
          { runId: 1, epochs: numbers(3), seconds: numbers(0.75), series: [numbers(1 / 3)] },
        ]);
        // Epochs need not be one after the other.
        await store.appendHistory(lease, [exampleEpoch(7)]);
        expect(await Array.fromAsync(store.curves([1], ["train_loss"], 1, { seconds: false }))).toEqual([
          { runId: 1, epochs: numbers(2, 3, 7), seconds: numbers(), series: [numbers(1 / 2, 1 / 3, 1 / 7)] },
        ]);
      });
    });

    test("a curve has whole numbers that are too large to be exact", async () => {
      await addRuns(1);
      const lease = await leaseRun(store, experimentId);
      await store.appendHistory(lease, [
        { ...exampleEpoch(1), trainLoss: 2 ** 62, metrics: { worst: 2 ** 62, least: 3 } },
      ]);
      const names = ["train_loss", "test_worst", "test_least"];
      const [{ series } = { series: [] }] = await Array.fromAsync(store.curves([1], names));
      expect(series).toEqual([numbers(2 ** 62), numbers(2 ** 62), numbers(3)]);
    });

    describe("looking for runs", () => {
      test("ids are those of the runs, or the last of them", async () => {
        await addRuns(5);
        await store.failRun(await leaseRun(store, experimentId), "bad");
        expect(await store.runIds()).toEqual([1, 2, 3, 4, 5]);
        expect(await store.runIds({ last: 2 })).toEqual([4, 5]);
        expect(await store.runIds({ status: "pending", last: 3 })).toEqual([3, 4, 5]);
        expect(await store.runIds({ status: "error", last: 3 })).toEqual([1]);
        expect(await store.runIds({ experimentId, status: "pending", last: 1 })).toEqual([5]);
        expect(await store.runIds({ runIds: [5, 1, 9, 0.5], last: 1 })).toEqual([5]);
        expect(await store.runIds({ runIds: [5, 1, 9], status: "error" })).toEqual([1]);
        expect((await allRuns(store, { status: "pending", last: 2 })).map(({ runId }) => runId)).toEqual([4, 5]);
      });

      test("values compare as numbers where both are, else as texts", async () => {
        const values = ["0.01", "1e-2", "2", "small", "", "NaN"];
        await store.addRuns(
          experimentId,
          values.map((value) => exampleRun({ params: [["lr", value]] })),
        );
        const find = (comparison: "equal" | "at-most" | "at-least", value: string) =>
          store.runsWithValue({ name: "lr", comparison, value });
        expect(await find("equal", "0.010")).toEqual([1, 2]);
        expect(await find("equal", "small")).toEqual([4]);
        expect(await find("equal", "")).toEqual([5]);
        expect(await find("equal", "nan")).toEqual([6]);
        expect(await find("at-most", "0.01")).toEqual([1, 2]);
        expect(await find("at-least", "0.01")).toEqual([1, 2, 3]);
        expect(await find("at-least", "small")).toEqual([]);
        expect(await store.runsWithValue({ name: "lrr", comparison: "equal", value: "2" })).toEqual([]);
      });

      test("a result comes before an option of its name", async () => {
        const run = exampleRun({ params: [["epochs", "50"]] });
        await store.addRuns(experimentId, [run, run]);
        await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult });
        const epochs = (value: string) => store.runsWithValue({ name: "epochs", comparison: "equal", value });
        expect(await epochs(String(exampleResult.epochs))).toEqual([1]);
        expect(await epochs("50")).toEqual([2]);
        expect(await store.runsWithValue({ name: "test_loss", comparison: "at-least", value: "-inf" })).toEqual([1]);
      });

      test("a request gives ids in its own order", async () => {
        await addRuns(3);
        expect(await store.request("SELECT run_id, status FROM runs ORDER BY run_id DESC")).toEqual([3, 2, 1]);
        await expect(store.request("DELETE FROM runs")).rejects.toMatchObject({ code: "STORE_REQUEST" });
        expect(await store.runIds()).toEqual([1, 2, 3]);
      });

      test("names of options, and whether their values are numbers", async () => {
        const run = (...params: readonly (readonly [string, string])[]) => exampleRun({ params });
        await store.addRuns(experimentId, [
          run(["width", "2"], ["name", "a"], ["code", "7"], ["big", "12345678901234567890"], ["lr", "1e-2"]),
          run(["name", "3"], ["code", "007"], ["depth", "-.5"]),
        ]);
        expect(await store.paramSummaries()).toEqual([
          { name: "width", isNumeric: true },
          { name: "name", isNumeric: false },
          { name: "code", isNumeric: false },
          { name: "big", isNumeric: false },
          { name: "lr", isNumeric: true },
          { name: "depth", isNumeric: true },
        ]);
      });

      test("the last epoch", async () => {
        await addRuns(1);
        expect(await store.lastEpoch(1)).toBeUndefined();
        const lease = await leaseRun(store, experimentId);
        await store.appendHistory(lease, [exampleEpoch(1), exampleEpoch(2)]);
        expect(await store.lastEpoch(1)).toEqual(exampleEpoch(2));
      });

      test("keys are changed in pipelines and params, all or none", async () => {
        const params = [
          ["mlp_key", "a"],
          ["width", "2"],
          ["mlp_key", "b"],
        ] as const;
        await store.addRuns(experimentId, [
          exampleRun({ pipeline: examplePipeline("a", "b", "new"), params }),
          exampleRun({ pipeline: examplePipeline("second") }),
        ]);
        const before = await allRuns(store);
        const keysOf: KeysOf = (pipeline) => {
          if (pipeline?.modules[0]?.key === "second") throw new Error("the second one");
          return ["x", "y", "z"];
        };
        await expect(store.updateKeys(keysOf)).rejects.toThrow("the second one");
        expect(await allRuns(store)).toEqual(before);
        const updated = await store.updateKeys((pipeline) =>
          pipeline?.modules.length === 3 ? ["c", "d", "e"] : undefined,
        );
        expect(updated).toBe(1);
        const [first, second] = await allRuns(store);
        expect(first).toMatchObject({
          pipeline: examplePipeline("c", "d", "e"),
          params: [
            ["mlp_key", "c"],
            ["width", "2"],
            ["mlp_key", "d"],
            ["mlp_key", "e"],
          ],
        });
        expect(second).toEqual(before[1]);
      });
    });

    describe("experiments and runs", () => {
      test("an experiment keeps its configuration", async () => {
        const [experiment] = await store.experiments();
        expect(experiment).toMatchObject({ experimentId, ...exampleExperiment });
        expect(Math.abs(Date.now() - (experiment?.createdAt.getTime() ?? 0))).toBeLessThan(60_000);
      });

      test("run ids start at 1 and go on from the highest", async () => {
        expect(await store.addRuns(experimentId, [exampleRun(), exampleRun()])).toEqual({ firstRunId: 1, count: 2 });
        expect(await store.addRuns(experimentId, [])).toEqual({ firstRunId: 3, count: 0 });
        expect(await store.addRuns(experimentId, [exampleRun()])).toEqual({ firstRunId: 3, count: 1 });
      });

      test("an asynchronous iterable is taken too", async () => {
        async function* runs() {
          yield exampleRun();
          yield exampleRun();
        }
        expect(await store.addRuns(experimentId, runs())).toEqual({ firstRunId: 1, count: 2 });
      });

      test("few runs are added all or none", async () => {
        function* failing() {
          yield exampleRun();
          throw new Error("the third pipeline is wrong");
        }
        await expect(store.addRuns(experimentId, failing())).rejects.toThrow("third pipeline");
        expect(await allRuns(store)).toEqual([]);
        expect(await store.addRuns(experimentId, [exampleRun()])).toEqual({ firstRunId: 1, count: 1 });
      });

      test("many runs are added in batches, of which whatever ends it early leaves whole ones", async () => {
        function* runs(end: number) {
          for (let index = 0; index < end; index++) yield exampleRun({ identity: `identity ${index}` });
          if (end > 10_000) throw new Error("it ends here");
        }
        const memory = process.memoryUsage().rss;
        const added = store.addRuns(experimentId, runs(10_500));
        const after = [store.addRuns(experimentId, runs(2)), store.addRuns(experimentId, runs(1))];
        await expect(added).rejects.toThrow("it ends here");
        expect(await Promise.all(after)).toEqual([
          { firstRunId: 10_001, count: 2 },
          { firstRunId: 10_003, count: 1 },
        ]);
        expect(await store.countByStatus(experimentId)).toEqual(new Map([["pending", 10_003]]));
        const found = await store.findRuns(["identity 9999", "identity 10000"]);
        expect([...found.keys()]).toEqual(["identity 9999"]);
        expect(process.memoryUsage().rss - memory).toBeLessThan(200e6);
      });

      test("a new run is pending and keeps what it was given, texts with quotes, newlines and emoji too", async () => {
        const awkward = exampleRun({
          params: [
            ["pipeline", "left out"],
            ["a'b\"c", "new\nline 🙂"],
            ["Mlp_width", "2"],
            ["Mlp_width", "3"],
          ],
        });
        await store.addRuns(experimentId, [awkward]);
        expect(await onlyRun()).toMatchObject({
          runId: 1,
          status: "pending",
          description: "Mlp(2)",
          returnStatus: null,
          pipeline: awkward.pipeline,
          params: awkward.params.slice(1),
          result: null,
          history: [],
          details: { experimentId, identity: "identity", seed: 2 ** 53 - 1, attempts: 0, startedAt: null },
        });
      });

      test("runs are found by identity", async () => {
        await addRuns(2);
        await store.addRuns(experimentId, [
          exampleRun({ identity: "identity 1", repetition: 7, params: [["epochs", "50"]] }),
        ]);
        const lease = await leaseRun(store, experimentId);
        await store.completeRun(lease, { result: exampleResult, executor: "wasm" });
        const found = await store.findRuns(["identity 0", "identity 1", "unknown"]);
        expect([...found.keys()]).toEqual(["identity 0", "identity 1"]);
        const done = { runId: 1, experimentId, status: "done", repetition: 0, epochs: 2, epochsAsked: null };
        expect(found.get("identity 0")).toEqual([{ ...done, executor: "wasm" }]);
        expect(found.get("identity 1")?.map(({ runId, epochs, epochsAsked }) => [runId, epochs, epochsAsked])).toEqual([
          [2, null, null],
          [3, null, 50],
        ]);
      });

      test("runs are selected by id, experiment and status, in the order of their ids", async () => {
        await addRuns(450);
        const other = await store.createExperiment(exampleExperiment);
        await store.addRuns(other, [exampleRun()]);
        await leaseRun(store, experimentId);
        const ids = async (query: RunQuery) => (await allRuns(store, query)).map((run) => run.runId);
        expect(await ids({})).toEqual(Array.from({ length: 451 }, (_, index) => index + 1));
        expect(await ids({ runIds: [9, 3, 999] })).toEqual([3, 9]);
        expect(await ids({ experimentId: other })).toEqual([451]);
        expect(await ids({ status: "running" })).toEqual([1]);
        expect(await ids({ status: "running", experimentId: other })).toEqual([]);
        expect(await store.countByStatus()).toEqual(new Map(Object.entries({ pending: 450, running: 1 })));
        expect(await store.countByStatus(other)).toEqual(new Map([["pending", 1]]));
      });

      test("the store may be changed while its runs are read", async () => {
        await addRuns(401);
        let seen = 0;
        for await (const run of store.runs()) {
          seen += 1;
          if (run.runId % 100 === 0)
            await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult });
        }
        expect(seen).toBe(401);
      });

      test("system values are set and replaced", async () => {
        await store.setSystem("multiplicity", "4");
        await store.setSystem("multiplicity", "5");
        expect((await store.system()).get("multiplicity")).toBe("5");
      });
    });

    describe("leases", () => {
      test("the pending run with the lowest id is leased, each run once", async () => {
        await addRuns(2);
        const first = await leaseRun(store, experimentId);
        const second = await leaseRun(store, experimentId);
        expect(first).toMatchObject({
          ...exampleRun({ identity: "identity 0" }),
          runId: 1,
          attempt: 1,
          resumeEpoch: 0,
        });
        expect(second.runId).toBe(2);
        expect(second.token).toBeGreaterThan(first.token);
        expect(first.expiresAt.getTime()).toBeGreaterThan(Date.now());
        expect(await store.leaseNextRun(experimentId, "worker 1")).toBeUndefined();
      });

      test("leases asked for at the same time are of different runs", async () => {
        await addRuns(20);
        const leases = await Promise.all(Array.from({ length: 20 }, () => leaseRun(store, experimentId)));
        expect(new Set(leases.map((lease) => lease.runId)).size).toBe(20);
        expect(new Set(leases.map((lease) => lease.token)).size).toBe(20);
      });

      test("as many are leased at once as are asked for, or are there", async () => {
        await addRuns(5);
        const leased = async (most: number) =>
          (await store.leaseNextRuns(experimentId, "worker 1", most)).map(({ runId }) => runId);
        expect(await leased(3)).toEqual([1, 2, 3]);
        expect(await leased(3)).toEqual([4, 5]);
        expect(await leased(3)).toEqual([]);
      });

      test("only runs of the experiment are leased", async () => {
        await addRuns(1);
        const other = await store.createExperiment(exampleExperiment);
        expect(await store.leaseNextRun(other, "worker 1")).toBeUndefined();
      });

      test("a token is never given twice", async () => {
        await addRuns(1);
        const tokens: number[] = [];
        for (let round = 0; round < 5; round++) {
          const lease = await leaseRun(store, experimentId);
          tokens.push(lease.token);
          await store.giveBackRun(lease, { kind: "stopped" });
          await store.close();
          store = await site.openStore();
        }
        expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
      });

      test("a heartbeat keeps leases, and names those that are lost", async () => {
        await store.close();
        store = await site.openStore({ leaseSeconds: 0.3 });
        await addRuns(2);
        const kept = await leaseRun(store, experimentId);
        const lost = await leaseRun(store, experimentId);
        await pause(200);
        const progressAt = new Date(1_700_000_000_123);
        expect(await store.progressOf(kept.runId)).toBeUndefined();
        expect(await store.heartbeat([{ ...kept, progressAt }])).toEqual([]);
        expect(await store.progressOf(kept.runId)).toEqual(progressAt);
        await pause(200);
        expect(await store.expireLeases()).toEqual([{ runId: lost.runId, status: "pending" }]);
        const beats = [kept, lost].map((lease) => ({ ...lease, progressAt }));
        expect(await store.heartbeat(beats)).toEqual([lost.token]);
        await store.completeRun(kept, { result: exampleResult });
        expect(await store.progressOf(kept.runId)).toBeUndefined();
      });

      test("a lease past its time is good until it is ended", async () => {
        await store.close();
        store = await site.openStore({ leaseSeconds: 0.01 });
        await addRuns(1);
        const lease = await leaseRun(store, experimentId);
        await pause(50);
        await store.completeRun(lease, { result: exampleResult });
        expect(await store.expireLeases()).toEqual([]);
        expect((await onlyRun()).status).toBe("done");
      });
    });

    describe("the end of a run", () => {
      test("of many that end at once, those are not stored whose leases are lost", async () => {
        await addRuns(3);
        const leases = await store.leaseNextRuns(experimentId, "worker 1", 3);
        const [, lost] = leases;
        if (lost === undefined) throw new Error("three runs were added");
        await store.giveBackRun(lost, { kind: "stopped" });
        const history = [exampleEpoch(1)];
        expect(await store.completeRuns(leases.map((lease) => [lease, { result: exampleResult, history }]))).toEqual([
          lost.token,
        ]);
        const runs = await Array.fromAsync(store.runs());
        expect(runs.map(({ status }) => status)).toEqual(["done", "pending", "done"]);
        expect(runs.map(({ result }) => result)).toEqual([exampleResult, null, exampleResult]);
        expect(await store.history(lost.runId)).toEqual([]);
      });

      test("a result is kept to the bit, with NaN, infinities and empty values", async () => {
        await addRuns(1);
        const lease = await leaseRun(store, experimentId);
        const history = [exampleEpoch(1), exampleEpoch(2)];
        const artifact = { kind: "model", path: "model_Mlp_1.safetensors", sizeBytes: 180 };
        await store.completeRun(lease, { result: exampleResult, history, artifacts: [artifact] });
        const run = await onlyRun();
        expect(run).toMatchObject({ status: "done", result: exampleResult, history });
        expect(run.returnStatus).toBe("train_loss=1.000e-01\ttest_loss=3.000e-01\texecution_time=1.500e+00");
        expect(run.details?.finishedAt).toBeInstanceOf(Date);
        expect(await store.history(1)).toEqual(history);
        expect(await store.artifacts(1)).toEqual([artifact]);
      });

      test("a result is accepted once", async () => {
        await addRuns(1);
        const lease = await leaseRun(store, experimentId);
        await store.completeRun(lease, { result: exampleResult });
        const again = store.completeRun(lease, { result: { ...exampleResult, train_loss: 9 } });
        await expect(again).rejects.toMatchObject({ code: "STORE_LEASE_LOST" });
        expect((await onlyRun()).result?.train_loss).toBe(0.1);
      });

      test("nothing is accepted from a worker that has lost its run", async () => {
        await addRuns(1);
        const late = await leaseRun(store, experimentId);
        await store.giveBackRun(late, { kind: "worker-died", detail: "killed by SIGKILL" });
        const current = await leaseRun(store, experimentId);
        await store.appendHistory(current, [exampleEpoch(1)]);
        const before = await onlyRun();
        const lost = { code: "STORE_LEASE_LOST" };
        await expect(store.completeRun(late, { result: exampleResult })).rejects.toMatchObject(lost);
        await expect(store.failRun(late, "Error")).rejects.toMatchObject(lost);
        await expect(store.pauseRun(late, 1)).rejects.toMatchObject(lost);
        await expect(store.appendHistory(late, [exampleEpoch(2)])).rejects.toMatchObject(lost);
        await expect(store.recordArtifacts(late, [])).rejects.toMatchObject(lost);
        await expect(store.recordSnapshot(late, { epochs: 1, artifacts: [] })).rejects.toMatchObject(lost);
        await expect(store.giveBackRun(late, { kind: "stopped" })).rejects.toMatchObject(lost);
        const wrongRun = { runId: 2, token: current.token };
        await expect(store.completeRun(wrongRun, { result: exampleResult })).rejects.toMatchObject(lost);
        expect(await onlyRun()).toEqual(before);
        await store.completeRun(current, { result: exampleResult });
      });

      test("a completion that fails in its last part leaves the run running", async () => {
        await addRuns(1);
        const lease = await leaseRun(store, experimentId);
        const broken = { kind: "model", path: "model", sizeBytes: 0.5 };
        const wrong = store.completeRun(lease, {
          result: exampleResult,
          history: [exampleEpoch(0.5)],
          artifacts: [broken],
        });
        await expect(wrong).rejects.toThrow();
        expect(await onlyRun()).toMatchObject({ status: "running", result: null, history: [] });
        await store.completeRun(lease, { result: exampleResult });
      });

      test("a failed run keeps its error and its history", async () => {
        await addRuns(1);
        const lease = await leaseRun(store, experimentId);
        await store.appendHistory(lease, [exampleEpoch(1)]);
        await store.failRun(lease, "TypeError: x\n    at Mlp.forward (mlp.ts:3:1)");
        const run = await onlyRun();
        expect(run).toMatchObject({ status: "error", result: null, history: [exampleEpoch(1)] });
        expect(run.returnStatus).toContain("mlp.ts:3:1");
      });

      test(`a run is an error once ${maximumAttempts} workers have died over it`, async () => {
        await addRuns(1);
        const died = { kind: "worker-died", detail: "killed by SIGKILL" } as const;
        for (let attempt = 1; attempt <= maximumAttempts; attempt++) {
          // A supervisor that stops in between costs nothing.
          await store.giveBackRun(await leaseRun(store, experimentId), { kind: "stopped" });
          const lease = await leaseRun(store, experimentId);
          expect(lease.attempt).toBe(attempt);
          const status = attempt < maximumAttempts ? "pending" : "error";
          expect(await store.giveBackRun(lease, died)).toEqual({ runId: 1, status });
        }
        expect(await store.leaseNextRun(experimentId, "worker 1")).toBeUndefined();
        expect((await onlyRun()).returnStatus).toMatch(/died.*3 attempts.*SIGKILL/);
      });
    });

    describe("going on", () => {
      test("an attempt starts with an empty history", async () => {
        await addRuns(1);
        const first = await leaseRun(store, experimentId);
        await store.appendHistory(first, [exampleEpoch(1), exampleEpoch(2)]);
        await store.giveBackRun(first, { kind: "worker-died", detail: "exit code 1" });
        expect(await store.history(1)).toHaveLength(2);
        await leaseRun(store, experimentId);
        expect(await store.history(1)).toEqual([]);
      });

      test("a paused run goes on from its snapshot, after a death too", async () => {
        await addRuns(1);
        const first = await leaseRun(store, experimentId);
        await store.appendHistory(first, [1, 2, 3].map(exampleEpoch));
        await store.pauseRun(first, 2, { executor: "onnx", dataDigest: "data 1" });
        expect(await onlyRun()).toMatchObject({
          status: "paused",
          details: { executor: "onnx", dataDigest: "data 1" },
        });
        expect(await store.leaseNextRun(experimentId, "worker 1")).toBeUndefined();
        await store.requeueRuns(experimentId, [1]);
        const second = await leaseRun(store, experimentId);
        expect(second).toMatchObject({ resumeEpoch: 2, executor: "onnx" });
        expect(await store.history(1)).toEqual([1, 2].map(exampleEpoch));
        await store.appendHistory(second, [exampleEpoch(3)]);
        await store.giveBackRun(second, { kind: "worker-died", detail: "exit code 1" });
        expect(await leaseRun(store, experimentId)).toMatchObject({ resumeEpoch: 2, attempt: 2 });
        expect(await store.history(1)).toHaveLength(2);
      });

      test("a worker takes runs of its own processor first, and none that are left out", async () => {
        await addRuns(3);
        const first = await leaseRun(store, experimentId);
        await store.pauseRun(first, 1, { processor: "A" });
        await store.requeueRuns(experimentId, [1]);
        const next = (wishes: LeaseWishes) => store.leaseNextRun(experimentId, "worker", wishes);
        const second = await next({ processor: "B" });
        expect(second?.runId).toBe(2);
        expect(await next({ processor: "B", ownProcessorOnly: true, leftOut: new Set([3]) })).toBeUndefined();
        const third = await next({ processor: "B", leftOut: new Set([3]) });
        expect(third).toMatchObject({ runId: 1, fromSnapshot: true });
        if (third === undefined) return;
        for (const processor of ["B", "B"]) await store.recordSnapshot(third, { epochs: 1, artifacts: [], processor });
        expect(
          (
            await store
              .runs({ runIds: [1] })
              [Symbol.asyncIterator]()
              .next()
          ).value?.details?.processors,
        ).toEqual(["A", "B"]);
        await store.giveBackRun(third, { kind: "stopped" });
        expect((await next({ processor: "B" }))?.runId).toBe(1);
      });

      test("a run that has left a snapshot goes on from it, whoever gives it back", async () => {
        await addRuns(1);
        const first = await leaseRun(store, experimentId);
        await store.appendHistory(first, [1, 2].map(exampleEpoch));
        const artifact = { kind: "snapshot", path: "snapshot_1.safetensors", sizeBytes: 3 };
        await store.recordSnapshot(first, { epochs: 1, artifacts: [artifact], executor: "wasm" });
        expect(await onlyRun()).toMatchObject({ status: "running" });
        await store.appendHistory(first, [exampleEpoch(3)]);
        await store.giveBackRun(first, { kind: "stopped" });
        const second = await leaseRun(store, experimentId);
        expect(second).toMatchObject({ fromSnapshot: true, resumeEpoch: 1, attempt: 1, executor: "wasm" });
        expect(await store.history(1)).toEqual([exampleEpoch(1)]);
      });

      test("a done run goes on from its snapshot; its result so far stays readable", async () => {
        await store.addRuns(experimentId, [exampleRun({ params: [["epochs", "2"]] })]);
        const first = await leaseRun(store, experimentId);
        expect(first.fromSnapshot).toBe(false);
        const result = { ...exampleResult, epochs: 2 };
        await store.completeRun(first, { result, history: [exampleEpoch(1), exampleEpoch(2)] });
        const other = await store.createExperiment(exampleExperiment);
        await store.continueRuns(other, [{ runId: 1, epochs: 5 }]);
        expect(await onlyRun()).toMatchObject({ status: "pending", result: null, returnStatus: null });
        expect(await store.earlierResults(1)).toMatchObject([
          { result, returnStatus: expect.stringContaining("train_loss=") },
        ]);

        // A death on the way costs nothing of what was there before.
        const second = await leaseRun(store, other);
        expect(second).toMatchObject({ resumeEpoch: 2, fromSnapshot: true, params: [["epochs", "5"]], attempt: 1 });
        await store.appendHistory(second, [exampleEpoch(3)]);
        await store.giveBackRun(second, { kind: "worker-died", detail: "killed" });
        const third = await leaseRun(store, other);
        expect(third).toMatchObject({ resumeEpoch: 2, fromSnapshot: true, attempt: 2 });
        expect(await store.history(1)).toHaveLength(2);
        const longer = { ...exampleResult, epochs: 5, test_loss: 0.125 };
        await store.completeRun(third, { result: longer, history: [3, 4, 5].map((epoch) => exampleEpoch(epoch)) });
        expect(await onlyRun()).toMatchObject({ status: "done", result: longer });
        expect((await onlyRun()).history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
        expect(await store.earlierResults(1)).toHaveLength(1);
      });

      test("metrics are kept beside the ten figures, epoch by epoch, and through a continuation", async () => {
        await store.addRuns(experimentId, [exampleRun({ params: [["epochs", "2"]] })]);
        const epoch = (number: number, f1: number) => ({
          ...exampleEpoch(number),
          trainMetrics: { f1: NaN, hamming: -Infinity },
          metrics: { f1, hamming: 0.25 },
        });
        const result = { ...exampleResult, epochs: 2, test_f1: NaN, test_hamming: 0.25, train_f1: 0.5 };
        const history = [epoch(1, 0.125), epoch(2, NaN)];
        const directions = { f1: "higher", ham: "higher", hamming: "lower" } as const;
        await store.completeRun(await leaseRun(store, experimentId), { result, directions, history });
        expect(await onlyRun()).toMatchObject({ result, history });
        expect(await store.metricSummaries()).toEqual([
          { name: "test_f1", direction: "higher" },
          { name: "test_hamming", direction: "lower" },
          { name: "train_f1", direction: "higher" },
        ]);
        expect(await store.runsWithValue({ name: "test_f1", comparison: "equal", value: "nan" })).toEqual([1]);
        expect(await store.runsWithValue({ name: "train_f1", comparison: "at-least", value: "0.5" })).toEqual([1]);

        await store.continueRuns(experimentId, [{ runId: 1, epochs: 3 }]);
        expect(await onlyRun()).toMatchObject({ result: null });
        expect(await store.earlierResults(1)).toMatchObject([{ result }]);
        expect(await store.runsWithValue({ name: "train_f1", comparison: "at-least", value: "0.5" })).toEqual([]);
        // What is not done has its epochs only.
        expect((await store.metricSummaries()).map(({ name }) => name)).toEqual([
          "test_f1",
          "test_hamming",
          "train_f1",
          "train_hamming",
        ]);
        const again = { ...exampleResult, epochs: 3, test_accuracy: 1 };
        await store.completeRun(await leaseRun(store, experimentId), { result: again, history: [exampleEpoch(3)] });
        expect((await onlyRun()).result).toEqual(again);
        expect(await store.metricSummaries()).toEqual([{ name: "test_accuracy", direction: undefined }]);
      });

      test("what was to be trained further is trained to another number, or is done again as it was", async () => {
        await store.addRuns(experimentId, [
          exampleRun({ params: [["epochs", "4"]] }),
          exampleRun({ params: [["epochs", "2"]] }),
        ]);
        const result = { ...exampleResult, epochs: 2, test_f1: 0.5 };
        const history = [exampleEpoch(1), exampleEpoch(2)];
        for (const _ of [1, 2]) await store.completeRun(await leaseRun(store, experimentId), { result, history });
        const before = await allRuns(store);
        const other = await store.createExperiment(exampleExperiment);
        const far = [1, 2].map((runId) => ({ runId, epochs: 1e12, identity: "changed" }));
        await store.continueRuns(other, far);
        const lease = await leaseRun(store, other);
        await store.appendHistory(lease, [exampleEpoch(3)]);
        await store.giveBackRun(lease, { kind: "stopped" });
        await store.continueRuns(other, [{ runId: 2, epochs: 3 }]);
        expect((await allRuns(store))[1]).toMatchObject({
          status: "pending",
          params: [["epochs", "3"]],
          details: { identity: "changed", resumeEpoch: 2 },
        });
        expect(await store.earlierResults(2)).toHaveLength(1);

        await store.takeBackContinuations([1, 2]);
        const withoutResumption = (runs: readonly RunRecord[]) =>
          runs.map(({ details, ...run }) => ({ ...run, details: { ...details, resumeEpoch: 0, fromSnapshot: false } }));
        expect(withoutResumption(await allRuns(store))).toEqual(withoutResumption(before));
        expect(await store.earlierResults(1)).toEqual([]);
        expect(await store.checkResult(1)).toBe("whole");
        await expect(store.takeBackContinuations([1])).rejects.toMatchObject({ code: "STORE_RUN_STATE" });

        // What has been trained beyond its result since has no longer the files of it.
        await store.continueRuns(other, [{ runId: 1, epochs: 9 }]);
        const second = await leaseRun(store, other);
        await store.appendHistory(second, [exampleEpoch(3)]);
        await store.pauseRun(second, 3);
        await expect(store.takeBackContinuations([1])).rejects.toMatchObject({ code: "STORE_RUN_STATE" });
        expect((await allRuns(store))[0]?.status).toBe("paused");
      });

      test("runs that never had a result can be asked for another number of epochs", async () => {
        await store.addRuns(
          experimentId,
          [1, 2, 3].map(() => exampleRun({ params: [["epochs", "9"]] })),
        );
        await store.completeRun(await leaseRun(store, experimentId), { result: { ...exampleResult, epochs: 9 } });
        const second = await leaseRun(store, experimentId);
        await store.appendHistory(second, [1, 2, 3].map(exampleEpoch));
        await store.pauseRun(second, 3);
        await store.requeueRuns(experimentId, [2]);
        const order = (epochs: number) => store.orderEpochs([1, 2, 3].map((runId) => ({ runId, epochs })));
        expect(await order(3)).toEqual([3]);
        expect(await order(4)).toEqual([2, 3]);
        expect((await allRuns(store)).map(({ params }) => params)).toEqual(
          ["9", "4", "4"].map((epochs) => [["epochs", epochs]]),
        );
      });

      test("only done runs can be trained further, and then none of the list is", async () => {
        await addRuns(3);
        await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult });
        await leaseRun(store, experimentId);
        for (const refused of [2, 3, 99]) {
          const continued = store.continueRuns(
            experimentId,
            [1, refused].map((runId) => ({ runId, epochs: 9 })),
          );
          await expect(continued).rejects.toMatchObject({ code: "STORE_RUN_STATE" });
        }
        expect(await store.earlierResults(1)).toEqual([]);
        expect((await store.countByStatus()).get("done")).toBe(1);
      });

      test("a failed run starts anew, in another experiment's queue", async () => {
        await addRuns(2);
        for (let attempt = 1; attempt <= maximumAttempts; attempt++) {
          await store.giveBackRun(await leaseRun(store, experimentId), { kind: "worker-died", detail: "exit code 1" });
        }
        const other = await store.createExperiment(exampleExperiment);
        await store.requeueRuns(other, [1, 2]);
        expect(await store.countByStatus(other)).toEqual(new Map([["pending", 2]]));
        expect(await onlyRun()).toMatchObject({ status: "pending", returnStatus: null });
        expect(await leaseRun(store, other)).toMatchObject({ runId: 1, attempt: 1, resumeEpoch: 0 });
      });

      test("running, done and unknown runs cannot be queued, and then none is", async () => {
        await addRuns(3);
        await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult });
        await store.failRun(await leaseRun(store, experimentId), "Error");
        await leaseRun(store, experimentId);
        for (const refused of [1, 3, 4]) {
          const queued = store.requeueRuns(experimentId, [2, refused]);
          await expect(queued).rejects.toMatchObject({ code: "STORE_RUN_STATE" });
        }
        expect((await allRuns(store)).map((run) => run.status)).toEqual(["done", "error", "running"]);
      });
    });

    describe("tags and notes", () => {
      test("are given and taken away, and go with their run", async () => {
        await addRuns(3);
        expect(await store.setTag("a", [1, 2], true)).toBe(2);
        expect(await store.setTag("a", [2, 3], true)).toBe(1);
        expect(await store.setTag("b", [2], true)).toBe(1);
        await expect(store.setTag("c", [1, 9], true)).rejects.toThrow("there is no run 9");
        expect(await store.tagCounts()).toEqual(
          new Map([
            ["a", 3],
            ["b", 1],
          ]),
        );
        expect(await store.setTag("a", [1], false)).toBe(1);
        expect(await store.setTag("a", [1], false)).toBe(0);
        expect(await store.runsTagged("a")).toEqual([2, 3]);
        expect(await store.setNote(2, "first")).toBe(false);
        expect(await store.setNote(2, "second")).toBe(true);
        await expect(store.setNote(9, "text")).rejects.toThrow("there is no run 9");
        const labels = async () => (await allRuns(store)).map(({ tags, note }) => [tags, note]);
        expect(await labels()).toEqual([
          [[], undefined],
          [["a", "b"], "second"],
          [["a"], undefined],
        ]);
        expect(await store.setNote(2, undefined)).toBe(true);
        expect(await store.setNote(2, undefined)).toBe(false);
        await store.setNote(3, "gone soon");
        await store.removeRuns([{ runId: 3, files: [] }]);
        expect(await store.runsTagged("a")).toEqual([2]);
        expect(await labels()).toEqual([
          [[], undefined],
          [["a", "b"], undefined],
        ]);
      });
    });

    describe("removing runs", () => {
      test("takes all or none, and keeps what they were", async () => {
        await addRuns(4);
        await store.completeRun(await leaseRun(store, experimentId), {
          result: { ...exampleResult, test_f1: 0.5 },
          history: [exampleEpoch(1)],
          artifacts: [{ kind: "model", path: "model_1", sizeBytes: 1 }],
        });
        await expect(
          store.removeRuns([
            { runId: 1, files: [] },
            { runId: 9, files: [] },
          ]),
        ).rejects.toThrow("there is no run 9, so it cannot be removed");
        expect(await store.runIds()).toEqual([1, 2, 3, 4]);
        expect(await store.history(1)).toHaveLength(1);
        const [first] = await allRuns(store, { runIds: [1] });
        await store.removeRuns([
          { runId: 1, files: ["model_1", "output_1.log"] },
          { runId: 4, files: [] },
        ]);
        expect(await store.runIds()).toEqual([2, 3]);
        expect([await store.history(1), await store.artifacts(1), await store.metricSummaries()]).toEqual([[], [], []]);
        expect(await store.countRemoved()).toBe(2);
        const removed = await Array.fromAsync(store.removedRuns());
        expect(removed).toMatchObject([
          {
            runId: 1,
            status: "done",
            description: first?.description,
            pipeline: first?.pipeline,
            params: first?.params,
            experimentId,
            identity: "identity 0",
            repetition: 0,
            isRestored: false,
          },
          { runId: 4, status: "pending", identity: "identity 3" },
        ]);
        expect(await store.removedRun(4)).toEqual(removed[1]);
        expect(await store.removedRun(2)).toBeUndefined();
        expect(await store.findRemoved(["identity 0", "identity 1"])).toEqual(new Set(["identity 0"]));
      });

      test("files are named until they are forgotten, but not those of runs that stay", async () => {
        await addRuns(2);
        for (let run = 0; run < 2; run++)
          await store.recordArtifacts(await leaseRun(store, experimentId), [
            { kind: "model", path: "same", sizeBytes: 1 },
          ]);
        await store.removeRuns([{ runId: 1, files: ["own", "same"] }]);
        expect(await store.removedFiles()).toEqual([{ runId: 1, path: "own" }]);
        await store.forgetRemovedFiles([{ runId: 1, path: "own" }]);
        expect(await store.removedFiles()).toEqual([]);
      });

      test("no id is given twice, and what is added again is no longer removed", async () => {
        await addRuns(3);
        await store.removeRuns([2, 3].map((runId) => ({ runId, files: [] })));
        const added = await store.addRuns(experimentId, [exampleRun({ identity: "identity 1" })]);
        expect(added.firstRunId).toBe(4);
        expect(await store.countRemoved()).toBe(1);
        expect((await store.removedRun(2))?.isRestored).toBe(true);
        await store.updateIdentities([[3, "another"]]);
        expect(await store.findRemoved(["identity 1", "identity 2", "another"])).toEqual(new Set(["another"]));
      });
    });

    describe("writers and readers", () => {
      test("a second writer is refused and told the first one's process id", async () => {
        await expect(site.openStore()).rejects.toMatchObject({ code: "STORE_CLAIMED" });
        await expect(site.openStore()).rejects.toThrow(String(process.pid));
        await addRuns(1);
        expect(await store.writer()).toMatchObject({ pid: process.pid, alive: true });
      });

      test("a claim ends with its store", async () => {
        await store.close();
        const reader = await site.openReader();
        expect(await reader.writer()).toBeUndefined();
        await reader.close();
        store = await site.openStore();
        expect(store.recoveredRuns).toBe(0);
      });

      test("runs that a writer left running are pending for the next one, at no cost", async () => {
        await addRuns(1);
        await leaseRun(store, experimentId);
        await store.close();
        store = await site.openStore();
        expect(store.recoveredRuns).toBe(1);
        expect(await leaseRun(store, experimentId)).toMatchObject({ runId: 1, attempt: 1 });
      });

      test("readers see what is committed, while the writer goes on", async () => {
        const readers = await Promise.all(Array.from({ length: 8 }, () => site.openReader()));
        await addRuns(3);
        for (const reader of readers) expect((await allRuns(reader)).length).toBe(3);
        const lease = await leaseRun(store, experimentId);
        await store.completeRun(lease, { result: exampleResult, history: [exampleEpoch(1)] });
        for (const reader of readers) {
          expect(await reader.countByStatus()).toEqual(await store.countByStatus());
          expect(await allRuns(reader, { withHistory: true })).toEqual(await allRuns(store, { withHistory: true }));
          await reader.close();
        }
      });

      test("a closed store says so, and closing twice is harmless", async () => {
        await store.close();
        await store.close();
        await expect(store.countByStatus()).rejects.toMatchObject({ code: "STORE_CLOSED" });
        await expect(store.setSystem("a", "b")).rejects.toMatchObject({ code: "STORE_CLOSED" });
        await expect(allRuns(store)).rejects.toMatchObject({ code: "STORE_CLOSED" });
      });
    });
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function numbers(...values: readonly number[]): Float64Array {
  return Float64Array.from(values);
}
