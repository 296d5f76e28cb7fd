/**
 * Every call of a command to the system fails in turn, or kills it: afterwards the same command ends as if nothing had
 * been. A few of them in the normal suite; `npm run test:harm` takes as many of each command as HARM_CALLS says.
 */
import { spawn } from "node:child_process";
import { cpSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type ConfigObject, toYaml } from "@ml-mosaic/configurable";
import { type CommandEnd, failEveryCall, type Trial, temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TrainingWorkspace } from "./training-workspace.ts";

const most = Number(process.env.HARM_CALLS ?? 2);
const mostAlike = Number(process.env.HARM_ALIKE ?? 6);
const bin = new URL("../bin/bigsf.ts", import.meta.url).pathname;
const workspace = new TrainingWorkspace();
let kept = "";

beforeAll(async () => {
  await workspace.prepare();
  const { code, stderr } = await workspace.run("train", "-c", workspace.config("known", { trainer: { epochs: 1 } }));
  expect(code, stderr).toBe(0);
  write("preprocess", { ...maps, output: "patches", patch_size: 16, stride: 8 });
  write("segment", { output: "segmented", model_snapshot: "runs/known/best.safetensors", ...taken });
  kept = temporaryFolder();
  cpSync(workspace.folder, kept, { recursive: true });
});
afterAll(() => workspace.remove());

const taken = { source: "sample/image.fits", missing: "sample/missing.fits" };
const maps = {
  image: "sample/image.fits",
  target: "sample/target.fits",
  missing: "sample/missing.fits",
  background: "sample/background.fits",
};

function write(name: string, values: ConfigObject): void {
  writeFileSync(workspace.path(`${name}.yaml`), toYaml(values));
}

function run(command: string, environment: Readonly<Record<string, string>> = {}): Promise<CommandEnd> {
  const args = ["--disable-warning=ExperimentalWarning", bin, command, "-c", `${command}.yaml`];
  const child = spawn(process.execPath, args, {
    cwd: workspace.folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stderr })));
}

/** What a command leaves: names of files, since the files hold times. */
const outcomes: Readonly<Record<string, () => unknown>> = {
  preprocess: () => workspace.files("patches"),
  segment: () => workspace.files("segmented"),
};

test.each(Object.entries(outcomes))("bigsf %s", { timeout: 120_000 + most * 60_000 }, async (command, outcome) => {
  const trial: Trial = {
    async restore() {
      for (const file of readdirSync(workspace.folder)) rmSync(workspace.path(file), { recursive: true });
      cpSync(kept, workspace.folder, { recursive: true });
    },
    command: (environment) => run(command, environment),
    goOn: () => run(command),
    outcome,
    parts: [`${workspace.folder}/`],
  };
  const { calls, tried, met, wrong } = await failEveryCall({
    trials: [trial],
    folder: temporaryFolder(),
    most,
    mostAlike,
  });
  if (process.env.HARM_CALLS !== undefined)
    console.log(`bigsf ${command}: ${calls} calls, ${tried} faults tried, ${met} met, ${wrong.length} wrong`);
  expect(wrong.join("\n")).toBe("");
  expect(met).toBeGreaterThan(0);
});
