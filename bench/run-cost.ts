/**
 * Processor time of a run of one step, in milliseconds: of the whole command, of the run alone as a worker carries it out, by
 * part, and of a loop of what no design can leave out. `bench/throughput.ts` says what comes of it in runs a second.
 *
 * On a busy machine figures compare within one call only.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { compileEvaluation, compileTraining, Generator, nn, optim, type Tensor } from "@ml-mosaic/tensor";
import { generatePipelines, processTexts, readExperiment } from "../packages/mosaic/src/config/index.ts";
import { readExperimentCode } from "../packages/mosaic/src/experiment/plan.ts";
import { beginUserFiles } from "../packages/mosaic/src/modules/user-files.ts";
import { executeRun } from "../packages/mosaic/src/run/execute-run.ts";
import type { RunOrder } from "../packages/mosaic/src/run/order.ts";
import { watchSharedState } from "../packages/mosaic/src/worker/shared-state.ts";

const warmUp = 300;
const measured = 600;
/** Of whole commands: the difference is what a run costs beside the start, once all is compiled. */
const few = 1000;
const many = 4000;
/** Runs whose results a transaction of the loop holds. */
const group = 16;

const examples = new URL("../examples/or/", import.meta.url).pathname;
const mosaic = new URL("../packages/mosaic/bin/mosaic.ts", import.meta.url).pathname;

type Artifacts = "none" | "all";

function configuration(artifacts: Artifacts, runs: number): string {
  const rates = Array.from({ length: runs / 2 }, (_, index) => `${index + 1}e-5`);
  return readFileSync(join(examples, "config.ini"), "utf8")
    .replace(/lr = .*/, `lr = ${rates.join(", ")}`)
    .replace(/epochs = .*/, `epochs = 1\nartifacts = ${artifacts}\nexecutor = wasm`)
    .replace(/multiplicity = .*/, "multiplicity = 1")
    .replace(/batch_size = .*/, "batch_size = 16")
    .replace(/data_size = .*/, "data_size = 20")
    .replaceAll(/width = .*/g, "width = 2")
    .replaceAll("path_to_class = ./", "path_to_class = ../");
}

const milliseconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000;

async function perRun(work: (index: number) => Promise<void>): Promise<number> {
  for (let index = 0; index < warmUp; index++) await work(index);
  const start = process.cpuUsage();
  for (let index = 0; index < measured; index++) await work(warmUp + index);
  return milliseconds(process.cpuUsage(start)) / measured;
}

/** Of the whole command, with its workers. */
function commandMilliseconds(folder: string, artifacts: Artifacts, runs: number): number {
  const name = `${artifacts}-${runs}`;
  writeFileSync(join(folder, `${name}.ini`), configuration(artifacts, runs));
  const words = [mosaic, "run", join(folder, `${name}.ini`), join(folder, `${name}.db`)];
  const start = childrenMilliseconds();
  const { status } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", ...words]);
  if (status !== 0) throw new Error(`mosaic run has ended with exit code ${status}`);
  return childrenMilliseconds() - start;
}

/** Of the children of this process that have ended, and theirs (Linux). */
function childrenMilliseconds(): number {
  const text = readFileSync("/proc/self/stat", "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return 10 * (Number(fields[13]) + Number(fields[14]));
}

async function ordersOf(folder: string, artifacts: Artifacts): Promise<readonly RunOrder[]> {
  const file = join(folder, `orders-${artifacts}.ini`);
  writeFileSync(file, configuration(artifacts, warmUp + measured));
  const experiment = await readExperiment(file, []);
  const { files } = await readExperimentCode(experiment);
  // As in a process that has not looked at them.
  beginUserFiles(undefined);
  const filesFolder = artifacts === "none" ? undefined : join(folder, "files");
  if (filesFolder !== undefined) mkdirSync(filesFolder);
  return Array.from(generatePipelines(experiment), (pipeline, runId) => ({
    runId,
    pipeline,
    process: processTexts(experiment.process, pipeline),
    repetition: 0,
    seed: 0,
    device: "cpu",
    folder: experiment.folder,
    files: Object.fromEntries(files),
    acceptsCode: false,
    filesFolder,
    executor: undefined,
    earlierEpochs: undefined,
  }));
}

/** As `worker/main.ts` carries runs out, without a channel and a log. */
async function aloneMilliseconds(folder: string, artifacts: Artifacts) {
  const orders = await ordersOf(folder, artifacts);
  const changed = watchSharedState();
  const run = async (index: number) => {
    const order = orders[index % orders.length];
    if (order === undefined) return;
    await executeRun(order, {
      onPrepared: () => undefined,
      onWork: () => undefined,
      onEpoch: () => undefined,
      pause: new AbortController().signal,
      onSnapshot: () => undefined,
    });
    changed();
  };
  const whole = await perRun(run);
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 300 });
  await session.post("Profiler.start");
  for (let index = 0; index < measured; index++) await run(index);
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  return { whole, parts: partsOf(profile) };
}

