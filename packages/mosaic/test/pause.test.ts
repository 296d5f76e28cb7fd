import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  config,
  data,
  net,
  netModule,
  type Options,
  openWorkspace,
  processesGone,
  type Workspace,
  waitingDataModule,
} from "./workspace.ts";

const bin = join(import.meta.dirname, "../bin/mosaic.ts");

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace({ "data.ts": waitingDataModule });
});
afterEach(() => workspace.close());

/** Three runs, one after the other, which take a moment each; one for each width. */
async function write(
  dataOptions: Options = { delay: 1000 },
  process: Options = {},
  { folder = ".", width = "2, 3, 4" } = {},
): Promise<void> {
  await workspace.write(
    join(folder, "config.ini"),
    config({
      process,
      monitor: { nb_processus: 1 },
      sections: { DATA: { ...data, ...dataOptions }, NET: { ...net, width } },
    }),
  );
}

/** The experiment answers, and is at work on this run. */
const atWork = (runId: number, name = "or", folder = ".") =>
  until(
    () =>
      workspace.exists(join(folder, `.runs/${name}/output_${runId}.log`)) &&
      workspace.statuses(join(folder, `${name}.db`))[runId - 1] === "running",
    `run ${runId} to start`,
  );
/** Runs wait until the file `go` is there. */
const waiting = { class: "Waiting" };
const expectDone = (database: string) => expect(workspace.statuses(database)).toEqual(["done", "done", "done"]);

