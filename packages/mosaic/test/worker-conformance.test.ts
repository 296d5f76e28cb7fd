/** The protocol between supervisor and worker, played against every kind of worker: whatever carries out runs keeps it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolderIn, until } from "@ml-mosaic/testing";
import type { EpochRecord } from "@ml-mosaic/training";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Project } from "../src/config/index.ts";
import { languages } from "../src/languages/languages.ts";
import type { ModuleSpec } from "../src/pipelines/pipeline.ts";
import type { RunOrder } from "../src/run/order.ts";
import { startWorker, type Work, type WorkerEnd, type WorkerProcess } from "../src/supervisor/worker-process.ts";
import type { FromWorker } from "../src/worker/messages.ts";
import { hasPython, python } from "./python-for-test.ts";

/** Modules whose option `mode` says what they do. */
const files: Readonly<Record<string, string>> = {
  "classes.ts": `import { DataLoader, nn, randn, type Tensor, TensorDataset } from "@ml-mosaic/tensor";
export class Data {
  async prepare() {
    const x = randn([8, 2]);
    const set = new TensorDataset(x, x.sum(1, true));
    return [new DataLoader(set, { batchSize: 4, shuffle: true }), new DataLoader(set, { batchSize: 4 })];
  }
  info() { return { batch_size: 4 }; }
}
export class Net extends nn.Module {
  mode: string;
  layer = new nn.Linear(2, 1);
  constructor({ mode }: { mode: string }) { super(); this.mode = mode; }
  forward(data: Tensor): Tensor {
    if (this.mode === "fail") throw new RangeError("as it was told");
    if (this.mode === "flood") for (let line = 0; line < 100_000; line++) console.log("a line of the flood");
    if (this.mode === "die") process.kill(process.pid, "SIGKILL");
    return this.layer.forward(data);
  }
  info() { return {}; }
}
`,
  "classes.py": `import os, signal, torch
from torch.utils.data import DataLoader, TensorDataset

class Data:
    def prepare(self, data, run_info, module_info):
        x = torch.randn(8, 2)
        data = TensorDataset(x, x.sum(1, keepdim=True))
        return DataLoader(data, batch_size=4, shuffle=True), DataLoader(data, batch_size=4)

    def info(self):
        return {"batch_size": 4}

class Net(torch.nn.Module):
    def __init__(self, mode):
        super().__init__()
        self.mode = mode
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, data, run_info, module_info):
        if self.mode == "fail":
            raise ValueError("as it was told")
        if self.mode == "flood":
            self.mode = "flooded"
            for line in range(100_000):
                print("a line of the flood")
        if self.mode == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return self.layer(data)

    def info(self):
        return {}

    def save_model(self, path):
        torch.save(self.state_dict(), path + ".pt")

    def load_model(self, path):
        self.load_state_dict(torch.load(path + ".pt"))
`,
  "program.sh": `trap 'exit 75' TERM
epoch=0
if [ -n "$MOSAIC_RESUME" ]; then epoch=$(cat "$MOSAIC_FILES/epoch"); fi
case $1 in
fail) echo "as it was told" >&2; exit 1 ;;
flood) yes "a line of the flood" | head -n 100000 ;;
esac
while [ $epoch -lt $2 ]; do
  epoch=$((epoch + 1))
  echo "{\\"mosaic\\": 1, \\"epoch\\": $epoch, \\"train_loss\\": 1, \\"test_loss\\": 0.5}"
  echo $epoch > "$MOSAIC_FILES/epoch"
  [ $2 -lt 10000 ] || sleep 0.1
done
`,
};

const classModules =
  (path: string) =>
  (mode: string): readonly ModuleSpec[] => [
    { type: "data", className: "Data", path, key: "data", options: {} },
    { type: "net", className: "Net", path, key: "net", options: { mode } },
  ];
const kinds = [
  { language: "TypeScript", modules: classModules("./classes.ts"), isThere: true, inOneProcess: true },
  { language: "Python", modules: classModules("./classes.py"), isThere: hasPython, inOneProcess: true },
  {
    language: "Program",
    modules: (mode: string): readonly ModuleSpec[] => [
      {
        type: "net",
        className: "Program",
        path: "ml-mosaic",
        key: "net",
        options: { command: "sh program.sh {mode} {epochs}", mode },
      },
    ],
    isThere: true,
    // Its death is an error of its own, and no worker's.
    inOneProcess: false,
  },
] as const;

