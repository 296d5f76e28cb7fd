import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tQuantile } from "@ml-mosaic/statistics";
import { type BoardServer, openSqliteReader } from "ml-mosaic/reading";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSqliteStore } from "../../../mosaic/src/store/index.ts";
import type { Store } from "../../../mosaic/src/store/store.ts";
import {
  exampleEpoch,
  exampleExperiment,
  exampleResult,
  exampleRun,
  leaseRun,
} from "../../../mosaic/test/store-conformance-examples.ts";
import { bandsOfCells, decodeBandCells } from "../wire/band-cells.ts";
import type { Change } from "../wire/changes.ts";
import { decodeColumns } from "../wire/columns.ts";
import { decodeCurves } from "../wire/curves.ts";
import { decodeEpochTimes, epochTimes, secondsAt } from "../wire/epoch-times.ts";
import type { ExperimentInfo } from "../wire/experiment.ts";
import { groupRows } from "../wire/groups.ts";
import { readBoardColumns } from "./board-columns.ts";
import { startBoardServer } from "./board-server.ts";
import { exportedCurves } from "./export-curves.ts";
import { Follower } from "./follower.ts";

let folder: string;
let database: string;
let store: Store;
let experimentId: number;
let server: BoardServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-follow-"));
  database = join(folder, "or.db");
  store = await openSqliteStore(database);
  experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    ["1", "2", "3"].map((identity) => exampleRun({ identity })),
  );
  server = await startBoardServer({
    databases: [database],
    host: "127.0.0.1",
    port: 0,
    allowHosts: [],
    hasToken: false,
  });
});
afterAll(async () => {
  await server.close();
  await store.close();
  await rm(folder, { recursive: true });
});

interface Told {
  readonly id: string;
  readonly change: Change;
  readonly bytes: number;
}

/** Follows as a page does; `next` waits for a change that is as asked for. */
async function follow(headers: Readonly<Record<string, string>>, since = "") {
  const stop = new AbortController();
  const response = await fetch(`${server.address}api/changes${since}`, { headers, signal: stop.signal });
  const pieces = (response.body ?? new ReadableStream<Uint8Array>())
    .pipeThrough(new TextDecoderStream())
    [Symbol.asyncIterator]();
  const told: Told[] = [];
  let text = "";
  const read = async () => {
    const { value = "" } = await pieces.next();
    text += value;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const [, id = ""] = /^id: (.*)$/m.exec(event) ?? [];
      const [, data] = /^data: (.*)$/m.exec(event) ?? [];
      if (data !== undefined) told.push({ id, change: JSON.parse(data), bytes: event.length });
    }
  };
  return {
    async next(isWanted: (change: Change) => boolean): Promise<Told> {
      for (;;) {
        const at = told.findIndex(({ change }) => isWanted(change));
        const [found] = at < 0 ? [] : told.splice(0, at + 1).slice(-1);
        if (found !== undefined) return found;
        await read();
      }
    },
    told,
    stop: () => stop.abort(),
  };
}

async function columns() {
  return decodeColumns(await (await fetch(`${server.address}api/columns`)).arrayBuffer());
}

