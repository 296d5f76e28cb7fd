import { afterEach, expect, test } from "vitest";
import { config, data, net, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;
afterEach(() => workspace.close());

/** Writes down all that the program loads. */
const recorder = `import { registerHooks } from "node:module";
import { writeFileSync } from "node:fs";
const loaded = [];
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
process.on("exit", () => writeFileSync("loaded.txt", loaded.join("\\n")));
`;

/** What is heavy, and of no use to most commands. */
const heavy =
  /\/(tensor|training|statistics)\/src\/index|node_modules\/(yaml|onnxruntime-node|@stdlib|@napi-rs|vega[^/]*)\//;

test("commands load what they need", async () => {
  workspace = await openWorkspace({
    "config.ini": config({ sections: { DATA: data, NET: net } }),
    "recorder.mjs": recorder,
  });
  await workspace.run("run", "config.ini", "or.db");
  const loadedBy = async (...args: readonly string[]) => {
    const main = `${import.meta.dirname}/../bin/mosaic.ts`;
    const running = workspace.startProgram(process.execPath, ["--import", "./recorder.mjs", main, ...args]);
    expect(await running.finished).toMatchObject({ code: 0 });
    const loaded = (await workspace.read("loaded.txt")).split("\n");
    expect(loaded).toContainEqual(expect.stringContaining("/store/sqlite-store-reader.ts"));
    return [...new Set(loaded.flatMap((url) => heavy.exec(url)?.slice(1).filter(Boolean) ?? []))].toSorted();
  };
  expect(await loadedBy("status", "or.db")).toEqual([]);
  expect(await loadedBy("export", "or.db", "or.csv")).toEqual([]);
  expect(await loadedBy("run", "config.ini", "or.db", "--continue")).toEqual(["tensor", "training"]);
});
