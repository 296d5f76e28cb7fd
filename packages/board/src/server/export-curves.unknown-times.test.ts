/** Runs of which it is not known how long an epoch took. */
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { openSqliteReader, type StoreReader } from "ml-mosaic/reading";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSqliteStore } from "../../../mosaic/src/store/index.ts";
import {
  exampleEpoch,
  exampleExperiment,
  exampleRun,
  leaseRun,
} from "../../../mosaic/test/store-conformance-examples.ts";
import { bandsOfCells, decodeBandCells } from "../wire/band-cells.ts";
import { decodeEpochTimes, secondsAt } from "../wire/epoch-times.ts";
import { bandsOf } from "./curves.ts";
import { exportedCurves } from "./export-curves.ts";

const series = ["train_loss"];
let reader: StoreReader;

/** The second of two runs does not say how long its third epoch took. */
beforeAll(async () => {
  const database = join(temporaryFolder(), "or.db");
  const store = await openSqliteStore(database);
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    ["1", "2"].map((identity) => exampleRun({ identity })),
  );
  for (const unknown of [0, 3]) {
    const lease = await leaseRun(store, experimentId);
    const epochs = [1, 2, 3, 4].map(exampleEpoch);
    await store.appendHistory(
      lease,
      epochs.map((each) => (each.epoch === unknown ? { ...each, seconds: Number.NaN } : each)),
    );
  }
  await store.close();
  reader = await openSqliteReader(database);
});
afterAll(() => reader.close());

test("an export keeps the times before it", async () => {
  const { times } = await exportedCurves(reader, Float64Array.of(1, 2), { series, by: [] });
  const of = decodeEpochTimes(times.buffer);
  const epochs = Float32Array.of(1, 2, 3, 4);
  const shown = [1, 2].map((run) => {
    const ofRun = of.get(run);
    return ofRun && [...secondsAt(ofRun, epochs)];
  });
  expect(shown).toEqual([
    [0.25, 0.5, 0.75, 1],
    [0.25, 0.5, Number.NaN, Number.NaN],
  ]);
});

test("bands over time are at the times of the other runs", async () => {
  const wishes = { series, x: "seconds", pixels: 100 } as const;
  const groups = [{ values: [], rows: Uint32Array.of(0, 1) }];
  const [live] = await bandsOf(
    (ids, names, times) => reader.curves(ids, names, 0, times),
    groups,
    (row) => row + 1,
    wishes,
  );
  const { cells } = await exportedCurves(reader, Float64Array.of(1, 2), { series, by: [] });
  const [kept] = bandsOfCells(decodeBandCells(cells.buffer), groups, { ...wishes, quantileOf: () => 1 }) ?? [];
  for (const band of [live, kept]) {
    expect([...(band?.x ?? [])]).toEqual([0.25, 0.5, 0.75, 1]);
    expect([...(band?.n ?? [])]).toEqual([2, 2, 2, 2]);
  }
});
