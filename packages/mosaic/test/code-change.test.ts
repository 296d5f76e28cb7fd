import { DatabaseSync } from "node:sqlite";
import { until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { evaluationSample } from "../src/inspect/evaluation-sample.ts";
import { openSqliteReader } from "../src/store/index.ts";
import { childrenOf, config, data, dataModule, net, netModule, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;

const changed = `${netModule}\n// changed`;

beforeEach(async () => {
  workspace = await openWorkspace();
  await workspace.write(
    "config.ini",
    config({
      process: { epochs: 200_000 },
      monitor: { nb_processus: 1 },
      sections: { DATA: data, NET: { ...net, width: "2, 3" } },
    }),
  );
});
afterEach(() => workspace.close());

/** Shorter runs of the same identities. */
const shorten = async () =>
  workspace.write("config.ini", (await workspace.read("config.ini")).replace("epochs = 200000", "epochs = 2"));
const atWork = () =>
  until(
    () => workspace.query("or.db", "SELECT 1 FROM history WHERE run_id = 1 LIMIT 1").length > 0,
    "the first run to train",
  );
const identities = () => workspace.query("or.db", "SELECT identity FROM run_details ORDER BY run_id");

test("a worker that comes after a change trains nothing: the experiment stops and names the file", async () => {
  const running = workspace.start("run", "config.ini", "or.db");
  await atWork();
  await workspace.write("net.ts", changed);
  for (const pid of childrenOf(running.pid)) process.kill(pid, "SIGKILL");
  const { code, stderr } = await running.finished;
  expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining("net.ts has changed since its runs") });
  expect(stderr).toContain("Put the text back");
  expect(stderr).toContain("mosaic run config.ini or.db --continue");
  expect(workspace.statuses("or.db")).toEqual(["pending", "pending"]);
  await workspace.write("net.ts", netModule);
  const going = workspace.start("run", "config.ini", "or.db", "--continue");
  await until(() => going.stderr().includes("0 runs done before, 2 unfinished taken up, 0 new"), "the runs to go on");
  going.signalGroup("SIGTERM");
  await going.finished;
});

test("a run that was paused goes on with another text only when that is accepted, and is then like no other", async () => {
  const running = workspace.start("run", "config.ini", "or.db");
  await atWork();
  expect((await workspace.run("pause", "left.json", "--now")).code).toBe(0);
  expect((await running.finished).code).toBe(3);
  const before = identities();
  await workspace.write("net.ts", changed);
  const refused = await workspace.run("resume", "left.json");
  expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 2, stdout: "" });
  expect(refused.stderr).toContain("./net.ts has changed since runs 1-2 began");
  expect(refused.stderr).toContain("--accept-code");
  expect(workspace.statuses("or.db")).toEqual(["paused", "pending"]);
  expect(identities()).toEqual(before);

  const accepted = workspace.start("resume", "left.json", "--accept-code");
  await until(() => accepted.stderr().includes("comparable with no other run"), "the change to be told");
  await until(() => workspace.statuses("or.db")[0] === "running", "the run to go on");
  accepted.signalGroup("SIGTERM");
  await accepted.finished;
  const after = identities();
  // The first has two texts, the second has trained nothing yet.
  await shorten();
  await workspace.run("run", "config.ini", "new.db");
  const plain = workspace.query("new.db", "SELECT identity FROM run_details ORDER BY run_id");
  expect(after[1]).toEqual(plain[1]);
  expect([before[0], plain[0]]).not.toContainEqual(after[0]);
});

test("what a file keeps in its variables lasts one run", async () => {
  await workspace.write(
    "counting.ts",
    `import { Net } from "./net.ts";
let made = 0;
export class Counting extends Net {
  constructor(options: never) { super(options); console.log("made", ++made); }
}`,
  );
  await workspace.write(
    "config.ini",
    config({
      monitor: { nb_processus: 1 },
      sections: {
        DATA: data,
        NET: { ...net, class: "Counting", path_to_class: "./counting.ts", width: "2, 3, 4", layers: 0 },
      },
    }),
  );
  expect((await workspace.run("run", "config.ini", "or.db")).code).toBe(0);
  for (const runId of [1, 2, 3]) expect(await workspace.read(`.runs/or/output_${runId}.log`)).toContain("made 1\n");
  // The snapshot says which texts it is of.
  const snapshot = await workspace.read(".runs/or/snapshot_1.safetensors");
  expect(snapshot).toMatch(/"CODE":"\{.*counting\.ts.*net\.ts/);
});

test("a sample is one that the run was evaluated on, or is refused", async () => {
  await shorten();
  expect((await workspace.run("run", "config.ini", "or.db")).code).toBe(0);
  const sample = async () => {
    const reader = await openSqliteReader(workspace.path("or.db"));
    try {
      return await evaluationSample(reader, 1, 7);
    } finally {
      await reader.close();
    }
  };
  const { features, target } = await sample();
  expect([features.map(({ shape }) => shape), target?.shape]).toEqual([[[2]], [1]]);
  const digest = (value: string | null) => {
    const database = new DatabaseSync(workspace.path("or.db"));
    database.prepare("UPDATE run_details SET data_digest = ?").run(value);
    database.close();
  };
  digest("of others");
  await expect(sample()).rejects.toThrow("the data of run 1 are no longer those that it was evaluated on");
  // Where nothing is known of the data themselves, their module's text tells.
  digest(null);
  await sample();
  await workspace.write("net.ts", changed);
  await sample();
  await workspace.write("data.ts", `${dataModule}\n// changed`);
  await expect(sample()).rejects.toThrow("./data.ts has another text than when run 1 was evaluated");
});
