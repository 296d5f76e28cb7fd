import { join } from "node:path";
import { ConfigurationError, type Type } from "@ml-mosaic/configurable";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exampleExperiment, exampleResult, exampleRun, leaseRun } from "../../test/store-conformance-examples.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { selectRuns } from "./select-runs.ts";
import { runIds, runsByValue, type Selector } from "./selector.ts";

let folder: string;
let store: Store;

beforeAll(async () => {
  folder = temporaryFolder();
  store = await openSqliteStore(join(folder, "or.db"));
  const experimentId = await store.createExperiment(exampleExperiment);
  const widths = ["2", "3", "4", "4", "wide"];
  await store.addRuns(
    experimentId,
    widths.map((width) => exampleRun({ params: Object.entries({ Mlp_width: width, epochs: "50" }) })),
  );
  for (const test_loss of [0.5, Number.NaN, 0.1])
    await store.completeRun(await leaseRun(store, experimentId), { result: { ...exampleResult, test_loss } });
});
afterAll(async () => {
  await store.close();
});

const select = (selector: Selector) => selectRuns(store, selector);

/** @throws where the type refuses it */
function read(type: Type<Selector>, written: unknown): Selector {
  const reading = type.read(written, { text: true });
  if (!reading.ok) throw new ConfigurationError(reading.problems);
  return reading.value;
}

const parseIds = (text: string) => read(runIds, text);
const valueSelector = (comparison: "equal" | "at-most" | "at-least", name: string, value: string) =>
  read(runsByValue(comparison), [name, value]);

describe("ids", () => {
  test.each([
    ["1", [1]],
    ["2-4", [2, 3, 4]],
    ["4,1, 2 - 3", [4, 1, 2, 3]],
    ["1,1-2,2", [1, 2]],
    ["4-5", [4, 5]],
    ["all", [1, 2, 3, 4, 5]],
  ])("%s", async (text, ids) => expect(await select(parseIds(text))).toEqual(ids));

  test.each(["", "1,", "a", "-1", "1-", "3-1", "1.5", "1;2", "99999999999999999999"])("'%s' is refused", (text) => {
    expect(() => parseIds(text)).toThrow("expected ids such as 1, 1-3 or 1,4,7-9, or all");
  });

  test("that no run has are said", async () => {
    await expect(select(parseIds("1,9"))).rejects.toThrow("there is no run 9; the database has runs 1 to 5");
    await expect(select(parseIds("7-8"))).rejects.toThrow("there is no run from 7 to 8; the");
    await expect(select(parseIds("4-9007199254740991,0,7"))).rejects.toThrow(
      "there is no run from 6 to 9007199254740991, 0, 7; the database has runs 1 to 5",
    );
  });
});

describe("values", () => {
  test.each([
    ["equal", "Mlp_width", "4.0", [3, 4]],
    ["equal", "Mlp_width", "wide", [5]],
    ["at-most", "Mlp_width", "3", [1, 2]],
    ["at-least", "Mlp_width", "3", [2, 3, 4]],
    ["at-least", "Mlp_width", "-inf", [1, 2, 3, 4]],
    ["equal", "test_loss", "nan", [2]],
    ["at-most", "test_loss", "0.5", [1, 3]],
    ["at-most", "epochs", "10", [1, 2, 3]],
    ["equal", "epochs", "50", [4, 5]],
    ["at-least", "duration(s)", "1.5", [1, 2, 3]],
  ] as const)("%s %s %s", async (comparison, name, value, ids) => {
    expect(await select(valueSelector(comparison, name, value))).toEqual(ids);
  });

  test("no match is said, an unknown name with the known ones", async () => {
    await expect(select(valueSelector("at-most", "Mlp_width", "1"))).rejects.toThrow(
      "no run has a Mlp_width at or below 1",
    );
    await expect(select(valueSelector("equal", "Mlp_widht", "2"))).rejects.toThrow(
      /no run has a "Mlp_widht"\. Known names, the nearest first: Mlp_width, .*test_loss/,
    );
    expect(() => valueSelector("at-least", "Mlp_width", "wide")).toThrow(
      "expected a name and a number, got [ 'Mlp_width', 'wide' ]",
    );
    expect(() => valueSelector("at-least", "Mlp_width", "")).toThrow("expected a name and a number");
  });
});

describe("a request", () => {
  const request = (sql: string) => select({ kind: "request", sql });

  test("keeps its order, each run once", async () => {
    expect(await request("SELECT run_id FROM run_results ORDER BY test_loss")).toEqual([3, 1, 2]);
    expect(await request("SELECT run_id FROM params ORDER BY run_id DESC LIMIT 4")).toEqual([5, 4]);
  });

  test("must give runs", async () => {
    await expect(request("SELECT run_id FROM runs WHERE 0")).rejects.toThrow("the request gives no run");
    await expect(request("SELECT nb_params FROM run_results")).rejects.toThrow("gives 35, which is no run's id");
    await expect(request("DROP TABLE runs")).rejects.toThrow("the request is refused");
  });
});
