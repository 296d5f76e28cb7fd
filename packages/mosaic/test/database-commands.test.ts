import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { config, data, net, netModule, openWorkspace, type Workspace } from "./workspace.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
const controls = /[\u001b\r]/;
const bin = join(import.meta.dirname, "../bin/mosaic.ts");
const control = JSON.stringify(join(import.meta.dirname, "../src/control/registry.ts"));
const store = JSON.stringify(join(import.meta.dirname, "../src/store/index.ts"));

let workspace: Workspace;

beforeAll(async () => {
  const sections = { DATA: data, NET: { ...net, width: "2, 3" }, BAD: { ...net, class: "Bad" } };
  workspace = await openWorkspace({
    "net.ts": `${netModule}\nexport class Bad extends Net { override forward(): Tensor { throw new TypeError("it is bad"); } }`,
    "config.ini": config({ sections }),
  });
  expect(await workspace.run("run", "config.ini", "or.db")).toMatchObject({ code: 1 });
});
afterAll(() => workspace.close());

describe("status", () => {
  test("tells how a database stands, as plain text where nobody watches", async () => {
    const finished = await workspace.run("status", "or.db", "-w");
    expect(finished).toMatchObject({ code: 0, stderr: "--watch needs a terminal: this is how it stands now\n" });
    expect(finished.stdout).not.toMatch(controls);
    expect(finished.stdout).toMatch(/^or\.db: finished\n3 runs: 2 done, 1 failed\n\nDone 2\n/);
    expect(finished.stdout).toContain("TypeError: it is bad");
    expect(finished.stdout).not.toContain("    at ");
    expect((await workspace.run("status", "or.db", "-v")).stdout).toMatch(/TypeError: it is bad\n +at Bad\.forward/);
    const json: unknown = JSON.parse((await workspace.run("status", "or.db", "--json")).stdout);
    expect(json).toMatchObject({ state: "finished", counts: { done: 2, error: 1 }, error: [{ run_id: 3 }] });
  });

  test("has no experiment where none runs", async () => {
    const finished = await workspace.runCommand("mosaic_status");
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(finished.stdout).toContain("No experiment of yours is running");
    expect(JSON.parse((await workspace.run("status", "--json")).stdout)).toEqual({ experiments: [] });
  });

  test.skipIf(!hasScript() && process.env.REQUIRE_ALL !== "1")(
    "is coloured on a terminal, unless NO_COLOR says no, and refreshes in place",
    async () => {
      const onTerminal = async (command: string) =>
        (await workspace.startProgram("script", ["-qec", command, "/dev/null"]).finished).stdout;
      const status = `'${process.execPath}' '${bin}' status or.db`;
      expect(await onTerminal(`unset FORCE_COLOR NO_COLOR CI; TERM=xterm-256color ${status}`)).toContain(
        "\u001b[1mor.db\u001b[22m",
      );
      expect(await onTerminal(`unset FORCE_COLOR CI; TERM=xterm-256color NO_COLOR=1 ${status}`)).not.toContain(
        "\u001b",
      );
      const watched = await onTerminal(`stty rows 12 cols 60; timeout --foreground -s INT 2 ${status} -w`);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is to be there
      expect(watched.replace(/\u001b\[[\d;?]*[a-zA-Z]/g, "")).toMatch(/Done 2, the last 1; --all shows all/);
      expect(watched.lastIndexOf("\u001b[?25h")).toBeGreaterThan(watched.lastIndexOf("\u001b[?25l"));
    },
  );

  test("ends quietly when its reader does", async () => {
    const shell = `'${process.execPath}' '${bin}' status or.db --all -v | head -1; echo "\${PIPESTATUS[0]}"`;
    const finished = await workspace.startProgram("bash", ["-c", shell]).finished;
    expect(finished).toMatchObject({ stdout: "or.db: finished\n0\n", stderr: "" });
  });
});

describe("show and export", () => {
  test("show one run and all", async () => {
    const shown = await workspace.run("show", "or.db", "1");
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toMatch(/^Run 1: done\nData\(\) \| Net\(2\)\n/);
    expect(shown.stdout).toMatch(/output_1\.log +log +[\d.]+ (bytes|kB)\n/);
    expect(shown.stdout).not.toMatch(/missing|undefined/);
    await rm(workspace.path(".runs/or/model_1.onnx"));
    expect((await workspace.run("show", "or.db", "1")).stdout).toMatch(/model_1\.onnx .*missing\n/);
    expect(await workspace.run("show", "or.db", "one")).toMatchObject({ code: 2, stdout: "" });
    expect((await workspace.run("show", "or.db", "4")).stderr).toBe(
      "there is no run 4; the database has runs 1 to 3\n",
    );

    const exported = await workspace.run("export", "or.db", "all of it.csv");
    expect(exported).toMatchObject({ code: 0, stderr: "" });
    expect(exported.stdout).toBe("3 runs written to all of it.csv, 4 epochs to all of it.history.csv\n");
    expect((await workspace.read("all of it.csv")).split("\n")).toHaveLength(5);
  });
});

describe("rekey", () => {
  test("gives runs new keys", async () => {
    await workspace.run("savedb", "keys.db", "--db", "or.db");
    const text = await workspace.read("config.ini");
    await workspace.write(
      "keys.ini",
      text.replace("key = NET", "key = net_{width}").replace("width = 2, 3", "width = 3, 9"),
    );
    await workspace.run("generate", "keys.ini", "keys.json");
    const finished = await workspace.run("rekey", "keys.json", "keys.db");
    expect(finished).toMatchObject({
      code: 0,
      stdout: "1 run changed, 1 had these keys, 1 with other pipelines left as they are\n",
    });
    expect(finished.stderr).toContain("1 pipeline of keys.json in no run");
    const sql = "SELECT run_id, param_value FROM params WHERE param_name = 'net_key' ORDER BY run_id";
    expect(workspace.query("keys.db", sql).map(({ param_value }) => param_value)).toEqual(["NET", "net_3", "BAD"]);
    expect((await workspace.run("show", "keys.db", "2")).stdout).toContain("key    net_3");
    // It is still the same run for those that go on.
    expect((await workspace.run("run", "config.ini", "or.db", "--continue")).stderr).toContain("2 runs done before");
  });
});

describe("savedb", () => {
  test("writes where it may, and nothing else", async () => {
    const before = (await readdir(workspace.folder)).sort();
    const saved = (...args: readonly string[]) => workspace.run("savedb", ...args, "--db", "or.db");
    expect(await saved("nowhere/copy.db")).toMatchObject({ code: 2, stderr: expect.stringContaining("make it first") });
    expect(await saved("or.db", "--force")).toMatchObject({ code: 2, stderr: expect.stringContaining("itself") });
    expect(await saved(".", "--force")).toMatchObject({ code: 2, stderr: expect.stringContaining("a folder") });
    expect((await workspace.run("savedb", "copy.db")).stderr).toContain("name the database with --db");
    expect((await readdir(workspace.folder)).sort()).toEqual(before);
    const name = 'it\'s\n"模型" 🧩.db';
    expect(await saved(name)).toMatchObject({ code: 0, stderr: "" });
    expect((await workspace.run("status", name)).stdout).toContain("3 runs: 2 done, 1 failed");
    expect(await saved(name)).toMatchObject({ code: 2, stderr: expect.stringContaining("--force replaces it") });
    expect(await saved(name, "--force")).toMatchObject({ code: 0 });
    await writeFile(workspace.path(`${name}-wal`), "");
    expect(await saved(name, "--force")).toMatchObject({ code: 2, stderr: expect.stringContaining("is in use") });
    await rm(workspace.path(name));
    await rm(workspace.path(`${name}-wal`));
    expect((await readdir(workspace.folder)).sort()).toEqual(before);
  });
});

test("a running experiment is found, cannot be rekeyed, and is found crashed after a kill", async () => {
  const program = `
    import { register } from ${control};
    import { openSqliteStore } from ${store};
    await register({ database: "live.db", configuration: "config.ini" });
    const store = await openSqliteStore("live.db");
    const experiment = await store.createExperiment({ configuration: JSON.stringify({ file: "config.ini", folder: process.cwd() }), engineVersion: "", machineJson: "{}" });
    const run = { pipeline: { modules: [{ type: "net", className: "Net", path: "./net.ts", key: "NET", options: {} }], training: {} }, description: "Net(2)", params: [], repetition: 0, identity: "", seed: 0 };
    await store.addRuns(experiment, [run, run]);
    await store.leaseNextRun(experiment, "worker");
    process.stderr.write("ready");
    setInterval(() => undefined, 1000);`;
  await workspace.run("generate", "config.ini", "pipelines.json");
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program];
  const running = workspace.startProgram(process.execPath, args);
  for (let status = ""; !status.includes("1 running"); ) status = (await workspace.run("status")).stdout;
  expect((await workspace.run("status")).stdout).toMatch(
    /^live\.db: running, process \d+ since \d\d:\d\d\n2 runs: 1 running, 1 pending\n/,
  );
  expect(await workspace.run("savedb", "copy.db")).toMatchObject({ code: 0 });
  expect((await workspace.run("status", "copy.db")).stdout).toContain("2 runs: 2 pending");
  const refused = await workspace.run("rekey", "pipelines.json", "live.db");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain(`process ${running.pid} has been writing to this database`);
  running.kill("SIGKILL");
  await running.finished;
  const crashed = (await workspace.run("status")).stdout;
  expect(crashed).toMatch(/^live\.db: crashed: process \d+, which began \d\d:\d\d, is dead\n/);
  expect(crashed).toContain("To go on:\n  mosaic run config.ini live.db --continue");
  await rm(workspace.path("live.db"));
  expect((await workspace.run("status")).stdout).toContain("No experiment of yours is running");
});

