/** What a run that sees nothing of its supervisor's folders says of its files, as it is passed on. */
import { hash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { exampleResult } from "../../test/store-conformance-examples.ts";
import type { FromWorker } from "../worker/messages.ts";
import { RunFolder } from "./run-folder.ts";

let root: string;
let folder: RunFolder;
beforeEach(() => {
  root = join(temporaryFolder(), "run");
  folder = new RunFolder(root);
});

/** As a worker does: under another name first. */
function write(name: string, text: string) {
  const path = join(folder.files, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}-new`, text);
  renameSync(`${path}-new`, path);
  return { kind: "model", path: name, sizeBytes: text.length, sha256: hash("sha256", text) };
}

const snapshot = (...artifacts: readonly ReturnType<typeof write>[]): FromWorker => {
  return { kind: "snapshot", token: 3, epochs: 1, artifacts };
};
const done = (...artifacts: readonly ReturnType<typeof write>[]): FromWorker => {
  const end = { token: 3, result: exampleResult, directions: {}, records: [], last: false };
  return { kind: "done", ...end, artifacts };
};

test("a snapshot whose files are the next one's by now, or gone, is not said", () => {
  const [model, first] = [write("model_A_17.bin", "a"), write("snapshot_17.safetensors", "first")];
  expect(folder.keep(17, snapshot(model, first))?.files?.files.map(({ digest }) => digest)).toEqual([
    model.sha256,
    first.sha256,
  ]);
  const second = write("snapshot_17.safetensors", "other");
  expect(folder.keep(17, snapshot(model, first))).toBeUndefined();
  expect(folder.keep(17, snapshot(model, second))?.message.kind).toBe("snapshot");
  rmSync(join(folder.files, "snapshot_17.safetensors"));
  expect(folder.keep(17, snapshot(model, second))).toBeUndefined();
});

test("a module's own files may have numbers", () => {
  const kept = folder.keep(17, done(write("layer_1.bin", "a"), write("page_2", "b")));
  expect(kept?.message.kind).toBe("done");
  expect(kept?.files?.files.map(({ name }) => name)).toEqual(["layer_1.bin", "page_2"]);
  expect(readFileSync(kept?.files?.pathOf(hash("sha256", "a")) ?? "", "utf8")).toBe("a");
});

test.each(["model_1.onnx", "model_A_1.bin", ".hidden", "a\\b", `model_17${"/x".repeat(16)}`])(
  "a run that would have %j put into the folder of run files has failed, and its log says more",
  (name) => {
    write("output_17.log", "log");
    const kept = folder.keep(17, done(write(name, "a")));
    expect(kept?.message).toMatchObject({ kind: "failed", token: 3, trouble: null });
    expect(kept?.message).toMatchObject({ error: expect.stringContaining(JSON.stringify(name)) });
    expect(kept?.files?.files.map(({ name }) => name)).toEqual(["output_17.log"]);
  },
);

test("where the folder is gone it is not the run's fault", () => {
  const model = write("model_17.onnx", "a");
  rmSync(root, { recursive: true });
  const kept = folder.keep(17, done(model));
  expect(kept?.message).toMatchObject({ kind: "failed", trouble: expect.stringContaining("the folder is gone") });
});
