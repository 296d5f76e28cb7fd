/** Programs of any language as models: here in sh, which starts at once. */
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "@ml-mosaic/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { childrenOf, openWorkspace, processesGone, processesIn, type Workspace } from "./workspace.ts";

let workspace: Workspace;

/** A section for each command; options beside it by name. */
function programs(
  commands: Readonly<Record<string, string>>,
  {
    process = "",
    options = "",
    workers = 2,
    epochs = 3,
    monitor = "",
  }: { process?: string; options?: string; workers?: number; epochs?: number; monitor?: string } = {},
): string {
  const sections = Object.entries(commands).map(
    ([name, command]) =>
      `[${name}]\ntype = model\nclass = Program\npath_to_class = ml-mosaic\nkey = ${name}\ncommand = ${command}\n${options}`,
  );
  return `[PROCESS]\nepochs = ${epochs}\npipeline_scheme = model\n${process}
[MONITOR]\nneed_gpu = False\ngpu_available = None\nnb_processus = ${workers}\nmultiplicity = 1\n${monitor}
${sections.join("\n")}`;
}

/** `report EPOCH LOSS` is a line for it. */
const report = `report() { printf '{"mosaic": 1, "epoch": %s, "train_loss": %s, "test_loss": %s}\\n' "$1" "$2" "$2"; }\n`;

const runOf = (key: string) => {
  const [run] = workspace.query(
    "or.db",
    "SELECT * FROM runs LEFT JOIN run_results USING (run_id) WHERE run_id IN (SELECT run_id FROM params WHERE param_name = 'model_key' AND param_value = ?)",
    key,
  );
  return run ?? {};
};
const logOf = (key: string) => workspace.read(`.runs/or/output_${runOf(key).run_id}.log`);

