import { cp, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
let folder: string;

beforeAll(async () => {
  folder = temporaryFolder();
  await cp(join(root, "docs", "snippets"), folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
});

test("a second data stage, an own loss and a plain JavaScript model train", async () => {
  await typeAsUser(folder, "npx", "mosaic", "run", "config.ini", "results.db");
  const database = new DatabaseSync(join(folder, "results.db"), { readOnly: true });
  const runs = database.prepare("SELECT status, nb_params FROM runs JOIN run_results USING (run_id)").all();
  const losses = database.prepare("SELECT train_loss FROM history WHERE run_id = 1 ORDER BY epoch").all();
  database.close();
  expect(runs).toEqual([
    { status: "done", nb_params: 4 },
    { status: "done", nb_params: 3 },
  ]);
  expect(Number(losses.at(-1)?.train_loss)).toBeLessThan(Number(losses[0]?.train_loss));
});
