/**
 * Every call of a command to the system fails in turn, or kills it: afterwards the next command ends as if nothing had
 * been. A few of them in the normal suite; `npm run test:harm` takes as many of each command as HARM_CALLS says, of the same
 * calls on the same file as many as HARM_ALIKE, HARM_PLACES at a time.
 */
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import {
  type CommandEnd,
  failEveryCall,
  type Running,
  type Stretch,
  type Trial,
  temporaryFolder,
  until,
} from "@ml-mosaic/testing";
import { afterEach, expect, test } from "vitest";
import { harmed, projects, type TestProject, typescript } from "./projects.ts";
import { config, data, net, openWorkspace, processesGone, type Workspace, waitingDataModule } from "./workspace.ts";

const most = Number(process.env.HARM_CALLS ?? 1);
const mostAlike = Number(process.env.HARM_ALIKE ?? 6);
const places = Number(process.env.HARM_PLACES ?? 1);
const bin = join(import.meta.dirname, "../bin/mosaic.ts");
/** Node keeps the compiled sources there: a process starts in half of the time. */
const compiled = temporaryFolder();
const workspaces: Workspace[] = [];

afterEach(async () => {
  for (const workspace of workspaces.splice(0)) await workspace.close();
});

type Environment = Readonly<Record<string, string>>;

function start(workspace: Workspace, args: readonly string[], environment: Environment = {}): Running {
  const variables = Object.entries({ NODE_COMPILE_CACHE: compiled, ...environment }).map((entry) => entry.join("="));
  return workspace.startProgram("env", [...variables, process.execPath, bin, ...args]);
}

/** Nothing of this takes half as long. */
const longestMilliseconds = 60_000;

async function endOf(running: Running): Promise<CommandEnd> {
  let endless = false;
  const timer = setTimeout(() => {
    endless = true;
    running.signalGroup("SIGKILL");
  }, longestMilliseconds);
  const { code, stderr } = await running.finished;
  clearTimeout(timer);
  return { code, stderr, endless };
}

/** Only what is disturbed needs a process of its own. */
const type = async (
  workspace: Workspace,
  args: readonly string[],
  environment: Environment = {},
): Promise<CommandEnd> => {
  expect(await processesGone(workspace.folder)).toEqual([]);
  return Object.keys(environment).length === 0 ? workspace.run(...args) : endOf(start(workspace, args, environment));
};

/** What the runs of a database are, but for times, and the files that they have; those of models to the bit. */
function runs(workspace: Workspace, database = "or.db"): unknown {
  if (!workspace.exists(database)) return "none";
  const folder = workspace.path(".runs/or");
  const digest = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  return [
    workspace.query(database, "SELECT run_id, status FROM runs ORDER BY run_id"),
    workspace.query(database, "SELECT run_id, train_loss, test_loss, epochs FROM run_results ORDER BY 1"),
    workspace.query(database, "SELECT * FROM leases"),
    workspace.history(database),
    readdirSync(folder)
      .sort()
      .map((name) => [name, name.startsWith("model_") ? digest(name) : ""]),
  ];
}

interface Scenario {
  /** What has been done before. */
  readonly before?: (workspace: Workspace) => Promise<void>;
  readonly command: (workspace: Workspace, environment: Environment) => Promise<CommandEnd>;
  /** What is typed after that; the same command by default. */
  readonly goOn?: (workspace: Workspace, first: CommandEnd) => Promise<CommandEnd>;
  readonly goesOnAlways?: boolean;
  readonly outcome?: (workspace: Workspace) => unknown;
  readonly whole?: readonly string[];
}

const run = ["run", "config.ini", "or.db"];
const rerun = ["rerun", "config.ini", "or.db", "-id", "1,2", "-epochs", "1"];
const resume = ["resume", "left.json"];

async function done(workspace: Workspace, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await type(workspace, args);
  expect(code, stderr).toBe(0);
}

/** A run to whose first training run a pause comes. */
async function pausedRun(
  workspace: Workspace,
  { ofRun = {}, ofPause = {} }: { readonly ofRun?: Environment; readonly ofPause?: Environment },
): Promise<{ readonly run: CommandEnd; readonly pause: CommandEnd }> {
  expect(await processesGone(workspace.folder)).toEqual([]);
  const running = start(workspace, run, ofRun);
  let over = false;
  const ran = endOf(running).finally(() => {
    over = true;
  });
  await until(() => over || workspace.statuses("or.db").includes("running"), "a run to start");
  const pausing = endOf(start(workspace, ["pause", "left.json", "--db", "or.db"], ofPause));
  await Promise.race([pausing, wait(1000)]);
  await workspace.write("go", "");
  return { run: await ran, pause: await pausing };
}

/** Goes on with what a pause has left, or would have. */
const goOnPaused = (workspace: Workspace) =>
  type(workspace, workspace.exists("left.json") ? resume : [...run, "--continue"]);