describe("what is no database", () => {
  let before: readonly string[];
  beforeEach(async () => {
    await workspace.run("generate", "config.ini", "pipelines.json");
  });

  const inputs: Readonly<Record<string, () => Promise<unknown>>> = {
    "half a database": async () => {
      await writeFile(workspace.path("bad.db"), await readFile(workspace.path("or.db")));
      await truncate(workspace.path("bad.db"), 20_480);
    },
    "a damaged one": async () => {
      const bytes = await readFile(workspace.path("or.db"));
      await writeFile(workspace.path("bad.db"), bytes.fill(0xaa, 4096));
    },
    "a text": () => writeFile(workspace.path("bad.db"), "hello"),
    "an empty file": () => writeFile(workspace.path("bad.db"), ""),
    "a folder": () => mkdir(workspace.path("bad.db")),
    "a pipe": async () => makePipe("bad.db"),
    nothing: async () => undefined,
  };

  test.each(Object.entries(inputs))("%s: one clear error, and nothing is written", async (_, make) => {
    await make();
    before = (await readdir(workspace.folder)).sort();
    const results = await Promise.all([
      workspace.run("status", "bad.db"),
      workspace.run("show", "bad.db", "1"),
      workspace.run("export", "bad.db", "bad.csv"),
      workspace.run("savedb", "bad-copy.db", "--db", "bad.db"),
      workspace.run("rekey", "pipelines.json", "bad.db"),
    ]);
    for (const { code, stdout, stderr } of results) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^[^\n]*bad\.db[^\n]*\n$/);
    }
    expect((await readdir(workspace.folder)).sort()).toEqual(before);
    await rm(workspace.path("bad.db"), { recursive: true, force: true });
  });

  test("a pipeline file that is none is refused too", async () => {
    makePipe("pipe.json");
    await workspace.write("half.json", "[[{");
    for (const file of ["pipe.json", "half.json", "nowhere.json", "or.db", "."]) {
      const { code, stdout, stderr } = await workspace.run("rekey", file, "or.db");
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(file);
      expect(stderr).not.toMatch(/\n +at /);
    }
  });
});

test("prints completion scripts", async () => {
  const finished = await workspace.run("completion", "bash");
  expect(finished).toMatchObject({ code: 0, stderr: "" });
  expect(finished.stdout).toMatch(
    /complete -o default -F _mosaic mosaic mosaic_run .*mosaic_status .*mosaic_completion\n$/,
  );
  expect(await workspace.run("completion", "powershell")).toMatchObject({ code: 2, stdout: "" });
});

function makePipe(name: string): void {
  execFileSync("bash", ["-c", `mkfifo ${name}`], { cwd: workspace.folder });
}

function hasScript(): boolean {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    return false;
  }
}
