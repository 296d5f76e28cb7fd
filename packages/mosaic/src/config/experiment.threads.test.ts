/** `threads` of [PROCESS] and the cores that there are. */
import { availableParallelism } from "node:os";
import { formatProblem } from "@ml-mosaic/configurable";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CONFIG, openFolder } from "../../test/test-config.ts";
import { byMeaning } from "../experiment/identity.ts";
import { readExperiment } from "./experiment.ts";
import { checkThreads } from "./experiment-checks.ts";
import { generatePipelines } from "./pipelines.ts";
import { Gathered } from "./problem.ts";
import { processTexts, runSettings } from "./run-settings.ts";

let folder: Awaited<ReturnType<typeof openFolder>>;
beforeAll(async () => {
  folder = await openFolder();
});
afterAll(() => folder.close());

const written = (threads: string) => folder.write(CONFIG.replace("lr = 1e-2\n", `lr = 1e-2\n${threads}`));

async function threadsOf(line: string): Promise<number | undefined> {
  const experiment = await readExperiment(await written(line), ["MONITOR.nb_processus=1"]);
  const [pipeline] = generatePipelines(experiment);
  return pipeline && (await runSettings(processTexts(experiment.process, pipeline), experiment.folder)).threads;
}

test("a run has one thread, or as many as are written", async () => {
  expect(await threadsOf("")).toBe(1);
  const all = availableParallelism();
  expect(await threadsOf(`threads = ${all}\n`)).toBe(all);
  await expect(threadsOf("threads = 0\n")).rejects.toThrow(/\[PROCESS\] threads: .*"?0/);
});

test("more threads than there are cores are refused, with what would fit", async () => {
  const cores = availableParallelism();
  await expect(readExperiment(await written(`threads = ${cores}\n`), ["MONITOR.nb_processus=2"])).rejects.toThrow(
    `threads: ${cores} threads in each of nb_processus = 2 runs are ${2 * cores}, and this machine has ${cores} core`,
  );
});

test.each([
  [
    4,
    3,
    8,
    "threads: 3 threads in each of nb_processus = 4 runs are 12, and this machine has 8 cores. Write nb_processus = 2, or",
  ],
  [
    2,
    9,
    8,
    "threads: 9 threads in each of nb_processus = 2 runs are 18, and this machine has 8 cores. Write threads = 4, or",
  ],
  [4, 2, 8, undefined],
  // One thread a run is what there has always been: more runs than cores only take turns.
  [40, 1, 8, undefined],
])("%i runs of %i threads on %i cores", async (runs, threads, cores, message) => {
  const { process, monitor, sources } = await readExperiment(await written("threads = 1\n"));
  const options = process.options.map((option) =>
    option.name === "threads" ? { ...option, values: [`${threads}`] } : option,
  );
  const findings = new Gathered(sources);
  checkThreads({ ...process, options }, { ...monitor, numProcesses: runs }, findings, cores);
  if (message === undefined) expect(findings.hasProblems).toBe(false);
  else expect(findings.failure().problems.map(formatProblem)).toEqual([expect.stringContaining(message)]);
});

const several = `threads = ${Math.max(2, availableParallelism())}\n`;
const onGpu = ["MONITOR.need_gpu=True", "MONITOR.gpu_available=cuda:0"];

test.each<[string, string, readonly string[], RegExp]>([
  [
    "several threads in WebAssembly",
    `executor = WASM\n${several}`,
    [],
    /threads: threads is \d+, but the executor wasm computes with one\. Leave threads out\./,
  ],
  [
    "WebAssembly on a GPU",
    "executor = wasm\n",
    onGpu,
    /executor: the executor wasm computes on cpu, not on cuda:0\. Take the executor onnx\./,
  ],
  ["several threads on a GPU", several, onGpu, /threads: threads is \d+, but cuda:0 computes with one\./],
])("refuses %s before anything runs", async (_, lines, overrides, message) => {
  await expect(readExperiment(await written(lines), ["MONITOR.nb_processus=1", ...overrides])).rejects.toThrow(message);
});

test("threads hold for the processor among the devices", async () => {
  const overrides = ["MONITOR.nb_processus=1", "MONITOR.need_gpu=True", "MONITOR.gpu_available=cuda:0, cpu:0"];
  await expect(readExperiment(await written(several), overrides)).resolves.toBeDefined();
});

test("one thread, written or not, is the same run; more are another, whose bits may differ", () => {
  const { trainingOf } = byMeaning(new Map());
  expect(trainingOf({ lr: "1e-2", threads: "1" })).toEqual(trainingOf({ lr: "1e-2" }));
  expect(trainingOf({ lr: "1e-2", threads: "2" })).not.toEqual(trainingOf({ lr: "1e-2" }));
});
