/**
 * Every call of a command to the system fails in turn, or kills it: afterwards the same command ends as if nothing had
 * been. A few of them in the normal suite; `npm run test:harm` takes as many of each command as HARM_CALLS says.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type ConfigObject, toYaml } from "@ml-mosaic/configurable";
import { type CommandEnd, failEveryCall, type Trial, temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TrainingWorkspace } from "./training-workspace.ts";

const most = Number(process.env.HARM_CALLS ?? 1);
const mostAlike = Number(process.env.HARM_ALIKE ?? 6);
const bin = new URL("../bin/bigsf.ts", import.meta.url).pathname;
const workspace = new TrainingWorkspace();
let kept = "";

beforeAll(async () => {
  await workspace.prepare();
  const { code, stderr } = await workspace.run("train", "-c", workspace.config("known", { trainer: { epochs: 1 } }));
  expect(code, stderr).toBe(0);
  write("preprocess", { ...maps, output: "patches", patch_size: 16, stride: 8 });
  const short = { trainer: { epochs: 1, model: { type: "unet", features: 2, num_blocks: 1 } } };
  workspace.config("train", short);
  workspace.config("train-k-fold", short);
  write("segment", { output: "segmented", model_snapshot: "runs/known/best.safetensors", ...taken });
  write("catalogue", { output: "catalogued", probability: maps.target, image: maps.image, atlas: 1 });
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

/** What follows the name; of most a configuration. */
const argumentsOf: Readonly<Record<string, readonly string[]>> = {
  sample: ["made", "--size", "64x64", "--overwrite"],
  folds: ["-c", "train.yaml"],
};

/** Only what is disturbed needs a process of its own. */
function run(command: string, environment?: Readonly<Record<string, string>>): Promise<CommandEnd> {
  const own = argumentsOf[command] ?? ["-c", `${command}.yaml`];
  if (environment === undefined) return workspace.run(command, ...own);
  const args = ["--disable-warning=ExperimentalWarning", bin, command, ...own];
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

/** Names of files, since many hold times, the results of tests, and pictures. */
function left(folder: string): unknown {
  if (!existsSync(workspace.path(folder))) return "nothing";
  return workspace
    .files(folder)
    .map((name) => [name, /(test_results|summary)\.csv$|folds\.png$/.test(name) ? workspace.text(folder, name) : ""]);
}

/** What each command leaves in which folder. */
const folders: Readonly<Record<string, string>> = {
  sample: "made",
  folds: ".",
  preprocess: "patches",
  segment: "segmented",
  catalogue: "catalogued",
  train: "runs/train",
  "train-k-fold": "runs/train-k-fold",
};

/** Processes that train take long. */
const isTried = (name: string) => process.env.HARM_CALLS !== undefined || !/^(train|sample)/.test(name);

const tried = Object.entries(folders).filter(([name]) => isTried(name));
test.each(tried)("bigsf %s", { timeout: 300_000 + most * 60_000 }, async (command, folder) => {
  const trial: Trial = {
    async restore() {
      for (const file of readdirSync(workspace.folder)) rmSync(workspace.path(file), { recursive: true });
      cpSync(kept, workspace.folder, { recursive: true });
    },
    command: (environment) => run(command, environment),
    goOn: () => run(command),
    outcome: () => left(folder),
    parts: [`${workspace.folder}/`],
    whole: (command === "folds" ? ["folds.png"] : []).map((name) => workspace.path(name)),
  };
  const report = await failEveryCall({
    trials: [trial],
    folder: temporaryFolder(),
    most,
    mostAlike,
    ...(process.env.HARM_CALLS === undefined ? {} : { onWrong: (what: string) => console.log(`${command}: ${what}`) }),
  });
  if (process.env.HARM_CALLS !== undefined)
    console.log(
      `bigsf ${command}: ${report.calls} calls, ${report.tried} faults tried, ${report.met} met, ${report.wrong.length} wrong`,
    );
  expect(report.wrong.join("\n")).toBe("");
  expect(report.met).toBeGreaterThan(0);
});
