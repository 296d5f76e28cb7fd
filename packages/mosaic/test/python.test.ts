/** Runs of Python classes through all commands: what goes on, goes on as if nothing had happened. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { until } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { earlierForms } from "../src/experiment/earlier-identities.ts";
import { readExperimentOrigins } from "../src/experiment/experiment-origin.ts";
import { runIdentity } from "../src/experiment/identity.ts";
import { processParams } from "../src/pipelines/run-params.ts";
import { openSqliteStore } from "../src/store/index.ts";
import { hasPython, python } from "./python-for-test.ts";
import { openWorkspace } from "./workspace.ts";

const dataset = `import os
import time
import torch
from torch.utils.data import DataLoader, TensorDataset


class Slow(TensorDataset):
\tdef __getitem__(self, index):
\t\ttime.sleep(0.02 if os.path.exists("slow") else 0.001)
\t\treturn super().__getitem__(index)


class Data:
\tdef __init__(self, size, batch_size):
\t\tself.size, self.batch_size = int(size), int(batch_size)

\tdef prepare(self, data, run_info, module_info):
\t\tassert module_info["size"] == str(self.size) and module_info["class"] == "Data"
\t\tfeatures = torch.rand(self.size, 2)
\t\ttargets = features.sum(dim=1)
\t\treturn (
\t\t\tDataLoader(Slow(features, targets), batch_size=self.batch_size, shuffle=True),
\t\t\tDataLoader(TensorDataset(features, targets), batch_size=self.batch_size),
\t\t)

\tdef info(self):
\t\treturn {"batch_size": self.batch_size, "input_size": 2}
`;

const net = `import os
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, input_size, width: int, dropout: float = 0.2, label=None):
        super().__init__()
        assert label == "008" and width in (3, 5)
        self.layers = nn.Sequential(nn.Linear(input_size, width), nn.Dropout(dropout), nn.Linear(width, 1))
        if os.path.exists("broken"):
            raise ValueError("the file broken is there")

    def forward(self, data, run_info, module_info):
        return self.layers(data)

    def info(self):
        return {}

    def save_model(self, path):
        torch.save(self.state_dict(), path + ".pt")

    def load_model(self, path):
        self.load_state_dict(torch.load(path + ".pt"))
`;

const config = `[PROCESS]
lr = 0.01
epochs = 4
optimizer = SGD(momentum=0.9)
clip_norm = 0.5
accumulate = 2
average_decay = 0.9
data_scheme = data
pipeline_scheme = model
metrics = mae

[MONITOR]
need_gpu = False
gpu_available = None
nb_processus = 1
multiplicity = 1
python = ${python}

[DATA]
type = data
class = Data
path_to_class = ./dataset.py
size = 80
batch_size = 8
key = sums

[NET]
type = model
class = Net
path_to_class = ./net.py
width = 3, 5
dropout = 0.2
label = "008"
key = net_{width}
`;

describe.skipIf(!hasPython)("Python classes", () => {
  test("pause --now, resume, kill -9, --continue and rerun give what an undisturbed run gives", async () => {
    await using workspace = await opened({ "dataset.py": dataset, "net.py": net, "config.ini": config });
    const dry = await workspace.run("run", "config.ini", "whole.db", "--dry-run");
    expect(dry, dry.stderr).toMatchObject({
      code: 0,
      stdout: "All 2 pipelines can be constructed. Nothing was trained.\n",
    });
    const whole = await workspace.run("run", "config.ini", "whole.db", "PROCESS.epochs=6");
    expect(whole.code, whole.stderr).toBe(0);

    // It is not to be over before it is asked.
    await writeFile(workspace.path("slow"), "");
    const running = workspace.start("run", "config.ini", "or.db");
    const hasEpoch = (epoch: number) => () =>
      workspace.query("or.db", `SELECT 1 FROM history WHERE epoch >= ${epoch}`).length > 0;
    await until(hasEpoch(1), "an epoch");
    const paused = await workspace.run("pause", "left.json", "--now");
    expect(paused.code, paused.stderr).toBe(0);
    expect((await running.finished).code).toBe(3);
    expect(workspace.statuses("or.db")).toContain("paused");
    const resuming = workspace.start("resume", "left.json");
    await until(hasEpoch(2), "another epoch");
    resuming.kill("SIGKILL");
    await resuming.finished;
    await rm(workspace.path("slow"));
    const continued = await workspace.run("run", "config.ini", "or.db", "--continue");
    expect(continued.code, continued.stderr).toBe(0);
    const further = await workspace.run("rerun", "config.ini", "or.db", "--id", "1-2", "--epochs", "2");
    expect(further.code, further.stderr).toBe(0);
    const history = workspace.history("or.db");
    expect(history).toHaveLength(12);
    expect(history).toEqual(workspace.history("whole.db"));
    expect(await workspace.list(".runs/or")).toEqual(
      expect.arrayContaining(["history_1.pt", "run_info_1.mdt", "output_1.log", "snapshot_1.safetensors"]),
    );

    const [status, shown, compared, exported, plotted] = [
      await workspace.run("status", "or.db", "--check"),
      await workspace.run("show", "or.db", "1"),
      await workspace.run("compare", "or.db"),
      await workspace.run("export", "or.db", "runs.csv"),
      await workspace.run("plotloss", "or.db", "losses.svg", "--id", "all"),
    ];
    for (const { code, stderr } of [status, shown, compared, exported, plotted]) expect(code, stderr).toBe(0);
    expect(status.stdout).toContain("Nothing is damaged.");
    expect(shown.stdout).toMatch(/torch \d/);
    expect(compared.stdout).toContain("On sums");
    expect(await workspace.read("runs.csv")).toContain("test_mean_absolute_error");
    expect(await workspace.read("losses.svg")).toContain("<svg");

    // What a signature says by default makes no other runs, written out or not, nor where it did before.
    await countAsBefore(workspace.path("or.db"));
    const unwritten = await workspace.run(
      "run",
      "config.ini",
      "or.db",
      "--continue",
      "PROCESS.epochs=6",
      "NET.dropout=",
    );
    expect(unwritten.stderr).toContain("2 runs done before, 0 unfinished taken up, 0 new");

    // The text of a class makes other runs of them.
    await writeFile(workspace.path("net.py"), `${await readFile(workspace.path("net.py"), "utf8")}\n# changed\n`);
    const refused = await workspace.run("rerun", "config.ini", "or.db", "--id", "1");
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("./net.py has changed since run 1 began"),
    });
    const anew = await workspace.run("run", "config.ini", "or.db", "--continue", "NET.width=3", "PROCESS.epochs=1");
    expect(anew.stderr).toContain("1 of the new were trained before with another text of ./net.py");
    expect(anew.code, anew.stderr).toBe(0);
  });
});

/** Gives all runs the identities that they had when defaults of signatures counted where they were written out. */
async function countAsBefore(path: string): Promise<void> {
  const store = await openSqliteStore(path, { create: false });
  try {
    const [origin] = await readExperimentOrigins(store);
    const form = earlierForms(new Map()).at(-1);
    if (origin === undefined || form === undefined) throw new Error("no experiment, or no form");
    const identities: [runId: number, identity: string][] = [];
    for await (const { runId, pipeline, params, details } of store.runs({}))
      if (pipeline !== undefined) {
        const parts = { digests: origin.modules, ...form };
        const identity = runIdentity(pipeline, processParams(pipeline, params), details?.repetition ?? 0, parts);
        identities.push([runId, identity]);
      }
    await store.updateIdentities(identities);
  } finally {
    await store.close();
  }
  const database = new DatabaseSync(path);
  database.exec("UPDATE experiments SET configuration = json_set(configuration, '$.identities', 'by meaning')");
  database.close();
}

async function opened(files: Readonly<Record<string, string>>) {
  const workspace = await openWorkspace(files);
  // Each in a process of its own: what Python says of a class is asked once for all that a command does.
  const run = (...args: readonly string[]) => workspace.start(...args).finished;
  return { ...workspace, run, [Symbol.asyncDispose]: () => workspace.close() };
}