/** What a fault at the end has left in the database's journal is taken back by whoever opens it. */
const takeBack = (workspace: Workspace) => type(workspace, ["status", "or.db"]);

/** As what it says says, or else `mosaic status`; what was not even begun is begun again, what is done is not. */
async function goOnRerun(workspace: Workspace, first: CommandEnd): Promise<CommandEnd> {
  await takeBack(workspace);
  if (/^2 runs done/m.test(first.stderr)) return { ...first, code: 0 };
  const told = (text: string) => /^ {2}mosaic (re?run .*?)(?: {3}|$)/m.exec(text)?.[1]?.split(" ");
  const lost = workspace.statuses("or.db").some((status) => status !== "done");
  const args = told(first.stderr) ?? (lost ? [...run, "--continue"] : rerun);
  return type(workspace, args);
}

const remove = ["remove", "or.db", "-id", "1", "--yes"];

/** What was removed is no run any more: then the next command that writes deletes what files are left. */
async function goOnRemove(workspace: Workspace): Promise<CommandEnd> {
  await takeBack(workspace);
  return type(workspace, workspace.statuses("or.db").length === 2 ? remove : [...run, "--continue"]);
}

/** A command on a database that writes files, and is told again what it was told. */
const writing = (...args: readonly string[]): Scenario => {
  const whole = args.filter((arg) => /\.(csv|svg|json)$/.test(arg));
  return {
    whole,
    ...again(args, (workspace) => [
      readdirSync(workspace.folder).sort(),
      whole.map((name) => workspace.exists(name) && readFileSync(workspace.path(name), "latin1")),
    ]),
  };
};

/** A command on a database that is told again what it was told. */
const again = (args: readonly string[], outcome: (workspace: Workspace) => unknown): Scenario => ({
  before: (workspace) => done(workspace, ...run),
  command: (workspace, environment) => type(workspace, args, environment),
  outcome,
});

const runScenario: Scenario = {
  command: (workspace, environment) => type(workspace, run, environment),
  goOn: (workspace) => type(workspace, [...run, "--continue"]),
};

const scenarios: Readonly<Record<string, Scenario>> = {
  remove: {
    before: (workspace) => done(workspace, ...run),
    command: (workspace, environment) => type(workspace, remove, environment),
    goOn: goOnRemove,
    outcome: (workspace) => [runs(workspace), workspace.query("or.db", "SELECT * FROM removed_runs").length],
  },
  tag: again(["tag", "or.db", "good", "-id", "1,2"], (workspace) => [
    runs(workspace),
    workspace.query("or.db", "SELECT * FROM tags ORDER BY run_id"),
  ]),
  note: again(["note", "or.db", "2", "diverged"], (workspace) => [
    runs(workspace),
    workspace.query("or.db", "SELECT * FROM notes"),
  ]),
  export: writing("export", "or.db", "or.csv"),
  plotloss: writing("plotloss", "or.db", "loss.svg", "-id", "1,2"),
  generate: writing("generate", "config.ini", "all.json"),
  run: runScenario,
  savedb: {
    before: (workspace) => done(workspace, ...run),
    command: (workspace, environment) =>
      type(workspace, ["savedb", "copy.db", "--db", "or.db", "--force"], environment),
    outcome: (workspace) => [
      runs(workspace, "copy.db"),
      workspace.exists("copy.db") && readdirSync(workspace.folder).sort(),
    ],
  },
  rekey: {
    before: async (workspace) => {
      await done(workspace, ...run);
      await done(workspace, "generate", "config.ini", "all.json");
      await workspace.write("all.json", (await workspace.read("all.json")).replaceAll('"NET"', '"Other"'));
    },
    command: (workspace, environment) => type(workspace, ["rekey", "all.json", "or.db"], environment),
    outcome: (workspace) => [
      runs(workspace),
      workspace.query("or.db", "SELECT run_id, param_value FROM params WHERE param_name = 'net_key' ORDER BY 1"),
    ],
  },
  rerun: {
    before: (workspace) => done(workspace, ...run),
    command: (workspace, environment) => type(workspace, rerun, environment),
    goOn: goOnRerun,
  },
  resume: {
    before: async (workspace) => {
      const { pause } = await pausedRun(workspace, {});
      expect(pause.code, pause.stderr).toBe(0);
    },
    command: (workspace, environment) => type(workspace, resume, environment),
  },
  pause: {
    command: async (workspace, environment) => (await pausedRun(workspace, { ofPause: environment })).pause,
    goOn: goOnPaused,
    goesOnAlways: true,
  },
  "run that is paused": {
    async command(workspace, environment) {
      const ended = await pausedRun(workspace, { ofRun: environment });
      // Whoever pauses it may be told that it has ended.
      return ended.run.code === 3 && /To go on|carries on/.test(ended.run.stderr)
        ? { ...ended.run, code: 0 }
        : ended.run;
    },
    goOn: goOnPaused,
    goesOnAlways: true,
  },
};

