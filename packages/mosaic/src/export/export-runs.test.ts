import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  exampleEpoch,
  exampleExperiment,
  exampleResult,
  exampleRun,
  leaseRun,
} from "../../test/store-conformance-examples.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { exportRuns } from "./export-runs.ts";

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = temporaryFolder("mosaic export ");
  store = await openSqliteStore(join(folder, "or.db"));
});
afterEach(async () => {
  await store.close();
});

const path = (name: string) => join(folder, name);
const exportTo = (name: string, signal = new AbortController().signal) =>
  exportRuns(store, path(name), { onRun: () => undefined, signal });

/** What tables get wrong: quotes, commas, line feeds, emoji, an option with the name of a column. */
const nasty = 'a "b", c\nd\r\n🧩';

async function fill(): Promise<void> {
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(experimentId, [
    exampleRun({ params: Object.entries({ Mlp_width: "2", text: nasty, epochs: "1e1", experiment: " x " }) }),
    exampleRun({ params: Object.entries({ Mlp_width: "3", text: "" }), repetition: 1 }),
  ]);
  const lease = await leaseRun(store, experimentId);
  await store.appendHistory(lease, [exampleEpoch(1)]);
  const result = { ...exampleResult, test_loss: Number.NaN };
  await store.completeRun(lease, { result, history: [exampleEpoch(2)], executor: "wasm", dataDigest: "data 1" });
}

const first = {
  run_id: 1,
  status: "done",
  experiment: 1,
  repetition: 0,
  seed: Number.MAX_SAFE_INTEGER,
  executor: "wasm",
  data_digest: "data 1",
  pipeline: "Mlp(2)",
  Mlp_width: 2,
  text: nasty,
  param_epochs: 10,
  param_experiment: " x ",
  train_loss: 0.1,
  train_acc: 100,
  test_acc: null,
  nb_params: 35,
  "duration(s)": 1.5,
  epochs: 2,
};
const second = {
  run_id: 2,
  status: "pending",
  repetition: 1,
  text: "",
  param_epochs: null,
  train_loss: null,
  epochs: null,
};

test("formulas of spreadsheets are text in CSV, numbers stay numbers", async () => {
  const experimentId = await store.createExperiment(exampleExperiment);
  const texts = ["=cmd|' /C calc'!A0", "+1+2", "-2+3", "@SUM(A1)", "\t=1", "-4", "+.5", "a=b"];
  await store.addRuns(
    experimentId,
    texts.map((text, repetition) => exampleRun({ params: [["text", text]], repetition })),
  );
  await exportTo("out.csv");
  const lines = (await readFile(path("out.csv"), "utf8")).split("\n").slice(1, -1);
  expect(lines.map((line) => line.split("Mlp(2),")[1]?.replace(/,+$/, ""))).toEqual([
    `"'=cmd|' /C calc'!A0"`,
    `"'+1+2"`,
    `"'-2+3"`,
    `"'@SUM(A1)"`,
    `"'\t=1"`,
    "-4",
    "+.5",
    "a=b",
  ]);
});