/** Parts by the innermost file of a stack that tells one. */
const parts: readonly (readonly [part: string, files: RegExp])[] = [
  ["what the run has left in shared objects", /worker\/shared-state/],
  ["user files: kept, checked, loaded", /modules\/(user-files|watch-values|load-class)|class-source/],
  ["settings of [PROCESS]", /mosaic\/src\/config\/|configurable\/src|\/components\//],
  ["digest of the data", /data-digest/],
  ["files", /run-files|save-run|snapshot|tensor\/src\/(io|onnx)\/|base\/src\/|run-info/],
  ["keys of programs", /program\/(step-key|key-writer|loop-key|random-keys)/],
  ["tracing", /graph\/|model-step|tensor\/src\/(methods|ops|losses|functional)\/|program\/step\.ts/],
  ["planning", /tensor\/src\/program\/|run-programs/],
  ["running", /tensor\/src\/(wasm|runtime)\/|training\/src\/epoch/],
  ["initial values and shuffles", /tensor\/src\/(random|variable)|nn\/init/],
  ["modules: constructing, forward", /modules\/construct|run\/chain|tensor\/src\/nn\/|examples\/or\/mlp/],
  ["data and loaders", /examples\/or\/dataset|tensor\/src\/(data|rows)|loaders/],
  ["the rest of a run", /mosaic\/src|training\/src/],
];

function partsOf({ nodes, samples = [], timeDeltas = [] }: import("node:inspector").Profiler.Profile) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const partOf = (id: number): string | undefined => {
    const { functionName, url } = byId.get(id)?.callFrame ?? { functionName: "", url: "" };
    if (functionName === "(idle)") return undefined;
    if (functionName === "(garbage collector)") return "garbage collection";
    const found = parts.find(([, files]) => files.test(url))?.[0];
    const parent = parents.get(id);
    return found ?? (parent === undefined ? "Node" : partOf(parent));
  };
  const shares = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const part = partOf(id);
    if (part === undefined) continue;
    // A sample that the system has delayed counts no more than others.
    const delta = Math.min(timeDeltas[index + 1] ?? 0, 1000);
    shares.set(part, (shares.get(part) ?? 0) + delta);
    total += delta;
  }
  return new Map([...shares].sort((a, b) => b[1] - a[1]).map(([part, time]) => [part, time / total]));
}

/**
 * Loads a file, makes a model, traces, plans, runs a step and an evaluation, and stores results in groups. Programs that have
 * been compiled are kept, as everywhere.
 *
 * @param loads afresh for each run
 */
async function leastMilliseconds(folder: string, loads: boolean): Promise<number> {
  const { stripTypeScriptTypes } = await import("node:module");
  const file = join(folder, "mlp.mjs");
  writeFileSync(file, stripTypeScriptTypes(readFileSync(join(examples, "mlp.ts"), "utf8")));
  const database = new DatabaseSync(join(folder, `least-${loads}.db`));
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE results (run INTEGER PRIMARY KEY, train REAL, test REAL)",
  );
  const insert = database.prepare("INSERT INTO results VALUES (?, ?, ?)");
  const loss = new nn.MSELoss();
  const fields = [
    { shape: [16, 2], dtype: "float32" as const, data: Float32Array.from({ length: 32 }, (_, index) => index % 2) },
    { shape: [16, 1], dtype: "float32" as const, data: new Float32Array(16).fill(1) },
  ];
  let results: (readonly [number, number, number])[] = [];
  const least = await perRun(async (index) => {
    const { MlpBrick } = await import(`${file}${loads ? `?${index}` : ""}`);
    const model = new MlpBrick({ length: 4, width: 2, input_size: 2, output_size: 1 });
    model.initialize(new Generator(0));
    const step = ([x, y]: readonly Tensor[]) => {
      if (x === undefined || y === undefined) throw new RangeError("a batch has features and targets");
      return { loss: loss.forward(model.forward(x), y) };
    };
    const options = { fields, batchSize: 16, executor: "wasm" as const, step };
    const optimizer = optim.Adam({ lr: (index + 1) * 1e-5 });
    const training = await compileTraining({ ...options, parameters: model.parameters(), optimizer });
    const evaluation = compileEvaluation({ ...options, layout: training.layout });
    const chunk = {
      rows: Int32Array.from({ length: 16 }, (_, row) => row),
      batchSize: 16,
      generator: new Generator(1),
    };
    const trained = await training.run(training.initialState, { ...chunk, lr: optimizer.lr });
    const judged = await evaluation.run(trained.state, chunk);
    training.store(trained.state);
    training.release();
    evaluation.release();
    results.push([index, Number(trained.values.loss?.[0]), Number(judged.loss?.[0])]);
    if (results.length < group) return;
    database.exec("BEGIN");
    for (const each of results) insert.run(...each);
    database.exec("COMMIT");
    results = [];
  });
  database.close();
  return least;
}

console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores, node ${process.versions.node}; milliseconds of user and system time`,
);
const folder = mkdtempSync(join(examples, ".bench-"));
try {
  for (const artifacts of ["none", "all"] as const) {
    const { whole, parts } = await aloneMilliseconds(folder, artifacts);
    console.log(`artifacts = ${artifacts}: a run in a worker ${whole.toFixed(2)}, of that`);
    for (const [part, share] of parts)
      console.log(`  ${(whole * share).toFixed(2)}  ${(100 * share).toFixed(0).padStart(2)} %  ${part}`);
    const command =
      (commandMilliseconds(folder, artifacts, many) - commandMilliseconds(folder, artifacts, few)) / (many - few);
    console.log(
      `  a run of the whole command ${command.toFixed(2)}: supervisor, messages, leases and log ${(command - whole).toFixed(2)}`,
    );
  }
  console.log(
    `what no design can leave out: ${(await leastMilliseconds(folder, true)).toFixed(2)} a run, with its file loaded once for all ${(await leastMilliseconds(folder, false)).toFixed(2)}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
