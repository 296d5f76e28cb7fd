/** A database finds its files by its own id: after it was moved, renamed or copied, and beside others of its name. */
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { exampleResult, exampleRun, leaseRun } from "../../test/store-conformance-examples.ts";
import { checkFence, raiseFence } from "../run/fence.ts";
import { copyDatabase, openSqliteReader, openSqliteStore } from "../store/index.ts";
import { folderRecord, readExperimentOrigins } from "./experiment-origin.ts";
import { filesFoldersIn, openFilesFolders } from "./files-folders.ts";

let root: string;
beforeEach(async () => {
  root = temporaryFolder("mosaic files ");
  await mkdir(join(root, "project"));
  await writeFile(join(root, "project", "c.ini"), "");
});

const place = (...names: readonly string[]) => join(root, ...names);
const said: string[] = [];
beforeEach(() => said.splice(0));

/** Carries out one more run of a database, whose only file is a snapshot with this text. Returns where it lies. */
async function work(database: string, text: string, project = "project"): Promise<string> {
  const store = await openSqliteStore(database);
  const folder = place(project);
  const experimentId = await store.createExperiment({
    configuration: JSON.stringify({ file: "c.ini", ...folderRecord({ folder, start: folder }, store.location) }),
    engineVersion: "",
    machineJson: "{}",
  });
  await store.addRuns(experimentId, [exampleRun()]);
  const files = (await openFilesFolders(store, { experimentId, folder }, (line) => said.push(line))).of({}) ?? "";
  const lease = await leaseRun(store, experimentId);
  const name = `snapshot_${lease.runId}.safetensors`;
  await writeFile(join(files, name), text);
  const artifacts = [{ kind: "snapshot", path: name, sizeBytes: text.length }];
  await store.completeRun(lease, { result: exampleResult, artifacts });
  await store.close();
  return files;
}

/** The text of a run's snapshot, where its reader finds it. */
async function snapshotOf(database: string, runId: number): Promise<string> {
  const reader = await openSqliteReader(database);
  try {
    const { folder } = (await readExperimentOrigins(reader)).at(-1) ?? { folder: "" };
    for (const files of await filesFoldersIn(join(folder, ".runs"), reader)) {
      const text = await readFile(join(files, `snapshot_${runId}.safetensors`), "utf8").catch(() => undefined);
      if (text !== undefined) return text;
    }
    return "";
  } finally {
    await reader.close();
  }
}

test("in a project that was moved", async () => {
  await work(place("project", "a.db"), "one");
  await rename(place("project"), place("moved"));
  expect(await snapshotOf(place("moved", "a.db"), 1)).toBe("one");
  expect(await work(place("moved", "a.db"), "two", "moved")).toBe(place("moved", ".runs", "a"));
  expect(await readFile(place("moved", ".runs", "a", ".database"), "utf8")).toContain(place("moved", "a.db"));
  expect(await snapshotOf(place("moved", "a.db"), 2)).toBe("two");
});

test("in a database that was renamed", async () => {
  await work(place("project", "a.db"), "one");
  await rename(place("project", "a.db"), place("b.db"));
  expect(await snapshotOf(place("b.db"), 1)).toBe("one");
  expect(await work(place("b.db"), "two")).toBe(place("project", ".runs", "a"));
  expect(said).toEqual([]);
});

test("in another database of the same name, which leaves the first one's alone", async () => {
  await work(place("project", "a.db"), "one");
  await mkdir(place("elsewhere"));
  expect(await work(place("elsewhere", "a.db"), "other")).toMatch(/\.runs\/a-[0-9a-f]{8}$/);
  expect(said).toEqual([
    expect.stringContaining(`holds the run files of another database of this name (${place("project", "a.db")})`),
  ]);
  expect(await snapshotOf(place("project", "a.db"), 1)).toBe("one");
  expect(await snapshotOf(place("elsewhere", "a.db"), 1)).toBe("other");
});

