import { execFileSync, spawnSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { config, data, dataModule, net, netModule, openWorkspace, type Workspace } from "./workspace.ts";

const sections = { DATA: data, NET: { ...net, width: "2, 3" } };
const files = { "data.ts": dataModule, "net.ts": netModule, "config.ini": config({ sections }) };

describe("usage", () => {
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await openWorkspace(files);
  });
  afterAll(() => workspace.close());

  test.each([
    [["run", "config.ini"], /^mosaic run: database_file: missing, expected a path\n/],
    [["run", "config.ini", "or.db", "more"], /^argument more: "more" changes no option/],
    [["run", "config.ini", "or.db", "--contineu"], /--contineu: unknown option; did you mean "--continue"\?/],
    [["run", "config.ini", "or.db", "-contineu"], /--contineu: unknown option; did you mean "--continue"\?/],
    [
      ["rerun", "config.ini", "-id", "1", "-epoch", "3"],
      /^2 problems:\n.*--epoch: .*--epochs.*\n.*database_file: missing/,
    ],
    [["run", "config.ini", "or.db", "--retry-errors"], /--retry-errors: goes with --continue/],
    [["rum"], /^mosaic: unknown command "rum"\. Did you mean "run"\?\n$/],
    [[], /Usage: mosaic/],
    [["run", "nowhere.ini", "or.db"], /nowhere\.ini: The file does not exist/],
    [["run", "config.ini", "no/folder/or.db"], /no\/folder/],
    [["run", "config.ini", "data.ts"], /data\.ts is not an SQLite database/],
    [["generate", "config.ini", "no/folder/pipelines.json"], /no\/folder/],
  ])("%j is refused with exit code 2 and a message", async (args, message) => {
    const finished = await workspace.run(...args);
    expect(finished.stderr).toMatch(message);
    expect(finished.stderr).not.toMatch(/\n +at /);
    expect(finished).toMatchObject({ code: 2, stdout: "" });
    expect(workspace.exists("or.db")).toBe(false);
    expect(workspace.exists(".runs")).toBe(false);
  });

  test.each([["run"], ["generate"]])("--help of %s shows an example", async (verb) => {
    const ofVerb = await workspace.run(verb, "--help");
    expect(ofVerb).toMatchObject({ code: 0, stderr: "" });
    expect(ofVerb.stdout).toMatch(new RegExp(`Examples?:\n {2}mosaic ${verb} config.ini `));
    const ofCommand = await workspace.runCommand(`mosaic_${verb}`, "--help");
    expect(ofCommand).toMatchObject({ code: 0, stderr: "" });
    expect(ofCommand.stdout).toContain(`Usage: mosaic_${verb} `);
  });

  test("the exit code is that of the process", async () => {
    expect(await workspace.start("rum").finished).toMatchObject({ code: 2, signal: null, stdout: "" });
    expect(await workspace.start("status", "--help").finished).toMatchObject({ code: 0, signal: null, stderr: "" });
  });

  test("takes options with one dash, as the seed writes them, and anywhere", async () => {
    const finished = await workspace.runCommand("mosaic_run", "-dry-run", "config.ini", "or.db");
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.stdout).toContain("All 2 pipelines can be constructed. Nothing was trained.");
  });
});

function hasScript(): boolean {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    return false;
  }
}

