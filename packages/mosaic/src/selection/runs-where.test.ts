import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exampleExperiment, exampleResult, exampleRun, leaseRun } from "../../test/store-conformance-examples.ts";
import { parseCondition } from "../conditions/index.ts";
import { openSqliteStore, type Store } from "../store/index.ts";
import { selectRuns } from "./select-runs.ts";

let store: Store;

/** Runs 1 to 3 are done, 4 has failed, 5 and 6 wait; 6 is of another network. */
beforeAll(async () => {
  store = await openSqliteStore(join(temporaryFolder(), "or.db"));
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    ["2", "4", "4.0", "wide", "8"].map((depth) => withDepth("mlp", "Mlp", "BRICK", depth)),
  );
  await store.addRuns(experimentId, [withDepth("cnn", "Cnn", undefined, "4")]);
  for (const [test_loss, test_f1] of [
    [0.5, 0.9],
    [Number.NaN, 0.8],
    [0.1, 0.7],
  ] as const)
    await store.completeRun(await leaseRun(store, experimentId), { result: { ...exampleResult, test_loss, test_f1 } });
  await store.failRun(await leaseRun(store, experimentId), "it failed");
  await store.setTag("best", [3], true);
  await store.setTag("base line", [1, 3, 5], true);
  await store.setNote(2, "look again");
});
afterAll(() => store.close());

function withDepth(type: string, className: string, section: string | undefined, depth: string) {
  const module = { type, className, path: "./net.ts", key: `${type}_key`, options: { depth } };
  return exampleRun({
    pipeline: { modules: [section === undefined ? module : { ...module, section }], training: {} },
    params: [
      [`${className}_depth`, depth],
      ["lr", "1e-2"],
      ["epochs", "50"],
    ],
  });
}

function where(text: string) {
  const parsed = parseCondition(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return selectRuns(store, { kind: "where", condition: parsed.condition });
}

describe("selects by", () => {
  test.each([
    ["status = error", [4]],
    ["status in (done, error)", [1, 2, 3, 4]],
    ["not status = done", [4, 5, 6]],
    ["id > 2 and id <= 4", [3, 4]],
    ["mlp.depth = 4", [2, 3]],
    ["BRICK.depth >= 4", [2, 3, 5]],
    ["Mlp.depth = wide", [4]],
    ["mlp.depth != 4", [1, 4, 5]],
    ["cnn.depth = 4 or mlp.depth = 8", [5, 6]],
    ["mlp.key = mlp_key", [1, 2, 3, 4, 5]],
    ["mlp.class = Mlp", [1, 2, 3, 4, 5]],
    ["BRICK.class != Mlp or cnn.class in (Cnn)", [6]],
    ["depth = 4", [2, 3, 6]],
    ["Mlp_depth = 4", [2, 3]],
    ["lr = 0.01", [1, 2, 3, 4, 5, 6]],
    ["PROCESS.lr < 0.1 and id = 1", [1]],
    ["test_loss > 0.2", [1]],
    ["test_loss <= 0.5", [1, 3]],
    ["test_loss = nan", [2]],
    ["f1 > 0.75", [1, 2]],
    ["test_f1 in (0.70, 9e-1)", [1, 3]],
    ["epochs = 2", [1, 2, 3]],
    ["epochs = 50", [4, 5, 6]],
    ["PROCESS.epochs = 50", [1, 2, 3, 4, 5, 6]],
    ["optimizer = adam", [1, 2, 3, 4, 5, 6]],
    ["PROCESS.optimizer = 'ADAM(eps=1e-8)' and scheduler = none", [1, 2, 3, 4, 5, 6]],
    ["optimizer = SGD or optimizer.eps > 1e-8 or id = 3", [3]],
    ["'duration(s)' = 1.5", [1, 2, 3]],
    ["tag = best", [3]],
    ["tag = 'base line' and tag != best", [1, 5]],
    ["tag in (best, 'base line')", [1, 3, 5]],
    ["tag not in (best, 'base line')", [2, 4, 6]],
    ["tag = None", [2, 4, 6]],
    ["tag != None", [1, 3, 5]],
    ["note = 'look again'", [2]],
    ["note != None", [2]],
    ["status = done and mlp.depth > 2 and test_loss <= 0.1", [3]],
  ])("%s", async (text, ids) => expect(await where(text)).toEqual(ids));
});

describe("refuses", () => {
  test.each([
    ["mlp.dept = 4", '--where: "mlp.dept" at character 1 is not known. Did you mean "mlp.depth"?'],
    ["BRICK.dpeth = 4", '--where: "BRICK.dpeth" at character 1 is not known. Did you mean "BRICK.depth"?'],
    ["statsu = done", '--where: "statsu" at character 1 is not known. Did you mean "status"?'],
    ["test_los > 1", '--where: "test_los" at character 1 is not known. Did you mean "test_loss"?'],
    ["test_f2 > 1", '--where: "test_f2" at character 1 is not known. Did you mean "test_f1"?'],
    ["tags = best", '--where: "tags" at character 1 is not known. Did you mean "tag"?'],
    ["Mlp_dept = 1", '--where: "Mlp_dept" at character 1 is not known. Did you mean "Mlp_depth"?'],
    [
      "statsu = done and test_los > 1",
      '--where: "statsu" at character 1 is not known. Did you mean "status"?\n--where: "test_los" at character 19 is not known. Did you mean "test_loss"?',
    ],
    ["id = 1 or tag < 1", '--where: "tag" at character 11 has no order. Compare it with =, != or in.'],
    ["tag >= 3", '--where: "tag" at character 1 has no order. Compare it with =, != or in.'],
    ["status = failed", "no run meets the condition of --where"],
    ["mlp.depth > 100", "no run meets the condition of --where"],
    ["tag = worst", "no run meets the condition of --where"],
  ])("%s", async (text, message) => {
    const told = await where(text).then(String, (error) => error.message);
    expect(told).toBe(message);
  });
});

test("20,000 runs take no longer than looking at each", async () => {
  const many = await openSqliteStore(join(temporaryFolder(), "many.db"));
  const experimentId = await many.createExperiment(exampleExperiment);
  await many.addRuns(
    experimentId,
    Array.from({ length: 20_000 }, (_, index) => withDepth("mlp", "Mlp", "BRICK", String(index % 100))),
  );
  const parsed = parseCondition("status = pending and BRICK.depth > 97 and lr = 0.01 and not tag = best");
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const { user: before } = process.cpuUsage();
  expect(await selectRuns(many, { kind: "where", condition: parsed.condition })).toHaveLength(400);
  // Of the processor it takes a twentieth of that.
  expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(10);
  await many.close();
});