test("in a new database where a deleted one has left its files", async () => {
  await work(place("project", "a.db"), "one");
  await rm(place("project", "a.db"));
  const files = await work(place("project", "a.db"), "new");
  expect(said).toEqual([
    `${place("project", ".runs", "a")} holds the run files of an earlier database of this path, and is left as it is; those of this one are in ${files}`,
  ]);
  expect(await readFile(place("project", ".runs", "a", "snapshot_1.safetensors"), "utf8")).toBe("one");
  expect(await snapshotOf(place("project", "a.db"), 1)).toBe("new");
});

test.each([
  ["mosaic savedb", copyDatabase],
  ["cp", copyFile],
])("in a copy by %s, which reads the original's and writes its own", async (_, copy) => {
  const [a, b, c] = [place("project", "a.db"), place("project", "b.db"), place("project", "c.db")];
  await work(a, "one");
  await copy(a, b);
  expect(await snapshotOf(b, 1)).toBe("one");
  expect(await work(b, "two of b")).toBe(place("project", ".runs", "b"));
  expect(await work(a, "two of a")).toBe(place("project", ".runs", "a"));
  await copy(b, c);
  await work(c, "three of c");
  const texts = [];
  for (const [database, runId] of [
    [a, 2],
    [b, 1],
    [b, 2],
    [c, 1],
    [c, 2],
    [c, 3],
  ] as const)
    texts.push(await snapshotOf(database, runId));
  expect(texts).toEqual(["two of a", "one", "two of b", "one", "two of b", "three of c"]);
});

test("in a project that was copied", async () => {
  await work(place("project", "a.db"), "one");
  await cp(place("project"), place("copied"), { recursive: true });
  expect(await work(place("copied", "a.db"), "two", "copied")).toMatch(/copied\/\.runs\/a-[0-9a-f]{8}$/);
  expect(await snapshotOf(place("copied", "a.db"), 1)).toBe("one");
  expect(await readdir(place("project", ".runs", "a"))).toEqual([".database", "snapshot_1.safetensors"]);
});

test("brings files of the original where a copy's run goes on", async () => {
  const [a, b] = [place("project", "a.db"), place("project", "b.db")];
  await work(a, "one");
  await copyDatabase(a, b);
  const store = await openSqliteStore(b);
  const experimentId = await store.createExperiment({ configuration: "{}", engineVersion: "", machineJson: "{}" });
  await store.continueRuns(experimentId, [{ runId: 1, epochs: 9 }]);
  await openFilesFolders(store, { experimentId, folder: place("project") }, expect.unreachable);
  await store.close();
  expect(await readFile(place("project", ".runs", "b", "snapshot_1.safetensors"), "utf8")).toBe("one");
});

test.each(["", "\n", " \n"])("a mark that says nothing (%j) is nobody's", async (text) => {
  await mkdir(place("project", ".runs", "a"), { recursive: true });
  await writeFile(place("project", ".runs", "a", ".database"), text);
  expect(await work(place("project", "a.db"), "one")).toBe(place("project", ".runs", "a"));
  expect(await work(place("project", "a.db"), "two")).toBe(place("project", ".runs", "a"));
  expect((await readdir(place("project", ".runs", "a"))).sort()).toEqual([
    ".database",
    "snapshot_1.safetensors",
    "snapshot_2.safetensors",
  ]);
});

test("when all is done, no order that went elsewhere publishes, and those of a later experiment do", async () => {
  const store = await openSqliteStore(place("project", "a.db"));
  const ordered = async () => {
    const experimentId = await store.createExperiment({ configuration: "{}", engineVersion: "", machineJson: "{}" });
    await store.addRuns(experimentId, [exampleRun()]);
    const folders = await openFilesFolders(
      store,
      { experimentId, folder: place("project") },
      expect.unreachable,
      "gone",
    );
    const { runId, token: fence } = await leaseRun(store, experimentId);
    return { folders, order: { filesFolder: folders.of({}), runId, fence } };
  };
  const first = await ordered();
  await first.folders.clear("any");
  raiseFence(first.order);
  expect(() => checkFence(first.order)).toThrow("given to another worker");
  const second = await ordered();
  raiseFence(second.order);
  checkFence(second.order);
  await store.close();
});