describe("a run", () => {
  let workspace: Workspace;
  beforeEach(async () => {
    workspace = await openWorkspace(files);
  });
  afterEach(() => workspace.close());

  test("a dry run trains nothing and makes nothing", async () => {
    const finished = await workspace.run("run", "config.ini", "or.db", "--dry-run");
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stderr).toBe("2 runs: 2 pipelines x 1\n");
    expect((await workspace.list(".")).sort()).toEqual(["config.ini", "data.ts", "net.ts"]);
  });

  test("writes plain lines where nobody watches: no cursor movement, progress to stderr, the table to stdout", async () => {
    const finished = await workspace.start("run", "config.ini", "or.db").finished;
    expect(finished.code, finished.stderr).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(finished.stdout + finished.stderr).not.toMatch(/[\u001b\r]/);
    const lines = finished.stderr.split("\n");
    expect(lines[0]).toBe("2 runs: 2 pipelines x 1");
    expect(lines[1]).toMatch(/^1\/2 run [12] done: test loss \S+ {2}Data\(\) \| Net\([23]\)$/);
    expect(lines[2]).toMatch(/^2\/2 run [12] done/);
    expect(lines[3]).toMatch(/^2 runs done in \d\d:\d\d$/);
    expect(finished.stdout).toMatch(/^All with Data\(\)\nmodel +parameters/);
  });

  test.skipIf(!hasScript() && process.env.REQUIRE_ALL !== "1")(
    "shows a live view on a terminal and leaves it clean",
    async () => {
      await workspace.write("config.ini", config({ sections: { ...sections, DATA: { ...data, delay: 400 } } }));
      const bin = new URL("../bin/mosaic.ts", import.meta.url).pathname;
      const command = `stty rows 30 cols 100; '${process.execPath}' '${bin}' run config.ini or.db`;
      const finished = await workspace.startProgram("script", ["-qec", command, "/dev/null"]).finished;
      expect(finished.code, finished.stderr).toBe(0);
      const { stdout } = finished;
      expect(stdout).toContain("0/2 done");
      expect(stdout).toMatch(/run 1 {2}starting {2}Data\(400\) \| Net\(2\)/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the cursor moves up
      expect(stdout).toMatch(/\u001b\[\d*A/);
      expect(stdout).toContain("2 runs done in 00:0");
      // The cursor is back at the end.
      expect(stdout.lastIndexOf("\u001b[?25h")).toBeGreaterThan(stdout.lastIndexOf("\u001b[?25l"));
      expect(stdout).toMatch(/model +parameters/);
    },
  );

  test("leaves the run files of another database of its name alone", async () => {
    expect((await workspace.run("run", "config.ini", "or.db")).code).toBe(0);
    const log = await workspace.read(".runs/or/output_1.log");
    await workspace.write("other/readme", "");
    const finished = await workspace.run("run", "config.ini", "other/or.db");
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stderr).toContain(
      `holds the run files of another database of this name (${workspace.path("or.db")})`,
    );
    expect(await workspace.read(".runs/or/output_1.log")).toBe(log);
  });

  test("works from another folder: paths start at the configuration", async () => {
    await workspace.write("project/config.ini", config({ sections, process: { run_files_path: "files" } }));
    await workspace.write("project/data.ts", dataModule);
    await workspace.write("project/net.ts", netModule);
    const finished = await workspace.run("run", "project/config.ini", "my results.db");
    expect(finished.code, finished.stderr).toBe(0);
    expect(workspace.exists("project/files/my results/output_2.log")).toBe(true);
    expect(finished.stderr).toContain("mosaic run project/config.ini 'my results.db' --continue");
  });

  test("keeps a log of what modules print, and nothing of it on the terminal", async () => {
    await workspace.write(
      "net.ts",
      `${netModule}
import { writeSync } from "node:fs";
export class Chatty extends Net {
  constructor(options: Record<string, number>) {
    super(options);
    console.log("hello from", options.width);
    console.error("a warning");
    process.stdout.write("no newline");
    process.stdout.write(new Uint8Array([33, 10]));
    console.log("x".repeat(200_000));
  }
}`,
    );
    await workspace.write(
      "config.ini",
      config({ sections: { DATA: data, NET: { ...net, class: "Chatty", width: 2, layers: 0 } } }),
    );
    const finished = await workspace.start("run", "config.ini", "or.db").finished;
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stdout + finished.stderr).not.toMatch(/hello|warning|newline|xxxx/);
    const log = await workspace.read(".runs/or/output_1.log");
    expect(log).toContain(`hello from 2\na warning\nno newline!\n${"x".repeat(200_000)}\n`);
    const [row] = workspace.query("or.db", "SELECT size_bytes FROM artifacts WHERE kind = 'log'");
    expect(row?.size_bytes).toBe(Buffer.byteLength(log));
  });
});

test("an older Node is told from the one that is needed, in one line", () => {
  const old = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";
  const bin = new URL("../bin/mosaic_run.ts", import.meta.url).pathname;
  const args = ["--import", `data:text/javascript,${encodeURIComponent(old)}`, bin, "a.ini", "b.db"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^mosaic needs Node 24 or later, and Node 20\.20\.2 was found\. .*npm install node@24.*\n$/);
});
