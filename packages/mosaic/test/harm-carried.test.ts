/**
 * Workers that see nothing of the project are killed, cut off, and lose their supervisor, each in the middle of sending files:
 * nothing is lost or half there, and all comes to the bits and files of one machine. `npm run test:harm`, a minute.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { freePort, type Running, temporaryFolder, until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ordersFolder } from "../src/run/fence.ts";
import { canHide, type HiddenWorker, startHidden } from "./hidden-worker.ts";
import { hasPython, python as interpreter } from "./python-for-test.ts";
import { config, data, net, openWorkspace, type Workspace } from "./workspace.ts";

const runs = 4;
const isWanted = canHide && process.env.HARM_KILLS !== undefined;

let workspace: Workspace;
let supervisor: Running;
let direct: string;
let address: string;
let sockets: Socket[];
let close: () => void;
beforeEach(async () => {
  process.env.MOSAIC_TOKEN_FILE = join(temporaryFolder(), "token");
  workspace = await openWorkspace();
  // 40 MB of files each.
  const widths = Array.from({ length: runs }, (_, index) => 500_000 + index).join(", ");
  await workspace.write(
    "config.ini",
    config({ process: { epochs: 2 }, sections: { DATA: { ...data }, NET: { ...net, width: widths } } }),
  );
  direct = `127.0.0.1:${await freePort()}`;
  sockets = [];
  // What passes here can be cut off.
  const server = createServer((socket) => {
    const [host, port] = direct.split(":");
    const other = connect({ host, port: Number(port) });
    for (const each of [socket, other]) each.on("error", () => undefined);
    socket.pipe(other).pipe(socket);
    sockets.push(socket, other);
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  address = `127.0.0.1:${port}`;
  close = () => server.close();
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  close();
  await workspace.close();
});

async function begin(...args: readonly string[]): Promise<void> {
  supervisor = workspace.start("run", "config.ini", "or.db", "--only-workers", "--listen", direct, ...args);
  await supervisor.said("workers may come");
}

const worker = (): HiddenWorker => startHidden(workspace, address);
const folder = () => workspace.path(".runs/or");
/** In the middle of it: a file of those that come has begun, and the last one has not come. */
const isSending = () =>
  readdirSync(folder()).some((name) => name.startsWith(".staging") && readdirSync(join(folder(), name)).length > 0);

async function expectAll(): Promise<void> {
  const { code, stderr } = await supervisor.finished;
  expect(code, stderr).toBe(0);
  expect(workspace.statuses("or.db")).toEqual(Array.from({ length: runs }, () => "done"));
  expect((await workspace.run("run", "config.ini", "here.db")).code).toBe(0);
  expect(workspace.history("or.db")).toEqual(workspace.history("here.db"));
  const digest = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
  const names = readdirSync(workspace.path(".runs/here")).sort();
  // Where workers elsewhere have carried them out, notes of orders stay.
  const isOfRuns = (name: string) => name !== ordersFolder;
  expect(readdirSync(folder()).filter(isOfRuns).sort()).toEqual(names);
  const models = names.filter((name) => name.startsWith("model_"));
  const digests = (database: string) => models.map((name) => digest(workspace.path(`.runs/${database}/${name}`)));
  expect(digests("or")).toEqual(digests("here"));
  for (const { path, sha256 } of workspace.query(
    "or.db",
    "SELECT path, sha256 FROM artifacts WHERE sha256 IS NOT NULL",
  ))
    expect(digest(join(folder(), String(path)))).toBe(sha256);
}

test.skipIf(!isWanted)("kill -9 of a worker", { timeout: 600_000 }, async () => {
  await begin();
  for (let index = 0; index < 3; index++) {
    const { running } = worker();
    await until(isSending, "files that come", 300);
    running.kill("SIGKILL");
    await supervisor.said("is gone");
    await until(() => !isSending(), "that nothing is left of them");
  }
  worker();
  worker();
  await expectAll();
});

test.skipIf(!isWanted)("a connection that is torn, with two workers", { timeout: 600_000 }, async () => {
  await begin();
  worker();
  worker();
  for (let index = 0; index < 3; index++) {
    await until(isSending, "files that come", 300);
    for (const socket of sockets.splice(0)) socket.destroy();
    await until(() => sockets.length > 0, "that it comes again");
  }
  await expectAll();
});

test.skipIf(!isWanted)("kill -9 of the supervisor", { timeout: 600_000 }, async () => {
  await begin();
  worker();
  for (let index = 0; index < 2; index++) {
    await until(isSending, "files that come", 300);
    supervisor.kill("SIGKILL");
    await supervisor.finished;
    await begin("--continue");
  }
  await expectAll();
});

const pythonData = `
import torch
from torch.utils.data import DataLoader, TensorDataset
from parts.batch import batch_size

class Data:
    def __init__(self, file):
        self.size = int(open(file).read())

    def prepare(self, data, run_info, module_info):
        features = torch.rand(self.size, 2)
        pairs = TensorDataset(features, features.sum(dim=1, keepdim=True))
        return DataLoader(pairs, batch_size=batch_size, shuffle=True), DataLoader(pairs, batch_size=batch_size)

    def info(self):
        return {"batch_size": batch_size, "input_size": 2}
`;
const pythonNet = `
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, input_size, width: int):
        super().__init__()
        self.layer = nn.Linear(input_size, 1)

    def forward(self, data, run_info, module_info):
        return self.layer(data)

    def info(self):
        return {}

    def save_model(self, path):
        torch.save(self.state_dict(), path + ".pt")

    def load_model(self, path):
        self.load_state_dict(torch.load(path + ".pt"))
`;

test.skipIf(!isWanted || !hasPython)("Python classes, of which nobody is harmed", { timeout: 600_000 }, async () => {
  const python = { "py/data.py": pythonData, "py/net.py": pythonNet, "py/parts/batch.py": "batch_size = 4\n" };
  for (const [name, text] of Object.entries({ ...python, "data/size": "16" })) await workspace.write(name, text);
  await workspace.write(
    "config.ini",
    config({
      monitor: { data_root: "data", python: interpreter },
      sections: {
        DATA: { type: "data", class: "Data", path_to_class: "./py/data.py", file: "data/size" },
        NET: { type: "net", class: "Net", path_to_class: "./py/net.py", width: "2, 3, 4, 5" },
      },
    }),
  );
  const there = temporaryFolder();
  writeFileSync(join(there, "size"), "16");
  await begin();
  startHidden(workspace, address, "--data-root", there, "--python", interpreter);
  await expectAll();
});