describe("pause", () => {
  test("waits for the running run, shows it, and writes what is left, which resume goes on with", async () => {
    await write(waiting);
    await workspace.write("go", "");
    expect((await workspace.run("run", "config.ini", "undisturbed.db")).code).toBe(0);
    await rm(workspace.path("go"));
    const running = workspace.start("run", "config.ini", "or.db");
    await atWork(1);
    const pausing = workspace.start("pause", "left over.json");
    await pausing.said("Waiting");
    await workspace.write("go", "");
    const paused = await pausing.finished;
    expect(paused).toMatchObject({ code: 0, stderr: "Waiting for 1 run: 1\n" });
    expect(paused.stdout).toBe("2 runs left, written to left over.json. To go on: mosaic resume 'left over.json'\n");
    expect((await running.finished).code).toBe(3);
    expect(workspace.statuses("or.db")).toEqual(["done", "pending", "pending"]);
    expect(JSON.parse(await workspace.read("left over.json"))).toMatchObject({
      database: "or.db",
      folder: ".",
      written_in: workspace.folder,
      PROCESS: { lr: "1e-2", epochs: "2" },
      MONITOR: { nb_processus: "1" },
      pipelines: ["3", "4"].map((width) => [{ class: "Waiting" }, { class: "Net", width, name: "NET" }]),
      run_ids: [2, 3],
    });

    const resumed = await workspace.runCommand("mosaic_resume", "left over.json", "--json");
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain(`Going on in ${workspace.path("or.db")}: 2 runs\n`);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ models: [{ runs: 1 }, { runs: 1 }] });
    expectDone("or.db");
    expect(workspace.history("or.db")).toEqual(workspace.history("undisturbed.db"));
    const again = await workspace.run("resume", "left over.json");
    expect(again).toMatchObject({ code: 0, stdout: "Nothing is left of left over.json: all its runs have ended.\n" });
    expectDone("or.db");
  });

  test("--now leaves a long epoch in the middle, and what comes of it is the same, bit for bit", async () => {
    // On WebAssembly an epoch would be over before the command comes to it.
    await write({ size: 8000, batch_size: 1 }, { epochs: 2, optimizer: "Adam", executor: "onnx" });
    expect((await workspace.run("run", "config.ini", "undisturbed.db")).code).toBe(0);
    const running = workspace.start("run", "config.ini", "or.db");
    await atWork(1);
    const log = workspace.path(".runs/or/output_1.log");
    await until(() => /^order /m.test(readFileSync(log, "utf8")), "the first epoch to begin");
    const paused = await workspace.run("pause", "left.json", "--now");
    expect(paused.code, paused.stderr).toBe(0);
    const first = await running.finished;
    expect(first.code).toBe(3);
    expect(first.stderr).toMatch(/run \d is paused after \d epochs?/);
    const statuses = workspace.statuses("or.db");
    expect(statuses).toContain("paused");
    expect((await workspace.run("status", "or.db")).stdout).toContain("1 paused");
    const resumed = await workspace.run("resume", "left.json");
    expect(resumed.code, resumed.stderr).toBe(0);
    expectDone("or.db");
    expect(workspace.history("or.db")).toEqual(workspace.history("undisturbed.db"));
    for (const runId of [1, 2, 3])
      expect(await workspace.read(`.runs/or/model_Net_${runId}.safetensors`)).toBe(
        await workspace.read(`.runs/undisturbed/model_Net_${runId}.safetensors`),
      );
  });

  test("--now and --continue: a paused run goes on from where it was", async () => {
    await write({ size: 20_000, batch_size: 1 }, { epochs: 4, executor: "onnx" }, { width: "2" });
    const running = workspace.start("run", "config.ini", "or.db");
    await until(() => workspace.query("or.db", "SELECT 1 FROM history WHERE run_id = 1").length > 0, "an epoch");
    expect((await workspace.run("pause", "left.json", "--now")).code).toBe(0);
    await running.finished;
    const log = await workspace.read(".runs/or/output_1.log");
    const finished = await workspace.run("run", "config.ini", "or.db", "--continue");
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stderr).toContain("1 unfinished taken up, 0 new");
    const whole = await workspace.read(".runs/or/output_1.log");
    expect(whole.startsWith(log)).toBe(true);
    expect(whole.match(/epoch 1\/4 /g)).toHaveLength(1);
  });

  test("says so when nothing is left, and writes no file", async () => {
    await write(waiting, {}, { width: "2" });
    const running = workspace.start("run", "config.ini", "or.db");
    await atWork(1);
    const pausing = workspace.start("pause", "left.json");
    await pausing.said("Waiting");
    await workspace.write("go", "");
    const paused = await pausing.finished;
    expect(paused).toMatchObject({ code: 0, stderr: "Waiting for 1 run: 1\n" });
    expect(paused.stdout).toBe(
      `All runs of ${workspace.path("or.db")} have ended; nothing is left, and no file is written.\n`,
    );
    expect((await running.finished).code).toBe(0);
    expect(workspace.exists("left.json")).toBe(false);
  });

  test("has nothing to pause where an experiment has crashed, or none was", async () => {
    await write();
    expect(await workspace.run("pause", "left.json")).toMatchObject({
      code: 2,
      stderr: "no experiment of yours is running; name the database with --db\n",
    });
    const running = workspace.start("run", "config.ini", "or.db");
    await atWork(1);
    running.kill("SIGKILL");
    await running.finished;
    expect(await workspace.run("pause", "left.json", "--db", "or.db")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("has crashed, so that there is nothing to pause; mosaic status"),
    });
    expect(await workspace.run("pause", "left.json", "--db", "other.db")).toMatchObject({
      code: 2,
      stderr: `no experiment is running in ${workspace.path("other.db")}\n`,
    });
    expect(workspace.exists("left.json")).toBe(false);
  });

  test("wants --db where two experiments run, and leaves the other one alone", async () => {
    await write(waiting);
    const one = workspace.start("run", "config.ini", "one.db");
    const two = workspace.start("run", "config.ini", "two.db");
    await Promise.all([atWork(1, "one"), atWork(1, "two")]);
    const unclear = await workspace.run("pause", "left.json");
    expect(unclear.code).toBe(2);
    expect(unclear.stderr).toContain("several experiments are running; say which one is meant:");
    expect(unclear.stderr).toContain(`\n  --db ${workspace.path("one.db")}`);
    const pausing = workspace.start("pause", "left.json", "--db", "one.db", "--now");
    await pausing.said("run");
    await workspace.write("go", "");
    const paused = await pausing.finished;
    expect(paused.code, paused.stderr).toBe(0);
    expect((await one.finished).code).toBe(3);
    expect((await two.finished).code).toBe(0);
    expectDone("two.db");
  });

  test("is refused before anything comes to rest where its file cannot be written, or is none of its own", async () => {
    await write(waiting);
    const running = workspace.start("run", "config.ini", "or.db");
    await atWork(1);
    await mkdir(workspace.path("folder"));
    for (const [target, why] of [
      ["nowhere/left.json", "does not exist; make it first"],
      ["folder", "it is a folder"],
      ["/dev/full", "not an ordinary file"],
      ["or.db", "it is there already, and only a .json file is replaced"],
      ["config.ini", "it is there already, and only a .json file is replaced"],
    ] as const)
      expect(await workspace.run("pause", target)).toMatchObject({ code: 2, stderr: expect.stringContaining(why) });
    await workspace.write("go", "");
    expect((await running.finished).code).toBe(0);
    expectDone("or.db");
  });

  test("that is interrupted, or whose file finds no room, says how to go on without it", async () => {
    await write(waiting);
    const running = workspace.start("run", "config.ini", "or.db");
    await atWork(1);
    // The limit on the size of files stands for a full disk.
    const full = workspace.startProgram("bash", [
      "-c",
      `ulimit -f 0; exec "$0" "$@"`,
      process.execPath,
      bin,
      "pause",
      "full.json",
    ]);
    const interrupted = workspace.start("pause", "left.json");
    await until(() => interrupted.stderr().includes("Waiting") && full.stderr().includes("Waiting"), "both to wait");
    interrupted.signalGroup("SIGINT");
    const goOn = `mosaic run ${workspace.path("config.ini")} ${workspace.path("or.db")} --continue`;
    const stopped = await interrupted.finished;
    expect(stopped.code, stopped.stderr).toBe(3);
    expect(stopped.stderr).toContain(
      `The experiment comes to rest all the same, but left.json is not written. To go on when it has:\n  ${goOn}\n`,
    );
    await workspace.write("go", "");
    const failed = await full.finished;
    expect(failed.code, failed.stderr).toBe(3);
    expect(failed.stderr).toContain("full.json cannot be written");
    expect(failed.stderr).toContain(
      `The experiment is paused all the same, and nothing is lost. To go on without the file:\n  ${goOn}\n`,
    );
    expect((await running.finished).code).toBe(3);
    expect((await workspace.list(".")).filter((name) => name.includes("left") || name.includes("full"))).toEqual([]);
    expect((await workspace.run("run", "config.ini", "or.db", "--continue")).code).toBe(0);
    expectDone("or.db");
  });
});