describe("what a program does", () => {
  const commands = {
    GOOD: "sh program.sh good \"two words\" {lr} {{{lr}} {seed} {repetition} ''",
    FILE: "sh program.sh file",
    FLOOD: "sh program.sh flood",
    CHILDREN: "sh program.sh children",
    SILENT: "sh program.sh silent",
    FAILS: "sh program.sh fails",
    KILLED: "sh program.sh killed",
    CRASHES: "sh program.sh crashes",
    WRONG: "sh program.sh wrong",
    LACKS: "sh program.sh lacks",
    REWRITTEN: "sh program.sh rewritten",
    TIDY: "sh program.sh tidy",
  };
  let stderr: string;

  beforeAll(async () => {
    workspace = await openWorkspace({
      "program.sh": `${report}case $1 in
good)
  for word in "$@"; do echo "word <$word>"; done
  env | grep ^MOSAIC_ | sort; pwd
  printf '{"mosaic": 1, "epo'; sleep 0.3; printf 'ch": 2, "train_loss": 0.5, "test_loss": 0.5, "f1": 0.5}\\n'
  report 1 NaN; report 2 0.25
  printf '{"mosaic": 1, "epoch": 3, "train_loss": 0.1, "test_loss": 0.125, "test_acc": 50, "nb_params": 7, "f1": 1}' ;;
file) echo kept > "$MOSAIC_FILES/model.txt"; report 1 0.5 >> "$MOSAIC_REPORT"; printf 'no end' ;;
flood) yes 'a line of output' | head -c 20000000; report 1 0.5; yes 'of errors' | head -c 1000000 >&2 ;;
children) sleep 1000 & setsid sleep 1000 > /dev/null & report 1 0.5 ;;
silent) echo 'nothing to tell' >&2 ;;
fails) echo 'Traceback' >&2; echo 'ValueError: no such depth' >&2; report 1 0.5; exit 3 ;;
killed) kill -KILL $$ ;;
crashes) kill -SEGV $$ ;;
wrong) report 1 nan; sleep 1000 ;;
lacks) echo '{"mosaic": 1, "epoch": 1, "train_loss": 3}' ;;
rewritten) for epoch in 1 2 3; do report $epoch 0.$epoch > "$MOSAIC_REPORT"; sleep 0.4; done ;;
tidy) report 1 0.5; rm -rf "$MOSAIC_FILES" ;;
esac`,
    });
    await workspace.write("config.ini", programs(commands, { process: "lr = 0.1\nseed = 5\n" }));
    const finished = await workspace.run("run", "config.ini", "or.db");
    stderr = finished.stderr;
    expect(finished.code, stderr).toBe(1);
  });
  afterAll(() => workspace.close());

  test("its arguments are the words of the command, and its environment tells the rest", async () => {
    const log = await logOf("GOOD");
    const { run_id } = runOf("GOOD");
    const [seed] = workspace.query("or.db", "SELECT seed FROM run_details WHERE run_id = ?", Number(run_id));
    const seed32 = String(Number(seed?.seed) % 2 ** 32);
    const words = ["good", "two words", "0.1", "{0.1}", seed32, "0", ""];
    expect(log).toContain(words.map((word) => `word <${word}>\n`).join(""));
    const files = workspace.path(`.runs/or/program_${run_id}`);
    const variables = {
      MOSAIC_DEVICE: "cpu",
      MOSAIC_FILES: files,
      MOSAIC_REPETITION: "0",
      MOSAIC_REPORT: `${files}/reports.jsonl`,
      MOSAIC_RESUME: "",
      MOSAIC_RUN_ID: run_id,
      MOSAIC_SEED: seed32,
    };
    for (const [name, value] of Object.entries(variables)) expect(log).toContain(`\n${name}=${value}\n`);
    expect(log).toContain(`\n${workspace.folder}\n`);
  });

  test("its reports are epochs and figures as of any other run", () => {
    expect(runOf("GOOD")).toMatchObject({
      status: "done",
      train_loss: 0.1,
      test_loss: 0.125,
      test_acc: 50,
      nb_params: 7,
      epochs: 3,
      pipeline: "GOOD()",
    });
    const epochs = workspace.query(
      "or.db",
      "SELECT epoch, test_loss, metrics FROM history WHERE run_id = ? ORDER BY epoch",
      Number(runOf("GOOD").run_id),
    );
    expect(epochs).toEqual([
      { epoch: 1, test_loss: "NaN", metrics: null },
      { epoch: 2, test_loss: 0.25, metrics: null },
      { epoch: 3, test_loss: 0.125, metrics: '{"test_f1":1}' },
    ]);
  });

  test("it may report by a file, and what it writes is kept with the run's files", async () => {
    expect(runOf("FILE")).toMatchObject({ status: "done", test_loss: 0.5, nb_params: null });
    expect(await logOf("FILE")).toMatch(/^no end/);
    const { run_id } = runOf("FILE");
    const artifacts = workspace.query(
      "or.db",
      "SELECT kind, path FROM artifacts WHERE run_id = ? ORDER BY path",
      Number(run_id),
    );
    expect(artifacts).toEqual([
      { kind: "log", path: `output_${run_id}.log` },
      { kind: "program", path: `program_${run_id}/model.txt` },
      { kind: "program", path: `program_${run_id}/reports.jsonl` },
      { kind: "info", path: `run_info_${run_id}.mdt` },
    ]);
  });

  test("it may print as much as it likes", () =>
    expect(runOf("FLOOD")).toMatchObject({ status: "done", test_loss: 0.5 }));

  test("it may remove its files", () => expect(runOf("TIDY")).toMatchObject({ status: "done", test_loss: 0.5 }));

  test("what it leaves behind ends with it", async () => {
    expect(runOf("CHILDREN").status).toBe("done");
    expect(await processesGone(workspace.folder)).toEqual([]);
  });

  test.each([
    ["SILENT", /sh ended without a report: have it print .* \(nothing to tell\)/],
    [
      "FAILS",
      /sh ended with exit code 3 \(ValueError: no such depth\); its last lines on standard error:\nTraceback\nV/,
    ],
    ["KILLED", /sh was killed by SIGKILL, as the system does where the memory is used up/],
    ["CRASHES", /sh was killed by SIGSEGV/],
    ["WRONG", /the report \{"mosaic": 1, "epoch": 1, "train_loss": nan, "test_loss": nan\} is not JSON/],
    ["REWRITTEN", /MOSAIC_REPORT names was written anew, .*: append to it, as open\(path, "a"\) does/],
    ["LACKS", /epoch 1 was reported without test_loss/],
  ])("is an error where it fails: %s", async (key, says) => {
    const { status, return_status: why } = runOf(key);
    expect(status).toBe("error");
    expect(why).toMatch(says);
    expect(await logOf(key)).toMatch(says);
  });

  test("another text of its script makes other runs, and nothing else does", async () => {
    await workspace.write("config.ini", programs({ FILE: commands.FILE }, { process: "seed = 5\n" }));
    const told = async () => (await workspace.run("run", "config.ini", "or.db", "--continue")).stderr;
    expect(await told()).toContain("1 run done before, 0 unfinished taken up, 0 new");
    await workspace.write("program.sh", `${await workspace.read("program.sh")}\n# changed`);
    expect(await told()).toContain("0 runs done before, 0 unfinished taken up, 1 new");
  });
});

