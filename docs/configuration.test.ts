/** Runs the configuration on docs/configuration.md, and compares what is said of it with what the page says. */

import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");

const page = await readFile(join(root, "docs", "configuration.md"), "utf8");
const commands = /(mosaic generate \w+\.ini [^`\n]*)[`\n][^`]*?(?:```\n\n)?```text\n(.*?)```/gs;
const examples = Array.from(page.matchAll(commands), ([, command = "", printed = ""]) => [command, printed] as const);

test.each(examples)("%s", async (command, printed) => {
  const folder = temporaryFolder();
  for (const name of ["sweep.ini", "quick.ini"]) await cp(join(root, "docs", "snippets", name), join(folder, name));
  await cp(join(root, "examples", "or"), folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  expect((await typeAsUser(folder, "npx", ...command.split(" "))).stdout).toBe(printed);
});

test("both examples are found", () => {
  expect(examples).toHaveLength(2);
});