test("a page is told what is new: rows, epochs and counts, soon after it is in the store, and goes on where it broke off", async () => {
  const { cursor } = await columns();
  const page = await follow({}, `?since=${cursor}`);
  const lease = await leaseRun(store, experimentId);
  const started = await page.next(({ kind }) => kind === "rows");
  expect(started.change).toMatchObject({ ids: [1], values: { id: [1], status: ["running"], test_loss: [null] } });
  // Before the first epoch nobody knows what epochs have.
  await store.appendHistory(lease, [exampleEpoch(1)]);
  await page.next(({ kind }) => kind === "everything");
  const experiment: ExperimentInfo = JSON.parse(await (await fetch(`${server.address}api/experiment`)).text());
  expect(experiment.series.map(({ name }) => name)).toEqual(["train_loss", "test_loss", "test_acc", "lr"]);
  await store.appendHistory(lease, [exampleEpoch(2)]);
  const epochs = await page.next(({ kind }) => kind === "epochs");
  expect(epochs.change).toMatchObject({ run: 1, epochs: [2], seconds: [0.5] });
  expect(epochs.change).toHaveProperty("series.train_loss", [0.5]);
  expect(epochs.change).toHaveProperty("series.test_loss", ["NaN"]);
  // In proportion to what is new: nothing of the epochs before.
  await store.appendHistory(lease, [exampleEpoch(3)]);
  const third = await page.next(({ kind }) => kind === "epochs");
  expect(third.change).toMatchObject({ epochs: [3], seconds: [0.75] });
  const written = performance.now();
  await store.completeRun(lease, { result: exampleResult });
  const done = await page.next((change) => change.kind === "rows" && change.values.status?.[0] === "done");
  expect(performance.now() - written).toBeLessThan(5000);
  expect(done.change).toMatchObject({
    values: { test_loss: [0.30000000000000004], overfit: ["NaN"], trainability: ["Infinity"], test_acc: [null] },
  });
  await page.next((change) => change.kind === "counts" && change.counts.done === 1);
  page.stop();
  // Every figure that was told is the one that the columns have.
  const { columns: all } = await columns();
  for (const column of all) {
    if (done.change.kind !== "rows" || column.name === "finished") continue;
    const value = done.change.values[column.name]?.[0] ?? null;
    const stored =
      column.kind === "text"
        ? (column.texts[column.codes[0] ?? -1] ?? null)
        : column.missing?.[0] === 1
          ? null
          : column.values[0];
    expect([column.name, column.kind === "number" && value !== null ? Number(value) : value]).toEqual([
      column.name,
      stored,
    ]);
  }
  await store.setTag("good", [2], true);
  const again = await follow({ "last-event-id": done.id });
  const missed = await again.next((change) => change.kind === "rows");
  expect(missed.change).toMatchObject({ ids: [2], values: { tag: ["good"] } });
  again.stop();
});

test("a page of another board, and one that more has happened to than is worth telling, asks for all again", async () => {
  const stranger = await follow({ "last-event-id": "other-7" });
  expect((await stranger.next(() => true)).change).toEqual({ kind: "everything" });
  // An option that no run had before is another column.
  await store.addRuns(experimentId, [exampleRun({ identity: "4", params: [["Mlp_depth", "2"]] })]);
  expect((await stranger.next(({ kind }) => kind === "everything")).change).toEqual({ kind: "everything" });
  stranger.stop();
});

test("curves are drawn from few points that keep the lowest and the highest, and a band says of how many runs it is", async () => {
  for (let repetition = 0; repetition < 2; repetition++) {
    const lease = await leaseRun(store, experimentId);
    const epochs = Array.from({ length: 500 - 100 * repetition }, (_, index) => ({
      ...exampleEpoch(index + 1),
      trainLoss: index === 321 ? 99 : index === 123 ? Number.NaN : Math.sin(index) + repetition,
    }));
    await store.appendHistory(lease, epochs);
  }
  const ask = async (query: string) =>
    decodeCurves(await (await fetch(`${server.address}api/curves?series=train_loss&${query}`)).arrayBuffer());
  const { lines, runs } = await ask("where=status+%3D+running&x=epoch&pixels=50");
  expect([runs, lines.map(({ points }) => points)]).toEqual([2, [500, 400]]);
  const [line] = lines;
  expect(line?.x.length).toBeLessThanOrEqual(4 * 50 + 4);
  expect(Math.max(...Array.from(line?.y ?? []).filter(Number.isFinite))).toBe(99);
  expect(Array.from(line?.x ?? []).some((x, index) => x === 124 && Number.isNaN(line?.y[index]))).toBe(true);
  const { bands } = await ask("where=status+%3D+running&x=seconds&pixels=1000&by=status");
  const [band] = bands;
  expect([band?.group, band?.n[0], band?.n[123], band?.n.at(-1), band?.x[3]]).toEqual([["running"], 2, 2, 1, 1]);
  expect(band?.mean[0]).toBe(0.5);
  // Two values that differ by 1: half of t(0.975, 1) is 6.353.
  expect((band?.high[0] ?? 0) - (band?.mean[0] ?? 0)).toBeCloseTo(12.706 / 2, 2);
  expect(band?.low.at(-1)).toBeNaN();
});