describe("a program that is asked to pause", () => {
  afterEach(() => workspace.close());

  const start = async (command: string, script: string, options: string, epochs = 3, process = "") => {
    workspace = await openWorkspace({ "program.sh": report + script });
    await workspace.write("config.ini", programs({ MODEL: command }, { options, workers: 1, epochs, process }));
    const running = workspace.start("run", "config.ini", "or.db");
    await until(() => workspace.query("or.db", "SELECT 1 FROM history").length > 0, "an epoch");
    return running;
  };

  test("and exits with 75 goes on from what it has written, and so does a rerun for more epochs", async () => {
    const pausable = await readFile(join(import.meta.dirname, "../../../docs/snippets/pausable.sh"), "utf8");
    // It is not to be over before it is asked.
    const slow = pausable.replace("sleep 0.1", '[ -n "$MOSAIC_RESUME" ] || sleep 1');
    const running = await start("sh program.sh {epochs}", slow, "", 25);
    const paused = await workspace.run("pause", "left.json", "--now");
    expect(paused.code, paused.stderr).toBe(0);
    await running.finished;
    expect(workspace.statuses("or.db")).toEqual(["paused"]);
    const resumed = await workspace.run("resume", "left.json");
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(workspace.statuses("or.db")).toEqual(["done"]);
    const rerun = await workspace.run("rerun", "config.ini", "or.db", "-id", "1", "-epochs", "2");
    expect(rerun.code, rerun.stderr).toBe(0);
    await workspace.write("program.sh", `${await workspace.read("program.sh")}\n# changed`);
    const refused = await workspace.run("rerun", "config.ini", "or.db", "-id", "1", "-epochs", "1");
    expect(refused.stderr).toContain(`${workspace.path("program.sh")} has changed since run 1 began`);
    // None was trained twice.
    const epochs = Array.from({ length: 27 }, (_, index) => index + 1);
    expect(Array.from((await logOf("MODEL")).matchAll(/"epoch": (\d+)/g), ([, epoch]) => Number(epoch))).toEqual(
      epochs,
    );
    expect(workspace.query("or.db", "SELECT epoch FROM history ORDER BY epoch").map(({ epoch }) => epoch)).toEqual(
      epochs,
    );
    expect(runOf("MODEL")).toMatchObject({ status: "done", epochs: 27, test_loss: 0.27 });
    const check = await workspace.run("status", "or.db", "--check");
    expect(check.code, check.stdout + check.stderr).toBe(0);
  });

  test("and does not listen is killed with all its children after its grace, and waits to start again", async () => {
    const running = await start(
      "sh program.sh",
      "trap '' TERM\nreport 1 1\nsleep 1000 & while :; do sleep 1000; done",
      "grace = 0.5",
    );
    const paused = await workspace.run("pause", "left.json", "--now");
    expect(paused.code, paused.stderr).toBe(0);
    await running.finished;
    expect(workspace.statuses("or.db")).toEqual(["pending"]);
    expect(workspace.query("or.db", "SELECT attempts FROM run_details")).toEqual([{ attempts: 0 }]);
    expect(await processesGone(workspace.folder)).toEqual([]);
  });

  test("stops with its experiment, and ends with a worker that is killed, and with a supervisor that is", async () => {
    const running = await start("sh program.sh", 'report 1 1\n[ -n "$1" ] || sleep 1000', "", 3, "artifacts = none\n");
    const states = () =>
      processesIn(workspace.folder).map((pid) =>
        readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) (.).*$/s, "$1"),
      );
    // The supervisor, its worker, the shell, and what that waits for.
    expect(states()).toHaveLength(4);
    running.kill("SIGTSTP");
    await until(() => states().every((state) => state === "T"), "all to stop");
    running.kill("SIGCONT");
    await until(() => states().every((state) => state !== "T"), "all to go on");
    const [worker = 0] = childrenOf(running.pid);
    const before = processesIn(workspace.folder);
    process.kill(worker, "SIGKILL");
    await until(() => {
      const now = processesIn(workspace.folder);
      return now.length === 4 && before.filter((pid) => now.includes(pid)).length === 1;
    }, "another worker to start it again");
    expect(workspace.query("or.db", "SELECT attempts FROM run_details")).toEqual([{ attempts: 1 }]);
    running.kill("SIGKILL");
    await running.finished;
    expect(await processesGone(workspace.folder)).toEqual([]);
    const temporary = async () => (await readdir(workspace.runtime)).filter((name) => name.endsWith(".tmp"));
    expect(await temporary()).not.toEqual([]);
    const next = await workspace.run("run", "config.ini", "next.db", "MODEL.command=sh program.sh briefly");
    expect(next.code, next.stderr).toBe(0);
    expect(await temporary()).toEqual([]);
  });

  test("ends with the time that a run may take", async () => {
    workspace = await openWorkspace();
    await workspace.write("config.ini", programs({ MODEL: "sleep 1000" }, { workers: 1, monitor: "timeout = 1\n" }));
    expect((await workspace.run("run", "config.ini", "or.db")).code).toBe(1);
    expect(runOf("MODEL").return_status).toMatch(/the run took longer than 1 s, the timeout of \[MONITOR\]/);
    expect(await processesGone(workspace.folder)).toEqual([]);
  });
});