test("an experiment that cannot be reached says so, and runs", async () => {
  await write({ delay: 0 });
  const long = join(workspace.runtime, "x".repeat(100));
  await mkdir(long);
  const program = ["-c", `XDG_RUNTIME_DIR=${long} exec "$0" "$@"`, process.execPath, bin, "run", "config.ini", "or.db"];
  const finished = await workspace.startProgram("bash", program).finished;
  expect(finished.code, finished.stderr).toBe(0);
  expect(finished.stderr).toMatch(
    /is too long for a socket; set XDG_RUNTIME_DIR to a shorter path\. The experiment runs, but mosaic pause will not reach it\.\n/,
  );
  expectDone("or.db");
});

describe("resume", () => {
  /** An experiment with one run done and two left. */
  async function pauseSome(): Promise<Record<string, unknown>> {
    await write(waiting);
    const running = workspace.start("run", "config.ini", "or.db");
    await atWork(1);
    const pausing = workspace.start("pause", "left.json");
    await pausing.said("Waiting");
    await workspace.write("go", "");
    expect((await pausing.finished).code).toBe(0);
    await running.finished;
    return JSON.parse(await workspace.read("left.json"));
  }

  test("refuses what was tampered with or is no such file, and nothing changes", async () => {
    const left = await pauseSome();
    const statuses = workspace.statuses("or.db");
    expect(statuses.filter((status) => status === "pending").length).toBeGreaterThan(0);
    const runIds = left.run_ids as number[];
    const [pipeline = []] = left.pipelines as Record<string, string>[][];
    const other = pipeline.map((entry) => (entry.class === "Net" ? { ...entry, width: "77" } : entry));
    const rest = (left.pipelines as unknown[]).slice(1);
    await workspace.run("generate", "config.ini", "generated.json");
    await workspace.write("other.db", "");
    execFileSync("bash", ["-c", "mkfifo pipe.json"], { cwd: workspace.folder });
    const tampered: readonly (readonly [string, unknown, string])[] = [
      ["another pipeline", { ...left, pipelines: [other, ...rest] }, "is another one there"],
      ["another folder", { ...left, folder: "/etc" }, "not from /etc"],
      ["another database", { ...left, database: workspace.path("other.db") }, "is empty"],
      ["a database that is not there", { ...left, database: "/nowhere/or.db" }, "was it moved?"],
      ["another run", { ...left, run_ids: [99, ...runIds.slice(1)] }, "there is no run 99"],
      ["too few runs", { ...left, run_ids: [] }, "each pipeline has one"],
      ["a run that is text", { ...left, run_ids: ["1"] }, '"run_ids" must be a list of ids of runs'],
      ["too many processes", { ...left, MONITOR: { nb_processus: "-3" } }, "[MONITOR]"],
      ["a number for MONITOR", { ...left, MONITOR: 3 }, "PROCESS and MONITOR must be objects of texts"],
      ["nothing", {}, 'it has no "database" and "folder"'],
      ["a text", "left", 'it has no "database" and "folder"'],
    ];
    for (const [name, content, message] of tampered) {
      await workspace.write(`${name}.json`, JSON.stringify(content));
      const finished = await workspace.run("resume", `${name}.json`);
      expect({ name, code: finished.code, stdout: finished.stdout }).toEqual({ name, code: 2, stdout: "" });
      expect(finished.stderr, name).toContain(message);
      expect(finished.stderr, name).not.toMatch(/\n +at /);
    }
    await workspace.write("half.json", (await workspace.read("left.json")).slice(0, 300));
    for (const [file, message] of [
      ["generated.json", "it is a list of pipelines, as mosaic generate writes it"],
      ["half.json", "it is no JSON"],
      ["config.ini", "it is no JSON"],
      ["pipe.json", "it is no file"],
      [".", "it is no file"],
      ["nowhere.json", "it cannot be read"],
      ["/dev/zero", "it is no file"],
    ] as const) {
      const finished = await workspace.run("resume", file);
      expect({ file, code: finished.code, stdout: finished.stdout }).toEqual({ file, code: 2, stdout: "" });
      expect(finished.stderr, file).toContain(message);
    }
    expect(workspace.statuses("or.db")).toEqual(statuses);
    expect(workspace.query("or.db", "SELECT count(*) AS n FROM experiments")).toEqual([{ n: 1 }]);
  });

  test("is never robbed of its file by another pause, and passes over what was removed meanwhile", async () => {
    const runIds = (await pauseSome()).run_ids as number[];
    await rm(workspace.path("go"));
    const second = workspace.start("run", "config.ini", "second.db");
    await atWork(1, "second");
    const refused = await workspace.run("pause", "left.json", "--now");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      new RegExp(
        `left.json names ${runIds.length} runs? of .*or.db that waits? for mosaic resume left.json; name another file`,
      ),
    );
    second.kill("SIGTERM");
    await second.finished;
    await workspace.write("go", "");
    await workspace.run("remove", "or.db", "-id", String(runIds[0]), "--yes");
    const resumed = await workspace.run("resume", "left.json");
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain("1 run of left.json removed since");
    expect(new Set(workspace.statuses("or.db"))).toEqual(new Set(["done"]));
  });

  test("finds the database of a project that was moved, and of a file that was", async () => {
    await mkdir(workspace.path("project"));
    for (const name of ["data.ts", "net.ts"]) await rename(workspace.path(name), workspace.path(`project/${name}`));
    await write({}, { epochs: 1_000_000 }, { folder: "project" });
    const running = workspace.start("run", "project/config.ini", "project/or.db");
    await atWork(1, "or", "project");
    expect((await workspace.run("pause", "project/left.json", "--now")).code).toBe(0);
    await running.finished;
    const left: Record<string, unknown> = JSON.parse(await workspace.read("project/left.json"));
    expect(left).toMatchObject({ database: "or.db", folder: ".", written_in: workspace.path("project") });
    const earlier = { ...left, database: workspace.path("project/or.db"), folder: workspace.path("project") };
    const goesOn = async (file: string, database: string) => {
      const resuming = workspace.start("resume", file);
      await until(() => workspace.statuses(database).includes("running"), `${file} to be taken`);
      resuming.kill("SIGTERM");
      const { code, stderr } = await resuming.finished;
      expect({ code, stderr }).toEqual({
        code: 3,
        stderr: expect.stringContaining(`Going on in ${workspace.path(database)}: 3 runs`),
      });
    };
    await rename(workspace.path("project/left.json"), workspace.path("left.json"));
    await goesOn("left.json", "project/or.db");
    await rename(workspace.path("left.json"), workspace.path("project/left.json"));
    await rename(workspace.path("project"), workspace.path("moved"));
    await goesOn("moved/left.json", "moved/or.db");
    await workspace.write("moved/earlier.json", JSON.stringify({ ...earlier, written_in: undefined }));
    await goesOn("moved/earlier.json", "moved/or.db");
  });

  test("leaves alone what was done meanwhile, takes rekeyed runs, and reports a changed module", async () => {
    const left = await pauseSome();
    const [first = 0] = left.run_ids as number[];
    expect((await workspace.run("rerun", "config.ini", "or.db", "-id", String(first))).code).toBe(0);
    const text = await workspace.read("config.ini");
    await workspace.write("keys.ini", text.replace("key = NET", "key = net_{width}"));
    await workspace.run("generate", "keys.ini", "keys.json");
    expect((await workspace.run("rekey", "keys.json", "or.db")).code).toBe(0);
    await workspace.write("net.ts", `${netModule}\n// changed`);
    const before = workspace.history("or.db").length;
    const resumed = await workspace.run("resume", "left.json", "--accept-code");
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain("1 run of left.json done since\n");
    expect(resumed.stderr).toContain("./net.ts has changed since run");
    expectDone("or.db");
    expect(workspace.history("or.db").length).toBe(6);
    expect(before).toBe(4);
    expect(await processesGone(workspace.folder)).toEqual([]);
  });
});
