/** A folder with configuration and modules in which tests run the real commands as a user would. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { CommandHost, type Finished, type Running, startProgram as start } from "@ml-mosaic/testing";

const commands = join(import.meta.dirname, "../bin");
const mosaicFile = join(commands, "mosaic.ts");
const host = new CommandHost(new URL("./mosaic-commands.ts", import.meta.url).pathname);
export const example = join(import.meta.dirname, "../../../examples/or");

export type Row = Readonly<Record<string, SQLOutputValue>>;

export type Workspace = Awaited<ReturnType<typeof openWorkspace>>;

/**
 * The folder lies in the repository, where the modules find `@ml-mosaic/tensor` as in a user's project.
 *
 * @param files `data.ts` and `net.ts` are those of the tests where nothing else is said
 */
export async function openWorkspace(files: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(import.meta.dirname, ".tmp-"));
  // Commands that look for running experiments must find those of this test alone, and pause no others. It is short, as
  // the path of a socket must be.
  const runtime = await mkdtemp(join(tmpdir(), "mosaic-"));
  const environment = { ...process.env, XDG_RUNTIME_DIR: runtime, XDG_CONFIG_HOME: runtime, TMPDIR: runtime };
  const started: Running[] = [];
  const path = (name: string) => join(folder, name);
  const write = async (name: string, text: string) => {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), text);
  };
  for (const [name, text] of Object.entries({ "data.ts": dataModule, "net.ts": netModule, ...files }))
    await write(name, text);

  const startProgram = (program: string, args: readonly string[]): Running => {
    const running = start(program, args, { folder, environment });
    started.push(running);
    return running;
  };
  const startMosaic = (...args: readonly string[]) => startProgram(process.execPath, [mosaicFile, ...args]);
  const query = (database: string, sql: string, ...values: readonly (string | number)[]): readonly Row[] => {
    const connection = new DatabaseSync(path(database), { readOnly: true, timeout: 5000 });
    try {
      return connection.prepare(sql).all(...values);
    } finally {
      connection.close();
    }
  };

  return {
    folder,
    /** Where the processes of this workspace keep track of running experiments. */
    runtime,
    path,
    write,
    start: startMosaic,
    startProgram,
    query,
    read: (name: string) => readFile(path(name), "utf8"),
    list: (name: string) => readdir(path(name)),
    exists: (name: string) => existsSync(path(name)),
    /** `mosaic` in the process that all tests of a file share; beside another command in one of its own. */
    run: (...args: readonly string[]): Promise<Finished> =>
      host.isBusy ? startMosaic(...args).finished : host.run({ folder, environment, words: [mosaicFile, ...args] }),
    /** `mosaic_run` and the like. */
    runCommand: (name: string, ...args: readonly string[]) =>
      startProgram(process.execPath, [join(commands, `${name}.ts`), ...args]).finished,
    statuses: (database: string) =>
      query(database, "SELECT status FROM runs ORDER BY run_id").map(({ status }) => String(status)),
    /** What training has computed: everything of the history but the time that it took. */
    history: (database: string) =>
      query(
        database,
        "SELECT run_id, epoch, train_loss, test_loss, train_acc, test_acc, lr FROM history ORDER BY run_id, epoch",
      ),
    /** Fails when a process is left over. */
    async close(): Promise<void> {
      for (const running of started) running.kill("SIGKILL");
      const left = await processesGone(folder);
      for (const pid of left) process.kill(pid, "SIGKILL");
      for (const each of [folder, runtime]) await rm(each, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`processes outlived the test: ${left.join(", ")}`);
    },
  };
}

/** Waits until no process works in the folder any more, and returns those that still do after two minutes. */
export async function processesGone(folder: string): Promise<readonly number[]> {
  for (let attempt = 0; attempt < 2400; attempt++) {
    if (processesIn(folder).length === 0) return [];
    await wait(50);
  }
  return processesIn(folder);
}

/** Ids of the processes whose working folder this is: supervisors, and the workers that they have started. */
export function processesIn(folder: string): readonly number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === folder && !isZombie(pid);
      } catch {
        // It has ended meanwhile, or is not ours.
        return false;
      }
    });
}