async function openPlace(name: string, scenario: Scenario, { files, data, net, monitor }: TestProject): Promise<Trial> {
  const workspace = await openWorkspace(files);
  workspaces.push(workspace);
  const waits = /paus|resume/.test(name) ? { class: "Waiting" } : {};
  const sections = { DATA: { ...data, size: 4, ...waits }, NET: { ...net, width: "2, 3" } };
  await workspace.write("config.ini", config({ monitor: { ...monitor, nb_processus: 1 }, sections }));
  await scenario.before?.(workspace);
  const kept = temporaryFolder();
  cpSync(workspace.folder, kept, { recursive: true });
  return {
    async restore() {
      expect(await processesGone(workspace.folder)).toEqual([]);
      for (const file of readdirSync(workspace.folder)) rmSync(workspace.path(file), { recursive: true });
      cpSync(kept, workspace.folder, { recursive: true });
    },
    command: (environment) => scenario.command(workspace, environment),
    goOn: (first) => scenario.goOn?.(workspace, first) ?? scenario.command(workspace, {}),
    outcome: () => (scenario.outcome ?? runs)(workspace),
    whole: (scenario.whole ?? []).map((name) => workspace.path(name)),
    parts: [`${workspace.folder}/`, `${workspace.runtime}/`],
  };
}

const isLong = process.env.HARM_CALLS !== undefined;

/** Those that wait for a pause take long; those that write files write them as `savedb` does, and `note` as `tag` does. */
const isTried = (name: string) => isLong || !/paus|resume|note|export|plotloss|generate/.test(name);

const isTold = (name: string) => ({ onWrong: (what: string) => console.log(`${name}: ${what}`) });

async function fail(
  name: string,
  scenario: Scenario,
  { project = typescript, between }: { readonly project?: TestProject; readonly between?: Stretch } = {},
): Promise<void> {
  const trials: Trial[] = [];
  for (let place = 0; place < places; place++) trials.push(await openPlace(name, scenario, project));
  const { calls, tried, met, wrong } = await failEveryCall({
    trials,
    folder: temporaryFolder(),
    most: isLong || project === typescript ? most : 1,
    mostAlike,
    ...(scenario.goesOnAlways === true ? { goesOnAlways: true } : {}),
    ...(between === undefined ? {} : { between }),
    ...(isLong ? isTold(name) : {}),
  });
  if (isLong) console.log(`mosaic ${name}: ${calls} calls, ${tried} faults tried, ${met} met, ${wrong.length} wrong`);
  expect(wrong.join("\n")).toBe("");
  expect(met).toBeGreaterThan(0);
}

const timeout = isLong ? 12 * 3600_000 : 300_000;

test.each(Object.entries(scenarios).filter(([name]) => isTried(name)))("mosaic %s", { timeout }, (name, scenario) =>
  fail(name, scenario),
);

/** Those in which workers work; no other command has one. */
const withWorkers = Object.entries(scenarios).filter(([name]) =>
  isLong ? /^(run|rerun|resume|run that is paused)$/.test(name) : name === "run",
);
const inPython = projects
  .filter((project) => project !== typescript)
  .flatMap((project) => withWorkers.map(([name, scenario]) => [project.language, name, scenario, project] as const));

test.runIf(inPython.length > 0).each(inPython)("modules in %s: mosaic %s", { timeout }, (_, name, scenario, project) =>
  fail(`${name} in ${project.language}`, scenario, { project }),
);

/** Where a run has no lease that would tell who was at it: between opening and the first lease, and from the last result on. */
const unleased: Readonly<Record<string, Stretch>> = {
  // With the lease comes the first worker, whose output goes into a file without a name.
  "before the first lease": { from: "*/or.db*", until: "-output." },
  "after the last result": { from: "*/run_info_2.mdt" },
};

const stretches = harmed.flatMap((project) =>
  Object.entries(unleased).map(([name, between]) => [project.language, name, between, project] as const),
);

test.each(stretches)("modules in %s: mosaic run, killed %s", { timeout }, (_, name, between, project) =>
  fail(`run in ${project.language}, killed ${name}`, runScenario, { project, between }),
);

test("what workers have compiled is kept for the next ones", { timeout }, async () => {
  const workspace = await openWorkspace({ "data.ts": waitingDataModule });
  workspaces.push(workspace);
  await workspace.write(
    "config.ini",
    config({ monitor: { nb_processus: 1 }, sections: { DATA: data, NET: { ...net, width: "2, 3" } } }),
  );
  await done(workspace, ...run);
  const ofWorkers = "the supervisor has sent no message";
  const kept = readdirSync(compiled, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  expect(kept.some(({ parentPath, name }) => readFileSync(join(parentPath, name)).includes(ofWorkers))).toBe(true);
});
