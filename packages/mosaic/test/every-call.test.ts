/**
 * Every call of a command to the system fails in turn, or kills it: afterwards the next command ends as if nothing had
 * been. A few of them in the normal suite; `npm run test:harm` takes as many of each command as HARM_CALLS says.
 */
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type EveryCall, failEveryCall, temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { config, data, net, openWorkspace, processesGone, type Workspace } from "./workspace.ts";

const most = Number(process.env.HARM_CALLS ?? 2);
const bin = join(import.meta.dirname, "../bin/mosaic.ts");
let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace();
  const sections = { DATA: { ...data, size: 4 }, NET: { ...net, width: "2, 3" } };
  await workspace.write("config.ini", config({ monitor: { nb_processus: 1 }, sections }));
});
afterEach(() => workspace.close());

/** What the runs of a database are, but for times, and the files that they have. */
function runs(database: string): unknown {
  if (!workspace.exists(database)) return "none";
  return [
    workspace.query(database, "SELECT run_id, status FROM runs ORDER BY run_id"),
    workspace.query(database, "SELECT run_id, train_loss, test_loss, epochs FROM run_results ORDER BY 1"),
    workspace.history(database),
    workspace.exists(".runs/or") ? readdirSync(workspace.path(".runs/or")).sort() : [],
  ];
}

interface Scenario {
  /** What has been done before. */
  readonly before: readonly (readonly string[])[];
  readonly command: readonly string[];
  /** Where it is not the same command. */
  readonly goOn?: readonly string[];
  readonly outcome: () => unknown;
}

const run = ["run", "config.ini", "or.db"];
const scenarios: Readonly<Record<string, Scenario>> = {
  run: { before: [], command: run, goOn: [...run, "--continue"], outcome: () => runs("or.db") },
  savedb: { before: [run], command: ["savedb", "copy.db", "--db", "or.db", "--force"], outcome: () => runs("copy.db") },
  rekey: {
    before: [run, ["generate", "config.ini", "all.json"]],
    command: ["rekey", "all.json", "or.db"],
    outcome: () => runs("or.db"),
  },
};

test.each(Object.entries(scenarios))("mosaic %s", { timeout: 120_000 + most * 60_000 }, async (name, scenario) => {
  for (const args of scenario.before) {
    const { code, stderr } = await workspace.run(...args);
    expect(code, stderr).toBe(0);
  }
  const kept = temporaryFolder();
  cpSync(workspace.folder, kept, { recursive: true });
  const withEnvironment = (environment: Readonly<Record<string, string>>, args: readonly string[]) => {
    const variables = Object.entries(environment).map((entry) => entry.join("="));
    return workspace.startProgram("env", [...variables, process.execPath, bin, ...args]).finished;
  };
  const trial: EveryCall = {
    async restore() {
      expect(await processesGone(workspace.folder)).toEqual([]);
      for (const file of readdirSync(workspace.folder)) rmSync(workspace.path(file), { recursive: true });
      cpSync(kept, workspace.folder, { recursive: true });
    },
    command: (environment) => withEnvironment(environment, scenario.command),
    async goOn() {
      expect(await processesGone(workspace.folder)).toEqual([]);
      return workspace.run(...(scenario.goOn ?? scenario.command));
    },
    outcome: scenario.outcome,
    parts: [`${workspace.folder}/`, `${workspace.runtime}/`],
    kinds: ["EIO", "kill", "ENOSPC", "EDQUOT", "EROFS"],
    most,
  };
  const { calls, met, wrong } = await failEveryCall(trial, temporaryFolder());
  if (most > 2) console.log(`${name}: ${calls} calls, ${met} faults met, ${wrong.length} wrong\n${wrong.join("\n")}`);
  expect(wrong.join("\n")).toBe("");
  expect(met).toBeGreaterThan(0);
});
