/** Runs the configuration on docs/configuration.md, and compares what is said of it with what the page says. */

import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { runAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");

test("the experiment that chooses among its pipelines has as many as the page says", async () => {
  const page = await readFile(join(root, "docs", "configuration.md"), "utf8");
  const [, command = "", printed] = /`(mosaic generate sweep\.ini .*?)`\s+says\n\n```text\n(.*?)```/s.exec(page) ?? [];
  const folder = temporaryFolder();
  await cp(join(root, "docs", "snippets", "sweep.ini"), join(folder, "sweep.ini"));
  await cp(join(root, "examples", "or"), folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  expect((await runAsUser(folder, "npx", ...command.split(" "))).stdout).toBe(printed);
});
