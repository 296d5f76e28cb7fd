import { readSafetensors } from "@ml-mosaic/tensor";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ConfigParts, config, data, net, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

async function train(database: string, parts: ConfigParts): Promise<void> {
  await workspace.write("config.ini", config(parts));
  const finished = await workspace.run("run", "config.ini", database);
  expect(finished.stderr).not.toContain("failed");
  expect(finished.code, finished.stderr).toBe(0);
}

const sections = { DATA: { ...data, size: 10 }, NET: { ...net, width: "2, 3" } };
const tenRuns: ConfigParts = { process: { epochs: 4 }, monitor: { multiplicity: 5 }, sections };

function historyOf(database: string, runId: number): readonly unknown[] {
  return workspace
    .history(database)
    .filter(({ run_id }) => run_id === runId)
    .map(({ run_id, ...epoch }) => epoch);
}

test("gives the same bits with the same seed, whatever the number of workers", async () => {
  await train("one.db", { ...tenRuns, monitor: { multiplicity: 5, nb_processus: 1 } });
  await train("two.db", { ...tenRuns, monitor: { multiplicity: 5, nb_processus: 2 } });
  const histories = workspace.history("one.db");
  expect(histories).toHaveLength(40);
  expect(workspace.history("two.db")).toEqual(histories);
  for (const runId of [1, 10]) {
    const weights = await Promise.all(
      ["one", "two"].map((name) => workspace.read(`.runs/${name}/model_Net_${runId}.safetensors`)),
    );
    expect(new Set(weights).size).toBe(1);
  }
});

test("gives other bits to other repetitions and to another seed", async () => {
  await train("zero.db", tenRuns);
  await train("seven.db", { ...tenRuns, process: { epochs: 4, seed: 7 } });
  const first = JSON.stringify(historyOf("zero.db", 1));
  const others = [
    ...[2, 3, 4, 5].map((runId) => historyOf("zero.db", runId)),
    ...[1, 2, 3, 4, 5].map((runId) => historyOf("seven.db", runId)),
  ];
  const texts = new Set([first, ...others.map((history) => JSON.stringify(history))]);
  expect(texts.size).toBe(10);
});

test("gives pipelines of one repetition the same data, order and initial values; a layer more changes nothing", async () => {
  // So small a step changes no float32: the saved weights are the initial ones.
  await train("or.db", {
    process: { lr: "1e-30", epochs: 3, optimizer: "SGD" },
    monitor: { multiplicity: 2 },
    sections: { DATA: { ...data, size: 10 }, NET: { ...net, width: 3, layers: "0, 1, 2" } },
  });
  const logOf = async (runId: number) =>
    (await workspace.read(`.runs/or/output_${runId}.log`))
      .split("\n")
      .filter((line) => line.startsWith("data ") || line.startsWith("order "));
  const initialOf = async (runId: number) => {
    const { tensors } = await readSafetensors(workspace.path(`.runs/or/model_Net_${runId}.safetensors`));
    return Object.fromEntries(Array.from(tensors, ([name, { data: values }]) => [name, Array.from(values, Number)]));
  };
  // Runs 1, 3 and 5 are the first repetition of 0, 1 and 2 hidden layers.
  const logs = await Promise.all([1, 3, 5].map(logOf));
  expect(logs[0]).toHaveLength(4);
  expect(new Set(logs[0]).size).toBe(4);
  expect(logs[1]).toEqual(logs[0]);
  expect(logs[2]).toEqual(logs[0]);
  expect(await logOf(2)).not.toEqual(logs[0]);

  const [none = {}, one = {}, two = {}] = await Promise.all([1, 3, 5].map(initialOf));
  expect(Object.keys(none).sort()).toEqual(["first.bias", "first.weight", "output.bias", "output.weight"]);
  for (const [name, values] of Object.entries(none)) {
    expect(one[name], name).toEqual(values);
    expect(two[name], name).toEqual(values);
  }
  expect(two["hidden.0.weight"]).toEqual(one["hidden.0.weight"]);
  expect(two["hidden.1.weight"]).not.toEqual(two["hidden.0.weight"]);
  const repeated = await initialOf(2);
  expect(repeated["first.weight"]).not.toEqual(none["first.weight"]);
});

test("does not let one stage's random numbers shift another's", async () => {
  await workspace.write(
    "drawing.ts",
    `import { rand } from "@ml-mosaic/tensor";
import { Data } from "./data.ts";
const draw = async (name: string) => console.log(name, String(await rand([3]).data()));
export class Drawing {
  constructor({ draws }: { draws: number }) { this.draws = draws; }
  draws: number;
  async prepare() { for (let turn = 0; turn < this.draws; turn++) await draw("first"); }
  info() { return {}; }
}
export class DrawingData extends Data {
  override async prepare(...args: [unknown, { seed: number }]) {
    await draw("second");
    return super.prepare(...args);
  }
}`,
  );
  await train("or.db", {
    process: { data_scheme: "first, data" },
    monitor: { multiplicity: 2 },
    sections: {
      FIRST: { type: "first", class: "Drawing", path_to_class: "./drawing.ts", draws: "1, 5" },
      DATA: { type: "data", class: "DrawingData", path_to_class: "./drawing.ts", size: 10 },
      NET: { ...net, width: 2, layers: 0 },
    },
  });
  const drawn = async (runId: number) =>
    (await workspace.read(`.runs/or/output_${runId}.log`)).split("\n").filter((line) => /^(first|second) /.test(line));
  // Runs 1 and 3 are the first repetition.
  const [one, five, repeated] = await Promise.all([1, 3, 2].map(drawn));
  expect(one).toHaveLength(2);
  expect(five).toHaveLength(6);
  expect(five?.at(0)).toBe(one?.at(0));
  expect(five?.at(-1)).toBe(one?.at(-1));
  expect(repeated?.at(-1)).not.toBe(one?.at(-1));
  expect(one?.at(-1)?.slice("second ".length)).not.toBe(one?.at(0)?.slice("first ".length));
  expect(historyOf("or.db", 3)).toEqual(historyOf("or.db", 1));
});
