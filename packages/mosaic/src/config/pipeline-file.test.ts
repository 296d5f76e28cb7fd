import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFolder } from "../../test/test-config.ts";
import { MosaicError } from "../errors.ts";
import { parsePipeline } from "../pipelines/flat-pipeline.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { readPipelineFile, writePipelineFile } from "./pipeline-file.ts";

let folder: Awaited<ReturnType<typeof openFolder>>;
beforeAll(async () => {
  folder = await openFolder();
});
afterAll(() => folder.close());

const entry = { type: "mlp", class: "Mlp", path_to_class: "./mlp.ts", width: "2", key: "k" };
const flat = [[entry, { type: "process", lr: "1e-2", name: "PROCESS" }], [{ ...entry, width: "ü\n\u2028" }]];
const pipelines = flat.flatMap((each) => {
  const parsed = parsePipeline(each);
  return parsed.ok ? [parsed.pipeline] : [];
});
const module = { type: "mlp", className: "Mlp", path: "./mlp.ts", key: "k" };

async function readAll(file: string): Promise<readonly Pipeline[]> {
  const read: Pipeline[] = [];
  await readPipelineFile(file, (pipeline) => read.push(pipeline));
  return read;
}

function* failing() {
  yield* pipelines;
  throw new Error("generation failed");
}

describe("pipeline file", () => {
  test("comes back as it was written, in the seed's layout", async () => {
    const file = folder.path("pipelines.json");
    expect(await writePipelineFile(file, pipelines)).toBe(2);
    expect(JSON.stringify(await readAll(file))).toBe(JSON.stringify(pipelines));
    const text = await readFile(file, "utf8");
    expect(text).toMatch(/^\[\n\t\[\n\t\t\{\n\t\t\t"type": "mlp",\n/);
    expect(text).toBe(`${JSON.stringify(flat, null, "\t")}\n`);
  });

  test("keeps the old file when writing fails, and leaves nothing behind", async () => {
    const file = await folder.write("old", "kept.json");
    await expect(writePipelineFile(file, failing())).rejects.toThrow("generation failed");
    await expect(writePipelineFile(file, [])).rejects.toMatchObject({ code: "NO_PIPELINES" });
    expect(await readFile(file, "utf8")).toBe("old");
    expect((await readdir(folder.folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("follows links, and refuses folders, devices and missing folders", async () => {
    const target = await folder.write("old", "target.json");
    await symlink(target, folder.path("link.json"));
    await writePipelineFile(folder.path("link.json"), pipelines);
    expect(await readFile(target, "utf8")).toContain("mlp");
    await mkdir(folder.path("sub"));
    for (const path of [folder.path("sub"), "/dev/null", folder.path("none/x.json"), `${target}/x.json`]) {
      await expect(writePipelineFile(path, pipelines)).rejects.toMatchObject({ code: "CANNOT_WRITE_FILE" });
    }
  });

  test("replaces no file that has another ending, such as a database", async () => {
    for (const name of ["or.db", "config.ini", "mlp.ts", "mine"]) {
      const file = await folder.write("precious", name);
      await expect(writePipelineFile(file, pipelines)).rejects.toMatchObject({ code: "CANNOT_WRITE_FILE" });
      expect(await readFile(file, "utf8")).toBe("precious");
    }
    expect(await writePipelineFile(folder.path("new.txt"), pipelines)).toBe(2);
  });

  test("writes a great many without keeping them", async () => {
    const file = folder.path("many.json");
    const many = function* () {
      for (let index = 0; index < 100_000; index++)
        yield { modules: [{ ...module, options: { width: String(index) } }], training: {} };
    };
    expect(await writePipelineFile(file, many())).toBe(100_000);
    expect((await readAll(file))[99_999]?.modules[0]?.options.width).toBe("99999");
  });

  test.each([
    ["{}", "the file: expected a list of pipelines, got an object"],
    ["[]", "the file: expected a list of pipelines, got an empty list"],
    ["[[]]", "[0]: expected a list of modules, got an empty list"],
    ["[3]", "[0]: expected a list of modules, got the number 3"],
    ['[["a"]]', '[0][0]: expected an object, got the text "a"'],
    ["[[null]]", "[0][0]: expected an object, got null"],
    [
      JSON.stringify([[entry], [entry, { ...entry, width: [2] }]]),
      "[1][1].width: expected a text in quotes, got a list",
    ],
    ['[[{"type": "mlp"}]]', "[0][0].class: expected a text in quotes, got nothing"],
    ["[[", "is not JSON"],
  ])("refuses %s", async (text, message) => {
    const file = folder.path("bad.json");
    await writeFile(file, text);
    const error: unknown = await readAll(file).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MosaicError);
    expect(String(error)).toContain(message);
    expect(String(error)).toContain("mosaic_generate");
  });

  test("says that a file is missing or a folder", async () => {
    await expect(readAll(folder.path("nothing.json"))).rejects.toThrow("does not exist");
    await expect(readAll(folder.folder)).rejects.toThrow("is a folder");
  });
});