let folder: string;
let project: Project;
beforeAll(async () => {
  // In the repository, where the classes find the engine.
  folder = temporaryFolderIn(import.meta.dirname);
  project = { folder, start: folder, python };
  await mkdir(join(folder, "files"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});

const endless = 1_000_000;

describe.each(kinds.filter(({ isThere }) => isThere))(
  "a worker of $language",
  ({ language, modules, inOneProcess }) => {
    let worker: WorkerProcess | undefined;
    afterEach(() => worker?.kill());

    const workOf = (
      runId: number,
      mode: string,
      epochs: number,
      earlierEpochs?: readonly EpochRecord[],
    ): Promise<Work> => {
      const order: RunOrder = {
        runId,
        pipeline: { modules: modules(mode), training: {} },
        process: { lr: "0.01", epochs: String(epochs), data_scheme: "data", pipeline_scheme: "net" },
        repetition: 0,
        seed: 2 ** 47 + 1,
        device: "cpu",
        executor: undefined,
        folder,
        files: undefined,
        acceptsCode: false,
        filesFolder: join(folder, "files"),
        earlierEpochs,
      };
      return languages[language].workOf(order, project);
    };

    async function start() {
      const messages: FromWorker[] = [];
      const nonsense: string[] = [];
      const seen: { end?: WorkerEnd } = {};
      const { program } = await workOf(1, "good", 1);
      const started = startWorker(program, {
        message: (message) => messages.push(message),
        nonsense: (why) => nonsense.push(why),
        progress: () => undefined,
        exit: (end) => {
          seen.end = end;
        },
      });
      worker = started;
      const send = async (token: number, ...order: Parameters<typeof workOf>) =>
        started.send({ kind: "run", token, order: (await workOf(...order)).order, tellsPrepared: true });
      /** Those of one kind of one run, as soon as there is one. */
      async function said<Kind extends FromWorker["kind"]>(kind: Kind, token: number) {
        const find = () =>
          messages.filter((each): each is FromWorker & { kind: Kind } => each.kind === kind && each.token === token);
        await until(() => find().length > 0 || nonsense.length > 0 || seen.end !== undefined, `${kind} of ${token}`);
        expect(nonsense).toEqual([]);
        const found = find().at(-1);
        if (found === undefined) throw new Error(`no ${kind}: ${JSON.stringify([messages, seen])}`);
        return found;
      }
      const recordsOf = (token: number) =>
        messages.flatMap((message) => (message.token === token && "records" in message ? message.records : []));
      return { send, said, recordsOf, worker: started, messages, seen };
    }

    test("carries out orders, gives them back, pauses and goes on, and keeps floods apart", async () => {
      const played = await start();
      await played.send(11, 1, "good", 3);
      await played.send(12, 2, "good", 3);
      await played.send(10, 6, "good", 1);
      played.worker.send({ kind: "withdraw", token: 12 });
      const done = await played.said("done", 11);
      expect(played.messages.filter(({ token }) => token === 11).map(({ kind }) => kind)[0]).toBe("prepared");
      expect(played.recordsOf(11).map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
      expect(done.result).toMatchObject({ epochs: 3, test_loss: expect.any(Number) });
      expect(done.artifacts).toContainEqual(expect.objectContaining({ kind: "log", path: "output_1.log" }));
      for (const { path } of done.artifacts) expect(existsSync(join(folder, "files", path)), path).toBe(true);
      // What is asked of a run that is not there concerns nobody.
      played.worker.send({ kind: "withdraw", token: 99 });
      played.worker.send({ kind: "pause", token: 11 });
      await played.said("withdrawn", 12);
      expect(played.messages.filter(({ token }) => token === 12)).toHaveLength(1);
      // What waited behind it has its turn.
      await played.said("done", 10);

      await played.send(13, 3, "good", endless);
      await played.said("epochs", 13);
      played.worker.send({ kind: "pause", token: 13 });
      const paused = await played.said("paused", 13);
      expect(paused.epochs).toBeGreaterThan(0);
      const earlier = new Map(played.recordsOf(13).map((record) => [record.epoch, record]));
      expect([...earlier.keys()]).toEqual(Array.from({ length: paused.epochs }, (_, index) => index + 1));
      await played.send(14, 3, "good", paused.epochs + 2, [...earlier.values()]);
      const resumed = await played.said("done", 14);
      expect(resumed.result.epochs).toBe(paused.epochs + 2);
      expect(new Set(played.recordsOf(14).map(({ epoch }) => epoch))).toEqual(
        new Set([paused.epochs + 1, paused.epochs + 2]),
      );

      await played.send(15, 4, "flood", 1);
      const { last } = await played.said("done", 15);
      const log = await readFile(join(folder, "files/output_4.log"), "utf8");
      expect(log.split("a line of the flood\n").length).toBeGreaterThan(100_000);
      expect(await readFile(join(folder, "files/output_3.log"), "utf8")).not.toContain("flood");

      // Who says that it takes no further run is replaced.
      if (last) played.worker.kill();
      const next = last ? await start() : played;
      await next.send(16, 5, "fail", 1);
      const failed = await next.said("failed", 16);
      expect(failed).toMatchObject({
        error: expect.stringContaining("as it was told"),
        trouble: null,
        codeChanged: false,
      });
      expect(await readFile(join(folder, "files/output_5.log"), "utf8")).toContain("as it was told");
    });

    test.runIf(inOneProcess)("dies as its modules do, and is known by the run that it had begun", async () => {
      const played = await start();
      await played.send(21, 6, "good", 1);
      await played.said("done", 21);
      await played.send(22, 7, "die", 1);
      await until(() => played.seen.end !== undefined, "its end");
      expect(played.seen.end).toMatchObject({ how: "killed by SIGKILL", begun: 22 });
      expect(played.messages.some(({ kind, token }) => token === 22 && kind !== "prepared")).toBe(false);
    });

    test.each([
      ["no frame", Buffer.from("Hello, world\n")],
      ["no message", Buffer.from("0000000425cbfc4f6e756c6c", "hex")],
    ])("ends where %s comes, and says so", async (_, bytes) => {
      const { program } = await workOf(1, "good", 1);
      const child = spawn(program.command, program.args, {
        env: { ...process.env, ...program.environment },
        cwd: folder,
        detached: true,
        stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", "pipe"],
      });
      let printed = "";
      child.stderr?.on("data", (text: Buffer) => {
        printed += text;
      });
      const [, , , channel, pulse] = child.stdio;
      channel?.on("error", () => undefined);
      pulse?.on("data", () => undefined);
      if (channel !== null && channel !== undefined && "write" in channel) channel.write(bytes);
      await once(child, "close");
      expect(printed.trim()).not.toBe("");
    });
  },
);