test("says before anything runs all that is wrong with programs", async () => {
  workspace = await openWorkspace({ "script.sh": "" });
  const commands = {
    UNKNOWN: "sh script.sh {dept} {sed}",
    BRACE: 'sh { "open',
    MISSING: "no-such-program {depth}",
    NOFILE: "./nowhere.sh {depth}",
    NOTEXECUTABLE: "./script.sh {depth}",
    EMPTY: "'' {depth}",
    FOLDER: "/tmp {depth}",
    NOTONPATH: "script.sh {depth}",
    NOSCRIPT: "sh -u scrpt.sh {depth}",
    NOVALUE: "sh 'script {depth}.sh'",
  };
  await workspace.write(
    "config.ini",
    programs(commands, {
      process: "lr = 0.1, 0.2\nseed = 1\n",
      options: "depth = 1, 2\nfiles = script.sh, scrip.sh\ngrace = -1\n",
    }),
  );
  for (const args of [["--dry-run"], []]) {
    const { code, stderr } = await workspace.run("run", "config.ini", "or.db", ...args);
    expect(code).toBe(2);
    for (const says of [
      "[UNKNOWN] command: {dept} names no option of [UNKNOWN] or [PROCESS]. Did you mean {depth}?",
      "[UNKNOWN] command: {sed} names no option of [UNKNOWN] or [PROCESS]. Did you mean {seed}?",
      "[UNKNOWN] depth: The command does not name it",
      '[BRACE] command: "{" in the command is not the name of an option in braces.',
      '[BRACE] command: A quote " in the command is not closed.',
      '[MISSING] command: There is no program "no-such-program" on PATH.',
      `[NOFILE] command: ${workspace.path("nowhere.sh")} does not exist.`,
      `[NOTEXECUTABLE] command: ${workspace.path("script.sh")} may not be executed. Make it executable by chmod +x`,
      '[EMPTY] command: There is no program "" on PATH.',
      "[FOLDER] command: /tmp is not a file.",
      '[NOTONPATH] command: There is no program "script.sh" on PATH. Write ./script.sh for the one',
      `[NOSCRIPT] command: ${workspace.path("scrpt.sh")} does not exist. Did you mean "script.sh"?`,
      `[NOVALUE] command: ${workspace.path("script 2.sh")} does not exist.`,
      `[MISSING] files: There is no file ${workspace.path("scrip.sh")}.`,
      '[MISSING] grace: expected a number of seconds, 0 or more, got "-1"',
      "[PROCESS] lr: No command names it, and programs train by themselves: it does nothing. Write {lr} in command",
    ])
      expect(stderr).toContain(says);
  }
  const misspelt = await workspace.run("run", "config.ini", "or.db", "UNKNOWN.class=Progam");
  expect(misspelt.stderr).toContain('[UNKNOWN] class: ml-mosaic has no class "Progam". Did you mean Program?');
  expect(workspace.exists("or.db")).toBe(false);
  await workspace.close();
});