function isZombie(pid: number): boolean {
  return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** From the process table. */
export function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

/** A process and all that it has started, the first of them first. */
export function treeOf(pid: number): readonly number[] {
  try {
    return [pid, ...childrenOf(pid).flatMap(treeOf)];
  } catch {
    return [];
  }
}

/** The tutorial of `examples/or` with other settings. */
export async function tutorial(replacements: Readonly<Record<string, string>>): Promise<Workspace> {
  const workspace = await openWorkspace();
  for (const name of ["dataset.ts", "mlp.ts"]) await copyFile(join(example, name), workspace.path(name));
  let text = await readFile(join(example, "config.ini"), "utf8");
  for (const [option, value] of Object.entries(replacements)) {
    const line = new RegExp(`^${option} = .*$`, "gm");
    if (!line.test(text)) throw new Error(`the example has no option ${option}`);
    text = text.replace(line, `${option} = ${value}`);
  }
  await workspace.write("config.ini", text);
  return workspace;
}

export type Options = Readonly<Record<string, string | number>>;

export interface ConfigParts {
  readonly process?: Options;
  readonly monitor?: Options;
  /** Sections by name, each with `type`, `class`, `path_to_class` and its options; `key` is added. */
  readonly sections: Readonly<Record<string, Options>>;
}

/** A configuration file; PROCESS and MONITOR have small defaults, `data` and `net` are the schemes. */
export function config({ process = {}, monitor = {}, sections }: ConfigParts): string {
  const section = (name: string, options: Options) =>
    [`[${name}]`, ...Object.entries(options).map(([option, value]) => `${option} = ${value}`), ""].join("\n");
  return [
    section("PROCESS", { lr: "1e-2", epochs: 2, data_scheme: "data", pipeline_scheme: "net", ...process }),
    section("MONITOR", { need_gpu: "False", gpu_available: "None", nb_processus: 1, multiplicity: 1, ...monitor }),
    ...Object.entries(sections).map(([name, options]) => section(name, { ...options, key: name })),
  ].join("\n");
}

/** A data set for tests, as a user would write it: `size` samples of x and x > 0, `delay` milliseconds to prepare. */
export const dataModule = `
import { createHash } from "node:crypto";
import { DataLoader, Generator, randn, TensorDataset } from "@ml-mosaic/tensor";

class LoggingLoader extends DataLoader {
  override epoch(...args: Parameters<DataLoader["epoch"]>) {
    const rows = super.epoch(...args);
    if (this.shuffle) console.log("order", [...rows.whole, ...rows.rest].join(","));
    return rows;
  }
}

export class Data {
  size: number; batchSize: number; delay: number;
  constructor({ size = 8, batch_size = 4, delay = 0 }: { size?: number; batch_size?: number; delay?: number }) {
    this.size = size; this.batchSize = batch_size; this.delay = delay;
  }
  async prepare(_data: unknown, runInfo: { seed: number }) {
    await new Promise((resolve) => setTimeout(resolve, this.delay));
    const x = randn([this.size, 2], { generator: new Generator(runInfo.seed).stream("data") });
    const y = x.sum(1, true).gt(0).float();
    const bytes = await x.data();
    console.log("data", createHash("sha256").update(new Uint8Array(bytes.buffer)).digest("hex"));
    const set = new TensorDataset(x, y);
    return [new LoggingLoader(set, { batchSize: this.batchSize, shuffle: true }), new LoggingLoader(set, { batchSize: this.batchSize })];
  }
  info() { return { batch_size: this.batchSize, input_size: 2, output_size: 1 }; }
}
`;

/** With a class that prepares its data as soon as the file `go` is beside it. */
export const waitingDataModule = `${dataModule}
import { existsSync } from "node:fs";
export class Waiting extends Data {
  override async prepare(...given: Parameters<Data["prepare"]>) {
    while (!existsSync(new URL("go", import.meta.url))) await new Promise((resolve) => setTimeout(resolve, 10));
    return super.prepare(...given);
  }
}
`;

/** A network for tests: \`layers\` hidden layers of \`width\`. */
export const netModule = `
import { nn, type Tensor } from "@ml-mosaic/tensor";

export class Net extends nn.Module {
  first: nn.Linear;
  hidden: nn.Linear[];
  output: nn.Linear;
  constructor({ width = 2, layers = 0, input_size, output_size }: Record<string, number>) {
    super();
    this.first = new nn.Linear(input_size, width);
    this.hidden = Array.from({ length: layers }, () => new nn.Linear(width, width));
    this.output = new nn.Linear(width, output_size);
  }
  forward(data: Tensor): Tensor {
    let x = this.first.forward(data).tanh();
    for (const layer of this.hidden) x = layer.forward(x).tanh();
    return this.output.forward(x);
  }
  info() { return {}; }
}
`;

export const data: Options = { type: "data", class: "Data", path_to_class: "./data.ts" };
export const net: Options = { type: "net", class: "Net", path_to_class: "./net.ts" };
