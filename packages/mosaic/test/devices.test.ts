import { afterEach, beforeEach, expect, test } from "vitest";
import { config, data, dataModule, net, netModule, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace({
    "data.ts": `${dataModule}
import { appendFileSync, existsSync, readFileSync } from "node:fs";
const file = (name: string) => import.meta.dirname + "/" + name;
/** Notes when it starts and ends to have its device; where there is a file "together", not before another run has begun. */
export class Noting extends Data {
  override async prepare(data: unknown, runInfo: { seed: number; device?: string; run_id?: number }) {
    const note = (what: string) => appendFileSync(file("notes"), [what, runInfo.run_id, runInfo.device].join(" ") + "\\n");
    note("begin");
    while (existsSync(file("together")) && readFileSync(file("notes"), "utf8").split("begin").length < 3)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const loaders = await super.prepare(data, runInfo);
    note("end");
    return loaders;
  }
}`,
    "net.ts": netModule,
  });
});
afterEach(() => workspace.close());

async function write(devices: string, processes = 4): Promise<void> {
  const monitor = { need_gpu: "True", gpu_available: devices, nb_processus: processes };
  const sections = {
    DATA: { ...data, class: "Noting", size: 8, batch_size: 4, delay: 300 },
    NET: { ...net, width: "2, 3, 4, 5, 6" },
  };
  await workspace.write("config.ini", config({ monitor, sections }));
}

test("gives each listed device one run at a time; further runs wait", async () => {
  await write("cpu:0, cpu:1");
  await workspace.write("together", "");
  const finished = await workspace.run("run", "config.ini", "or.db");
  expect(finished.code, finished.stderr).toBe(0);
  const notes = (await workspace.read("notes"))
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  expect(notes).toHaveLength(10);
  const busy = new Map<string, string>();
  let most = 0;
  for (const [what, runId = "", device = ""] of notes) {
    if (what === "begin") {
      expect(busy.get(device), `run ${runId} on ${device}`).toBeUndefined();
      busy.set(device, runId);
    } else {
      expect(busy.get(device)).toBe(runId);
      busy.delete(device);
    }
    most = Math.max(most, busy.size);
  }
  expect(new Set(notes.map(([, , device]) => device))).toEqual(new Set(["cpu:0", "cpu:1"]));
  expect(most).toBe(2);
  expect(await workspace.read(".runs/or/run_info_1.mdt")).toMatch(/^device cpu:[01]$/m);
});

test("uses no more devices than processes", async () => {
  await write("cpu:0, cpu:1", 1);
  expect((await workspace.run("run", "config.ini", "or.db")).code).toBe(0);
  const notes = (await workspace.read("notes")).trim().split("\n");
  expect(new Set(notes.map((line) => line.split(" ")[2]))).toEqual(new Set(["cpu:0"]));
});

test("refuses devices that it cannot use before anything is written", async () => {
  await write("cpu:0, cuda:0");
  const finished = await workspace.run("run", "config.ini", "or.db");
  expect(finished).toMatchObject({ code: 2, stdout: "" });
  expect(finished.stderr).toContain("[MONITOR] gpu_available:");
  expect(finished.stderr).toContain("cuda:0");
  await write("cpu:0, cpu:0");
  expect((await workspace.run("run", "config.ini", "or.db")).stderr).toContain(
    'each once, or None, got "cpu:0, cpu:0"',
  );
  await write("None");
  expect((await workspace.run("run", "config.ini", "or.db")).stderr).toContain("no device is listed");
  expect(workspace.exists("or.db")).toBe(false);
  expect(workspace.exists("notes")).toBe(false);
});