describe("export", () => {
  beforeEach(fill);

  test("to CSV", async () => {
    expect(await exportTo("out.csv")).toEqual({ runs: 2, epochs: 2, historyFile: path("out.history.csv") });
    expect(await readFile(path("out.csv"), "utf8")).toBe(
      "run_id,status,experiment,repetition,seed,executor,processors,data_digest,pipeline,Mlp_width,text,param_epochs,param_experiment," +
        "train_loss,test_loss,train_acc,test_acc,nb_params,duration(s),epochs,overfit,trainability,slope,tags,note\n" +
        '1,done,1,0,9007199254740991,wasm,,data 1,Mlp(2),2,"a ""b"", c\nd\r\n🧩",10," x ",' +
        "0.1,NaN,100,,35,1.5,2,NaN,inf,-inf,,\n" +
        '2,pending,1,1,9007199254740991,,,,Mlp(2),3,"",,,,,,,,,,,,,,\n',
    );
    expect(await readFile(path("out.history.csv"), "utf8")).toBe(
      "run_id,epoch,train_loss,test_loss,train_acc,test_acc,lr,seconds\n1,1,1,NaN,,inf,0.01,0.25\n1,2,0.5,NaN,,inf,0.01,0.25\n",
    );
  });

  test("to JSON", async () => {
    await exportTo("out.json");
    const rows: unknown = JSON.parse(await readFile(path("out.json"), "utf8"));
    expect(rows).toMatchObject([{ ...first, test_loss: "NaN", trainability: "Infinity", slope: "-Infinity" }, second]);
    const epochs: unknown = JSON.parse(await readFile(path("out.history.json"), "utf8"));
    expect(epochs).toMatchObject([{ run_id: 1, epoch: 1, test_loss: "NaN", test_acc: "Infinity" }, { epoch: 2 }]);
  });

  test("to Parquet", async () => {
    await exportTo("out.PARQUET");
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path("out.PARQUET")) });
    const whole = (row: object, ...names: readonly string[]) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          names.includes(name) && value !== null ? BigInt(value) : value,
        ]),
      );
    const wholes = ["run_id", "experiment", "repetition", "seed", "nb_params", "epochs"];
    expect(rows).toMatchObject([
      whole({ ...first, test_loss: Number.NaN, trainability: Infinity, slope: -Infinity }, ...wholes),
      whole(second, ...wholes),
    ]);
    const history = await parquetReadObjects({ file: await asyncBufferFromFile(path("out.history.PARQUET")) });
    expect(history).toMatchObject([
      { run_id: 1n, epoch: 1n, lr: 0.01, train_acc: null },
      { epoch: 2n, test_acc: Infinity },
    ]);
  });

  test.each(["out", "out.txt", ".csv", "out.csv.gz"])("to %s is refused", async (name) => {
    await expect(exportTo(name)).rejects.toThrow("must be one of .csv, .json, .parquet");
    expect(await readdir(folder)).not.toContain(name);
  });

  test("leaves everything as it was where it is stopped or cannot write", async () => {
    await writeFile(path("out.csv"), "old");
    await mkdir(path("out.history.csv"));
    const before = (await readdir(folder)).sort();
    await expect(exportTo("out.csv")).rejects.toThrow("out.history.csv cannot be written: it is a folder");
    await expect(exportTo("nowhere/out.csv")).rejects.toThrow("does not exist; make it first");
    await expect(exportTo("out.csv/out.csv")).rejects.toThrow("does not exist; make it first");
    await rm(path("out.history.csv"), { recursive: true });
    await store.addRuns(
      1,
      Array.from({ length: 200 }, () => exampleRun()),
    );
    for (const name of ["out.csv", "out.parquet"])
      await expect(exportTo(name, AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
    expect((await readdir(folder)).sort()).toEqual(before.filter((name) => name !== "out.history.csv"));
    expect(await readFile(path("out.csv"), "utf8")).toBe("old");
  });

  test.skipIf(process.getuid?.() === 0)("says where nothing may be written", async () => {
    await mkdir(path("locked"));
    await chmod(path("locked"), 0o500);
    await expect(exportTo("locked/out.csv")).rejects.toThrow("no permission to write in");
  });
});

test.each(["out.csv", "out.json", "out.parquet"])("a database without runs makes an empty %s", async (name) => {
  expect(await exportTo(name)).toMatchObject({ runs: 0, epochs: 0 });
  const text = await readFile(path(name), "utf8");
  if (name === "out.csv") expect(text.split("\n")).toHaveLength(2);
  if (name === "out.json") expect(JSON.parse(text)).toEqual([]);
  if (name === "out.parquet")
    expect(await parquetReadObjects({ file: await asyncBufferFromFile(path(name)) })).toEqual([]);
});

test("Parquet keeps all rows over several row groups", async () => {
  const experimentId = await store.createExperiment(exampleExperiment);
  const params = Array.from({ length: 500 }, (_, index) => [`p${index}`, String(index)] as const);
  await store.addRuns(
    experimentId,
    Array.from({ length: 900 }, () => exampleRun({ params })),
  );
  await exportTo("wide.parquet");
  const rows = await parquetReadObjects({
    file: await asyncBufferFromFile(path("wide.parquet")),
    columns: ["run_id", "p499"],
  });
  expect(rows).toHaveLength(900);
  expect(rows[899]).toMatchObject({ run_id: 900n, p499: 499 });
});