test("an export has the bands of the server at the epochs that it keeps, and the times of all", async () => {
  const { rows, columns } = decodeColumns(await (await fetch(`${server.address}api/columns`)).arrayBuffer());
  const named = (name: string) => columns.filter((column) => column.name === name);
  const [ids] = named("id");
  const reader = await openSqliteReader(database);
  const runIds = ids?.kind === "number" ? ids.values : new Float64Array();
  const series = ["train_loss"];
  const exported = await exportedCurves(reader, runIds, { series, by: [...named("status"), ...named("Mlp_depth")] });
  await reader.close();
  const ask = async (query: string) =>
    decodeCurves(
      await (await fetch(`${server.address}api/curves?series=train_loss&x=seconds&pixels=1000&${query}`)).arrayBuffer(),
    );
  const cells = decodeBandCells(exported.cells.buffer);
  expect([cells.epochs.length, cells.epochs[0], cells.epochs.includes(400), cells.epochs.at(-1)]).toEqual([
    66,
    1,
    true,
    500,
  ]);
  const quantileOf = (degreesOfFreedom: number) => tQuantile(0.975, degreesOfFreedom);
  const bands = bandsOfCells(
    cells,
    groupRows(
      named("status"),
      Array.from({ length: rows }, (_, row) => row),
    ),
    {
      series,
      x: "seconds",
      quantileOf,
    },
  );
  const live = (await ask("by=status")).bands.find(({ group }) => group[0] === "running");
  const band = bands?.find(({ group }) => group[0] === "running");
  // The epoch that is NaN in both is none.
  const placeOf = (epoch: number) => epoch - (epoch > 124 ? 2 : 1);
  expect(band?.n).toEqual(Uint32Array.from(cells.epochs, (epoch) => live?.n[placeOf(epoch)] ?? 0));
  for (const name of ["x", "mean", "low", "high"] as const)
    for (const [place, epoch] of cells.epochs.entries()) {
      const wanted = live?.[name][placeOf(epoch)] ?? 0;
      const same = Number.isNaN(wanted) ? wanted : expect.closeTo(wanted, 4);
      expect([name, epoch, band?.[name][place]]).toEqual([name, epoch, same]);
    }
  // Of the two runs one alone: they are one cell, which cannot be divided.
  const one = [{ values: [], rows: Uint32Array.of(rows - 1) }];
  expect(
    bandsOfCells({ ...cells, cellOf: new Uint32Array(rows) }, one, { series, x: "epoch", quantileOf }),
  ).toBeUndefined();
  const times = decodeEpochTimes(exported.times.buffer);
  const { lines } = await ask("where=status+%3D+running");
  expect(lines).toHaveLength(2);
  for (const { run, x } of lines) {
    const shown = secondsAt(
      times.get(run) ?? epochTimes(new Float64Array(), new Float64Array()),
      x.map((_, place) => place + 1),
    );
    for (const [place, second] of x.entries()) expect(shown[place]).toBeCloseTo(second, 1);
  }
});

test("runs that could not be read when they had changed are not lost: pages ask for all again", async () => {
  const reader = await openSqliteReader(database);
  let fails = false;
  const follower = new Follower({
    reader,
    columns: async () => {
      if (fails) throw new Error("database is locked");
      return readBoardColumns(reader);
    },
    forget: () => undefined,
    forgetCurves: () => undefined,
    series: () => reader.series(),
  });
  await follower.catchUp();
  const told: Change[] = [];
  const stop = follower.listen(undefined, ({ change }) => told.push(change));
  await store.setNote(3, "seen");
  fails = true;
  await expect(follower.catchUp()).rejects.toThrow("database is locked");
  stop();
  expect(told).toContainEqual({ kind: "everything" });
  follower.close();
  await reader.close();
});

/** Of every run, in full. */
async function valuesOf(address: string) {
  const { rows, columns: all } = decodeColumns(await (await fetch(`${address}api/columns`)).arrayBuffer());
  return all.map((column) => [
    column.name,
    Array.from({ length: rows }, (_, row) => {
      if (column.kind === "text") return column.texts[column.codes[row] ?? -1] ?? null;
      return column.missing?.[row] === 1 ? null : column.values[row];
    }),
  ]);
}

test("columns that are kept up to date, and not read again, are those of the store", async () => {
  await store.addRuns(experimentId, [exampleRun({ identity: "5" }), exampleRun({ identity: "6" })]);
  await columns();
  await store.setNote(5, "a note");
  const lease = await leaseRun(store, experimentId);
  await store.appendHistory(lease, [exampleEpoch(1)]);
  await store.completeRun(lease, { result: { ...exampleResult, test_loss: -0.25 } });
  await columns();
  await store.addRuns(experimentId, [exampleRun({ identity: "7" })]);
  const anew = await startBoardServer({
    databases: [database],
    host: "127.0.0.1",
    port: 0,
    allowHosts: [],
    hasToken: false,
  });
  expect(await valuesOf(server.address)).toEqual(await valuesOf(anew.address));
  await anew.close();
});
