/**
 * What classes in Python do to their process, one odd thing each: it is told, harms no other run, and leaves nothing
 * behind. Those that end their worker take long: but for one, `npm run test:harm` has them.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { projects } from "./projects.ts";
import { config, openWorkspace, processesGone, type Workspace } from "./workspace.ts";

const died = (how: string) => new RegExp(`^the worker died in each of 3 attempts at this run \\(the last time: ${how}`);

type Endings = Readonly<Record<string, RegExp | "done">>;

/** What is said of a run in the end; "done": what it does concerns nobody. */
const brief: Endings = {
  plain: "done",
  fork_fails: "done",
  holds_the_log: "done",
  floods: "done",
  closes_output: "done",
  writes_to_all: /^MosaicError: a module has written to a descriptor that is not its own \(/,
  crashes: died(
    "killed by SIGSEGV; its last words:\nbefore the crash\nFatal Python error: Segmentation fault\n[^]* in crashes\n",
  ),
};

/** A failed run costs a worker too. */
const others: Endings = {
  exit_politely: /^SystemExit: a module called sys\.exit\(3\)/,
  thread_fails: /^ZeroDivisionError: division by zero\n/,
  thread_exits: "done",
  thread_never_ends: "done",
  raw_thread: "done",
  fork_goes_on: "done",
  fork_exits: "done",
  fork_kills_itself: "done",
  floods_from_behind: "done",
  recurses: /^RecursionError: maximum recursion depth exceeded/,
  no_tensor: /^RuntimeError: .*DefaultCPUAllocator: can't allocate memory/,
  no_memory: /^MemoryError\n/,
  floods_one_line: "done",
  closes_streams: "done",
  no_streams: "done",
  interrupts: "done",
  raises_interrupt: /^KeyboardInterrupt\n/,
  changes_folder: "done",
  daemonizes: "done",
  fails_in_c: /^RuntimeError: Parent directory .* does not exist/,
};

/** Each is tried three times, in workers of their own. */
const deadly: Endings = {
  exit_at_once: died("ended with exit code 7; its last words:\nthe last line\n"),
  recurses_deeply: died("killed by SIGSEGV; its last words:\nFatal Python error: Segmentation fault\n"),
  aborts: died("killed by SIGABRT; its last words:\nFatal Python error: Aborted\n[^]* in aborts\n"),
  closes_all: died("ended with exit code 1; its last words:\n[^]*a module has closed a descriptor that is not its own"),
  closes_and_opens: died("ended with exit code 1; its last words:\n[^]*a module has closed a descriptor"),
  alarm: died("killed by SIGALRM"),
  killed_group: died("killed by SIGKILL"),
  killed_parent: died("killed by SIGKILL"),
  terminates: died("killed by SIGTERM"),
  watchdog: died("ended with exit code 1; its last words:\nTimeout [^]* in watchdog\n"),
  own_faulthandler: died("killed by SIGFPE; its last words:\nFatal Python error: Floating point exception\n"),
};

const isLong = process.env.HARM_KILLS !== undefined;
const python = projects.find(({ language }) => language === "Python");

describe.skipIf(python === undefined)("odd classes in Python", { timeout: isLong ? 3600_000 : 300_000 }, () => {
  if (python === undefined) return;
  let workspace: Workspace;
  beforeEach(async () => {
    const odd = await readFile(join(import.meta.dirname, "python/odd.py"), "utf8");
    workspace = await openWorkspace({ ...python.files, "odd.py": odd });
  });
  afterEach(() => workspace.close());

  async function write(how: string, monitor = {}, className = "Odd"): Promise<void> {
    const sections = {
      DATA: python?.data ?? {},
      NET: { ...python?.net, class: className, path_to_class: "./odd.py", how },
    };
    await workspace.write(
      "config.ini",
      config({ process: { epochs: 3 }, monitor: { ...python?.monitor, ...monitor }, sections }),
    );
  }

  async function expectNothingLeft(): Promise<void> {
    expect(await processesGone(workspace.folder)).toEqual([]);
    expect((await workspace.list(".runs/or")).filter((name) => /^\.writing-|\.tmp$/.test(name))).toEqual([]);
  }

  const allEndings = isLong ? { ...brief, ...others, ...deadly } : brief;

  test("are told of, and harm no other run", async () => {
    await write(Object.keys(allEndings).join(", "));
    const { code, stderr } = await workspace.run("run", "config.ini", "or.db");
    expect(code, stderr).toBe(1);
    const rows = workspace.query(
      "or.db",
      `SELECT run_id, status, return_status, test_loss FROM runs LEFT JOIN run_results USING (run_id) ORDER BY run_id`,
    );
    const seen = Object.fromEntries(Object.keys(allEndings).map((how, index) => [how, rows[index]]));
    const plainLoss = seen.plain?.test_loss;
    for (const [how, ending] of Object.entries(allEndings)) {
      const said = String(seen[how]?.return_status);
      expect(seen[how]?.status, `${how}: ${said}`).toBe(ending === "done" ? "done" : "error");
      if (ending === "done") expect(seen[how]?.test_loss, how).toBe(plainLoss);
      else expect(said, how).toMatch(ending);
    }
    const log = (how: string) => workspace.read(`.runs/or/output_${Object.keys(allEndings).indexOf(how) + 1}.log`);
    expect((await log("floods")).split("a line of the flood\n")).toHaveLength(200_001);
    expect((await log("fork_fails")).match(/^epoch 3\/3/gm)).toHaveLength(1);
    expect(await log("fork_fails")).toContain("ValueError: in the fork");
    await expectNothingLeft();
  });

  test.runIf(isLong)("that stop themselves end by the timeout", async () => {
    await write("stops", { timeout: 20 });
    const { code, stderr } = await workspace.run("run", "config.ini", "or.db");
    expect(code, stderr).toBe(1);
    expect(stderr).toContain("run 1 failed: the run took longer than 20 s, the timeout of [MONITOR]");
    await expectNothingLeft();
  });

  // The weights alone are larger than that: torch.save ends the process of the run, or raises what is no OSError.
  test.each(isLong ? [500, 1000, 3000, 5000, 9000, 13_000] : [500])(
    "stop where the disk is full while they save, and go on when it is not: %i kB",
    async (kilobytes) => {
      await write("plain", {}, "Big");
      const limited = `ulimit -f ${kilobytes}; exec "$0" "$@"`;
      const bin = join(import.meta.dirname, "../bin/mosaic.ts");
      const command = ["run", "config.ini", "or.db"];
      const full = await workspace.startProgram("bash", ["-c", limited, process.execPath, bin, ...command]).finished;
      if (kilobytes < 12_000) {
        expect(full.code, full.stderr).toBe(3);
        expect(full.stderr).toMatch(
          /run 1 cannot go on: the run files in .* cannot be written: a file has reached the size that is allowed; raise the limit \(ulimit -f\)\n/,
        );
        expect(workspace.statuses("or.db")).toEqual(["pending"]);
      }
      const finished = await workspace.run(...command, "--continue");
      expect(finished.code, finished.stderr).toBe(0);
      expect(workspace.query("or.db", "SELECT attempts FROM run_details")).toEqual([{ attempts: 0 }]);
      await expectNothingLeft();
    },
  );

  test.runIf(isLong)(
    "have too little memory from the start, or in between: no run is burned by that of the worker",
    async () => {
      for (const kilobytes of [1_500_000, 2_500_000, 3_500_000, 4_500_000]) {
        await write("plain");
        const limited = `ulimit -v ${kilobytes}; exec /usr/bin/python3 "$@"`;
        await workspace.write("limited-python", `#!/bin/bash\n${limited}\n`);
        await workspace.startProgram("chmod", ["+x", "limited-python"]).finished;
        const database = `memory-${kilobytes}.db`;
        const { code, stderr } = await workspace.run(
          "run",
          "config.ini",
          database,
          `MONITOR.python=${workspace.path("limited-python")}`,
        );
        // How much is enough depends on the system; where Python cannot even describe the classes, nothing is begun.
        expect([0, 2, 3], stderr).toContain(code);
        if (workspace.exists(database)) expect(workspace.statuses(database)).toEqual([code === 0 ? "done" : "pending"]);
      }
      expect(await processesGone(workspace.folder)).toEqual([]);
    },
  );
});
