import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFaults, temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

test("makes what is missing, and is content with what is there", async () => {
  const path = join(temporaryFolder(), "a/b/c");
  await makeFolder(path);
  await makeFolder(path);
  expect(existsSync(path)).toBe(true);
});

test("a file in its way", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "a"), "");
  await expect(makeFolder(join(folder, "a/b"))).rejects.toThrow("ENOTDIR");
});

test.each(["EIO", "EROFS"] as const)("%s is told as such", (kind) => {
  const folder = temporaryFolder();
  const environment = openFaults(temporaryFolder()).environment({
    at: 1,
    kind,
    parts: [folder],
    call: "mkdir",
    lasting: true,
  });
  const module = new URL("./make-folder.ts", import.meta.url).href;
  const script = `import { makeFolder } from "${module}"; await makeFolder("${folder}/a/b");`;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
  expect(stderr).toMatch(`Error: ${kind}: `);
});
