import { cp, readFile, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { runAsUser } from "../../../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const readme = await readFile(join(root, "README.md"), "utf8");
const block =
  /<!-- quote: packages\/configurable\/test\/readme\/([\w-]+\.ts) -->\n```ts\n.*?```(?:\n\n```text\n(.*?)```)?/gs;
const examples = Array.from(readme.matchAll(block), ([, file = "", printed]) => ({ file, printed }));

// Each example is a file of its own, so that it is type-checked too; scripts/docs.test.ts compares it with the page.
let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await cp(join(root, "test", "readme"), folder, { recursive: true });
  await symlink(join(root, "..", "..", "node_modules"), join(folder, "node_modules"));
});

test("every block of TypeScript is an example, and most print something", () => {
  expect(examples).toHaveLength([...readme.matchAll(/^```ts$/gm)].length);
  expect(examples.filter(({ printed }) => printed === undefined).map(({ file }) => file)).toEqual(["my-model.ts"]);
});

test.each(examples)("$file prints what the README says", async ({ file, printed = "" }) => {
  expect((await runAsUser(folder, process.execPath, file)).stdout).toBe(printed);
});
