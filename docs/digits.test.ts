import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
let folder: string;

beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await cp(join(root, "examples", "digits"), join(folder, "examples", "digits"), {
    recursive: true,
    filter: (path) => !path.includes(".runs"),
  });
  // Each network once.
  const config = join(folder, "examples", "digits", "config.ini");
  const text = await readFile(config, "utf8");
  await writeFile(config, text.replace("multiplicity = 3", "multiplicity = 1"));
});

test("the digits example tells digits apart", async () => {
  const readme = await readFile(join(root, "examples", "digits", "README.md"), "utf8");
  const [, command = ""] = /```sh\n(.*?)\n```/s.exec(readme) ?? [];
  const { stdout } = await typeAsUser(folder, "bash", "-c", command);
  const database = new DatabaseSync(join(folder, "digits.db"), { readOnly: true });
  const [best] = database.prepare("SELECT max(test_acc) AS accuracy FROM run_results").all();
  const runs = database.prepare("SELECT nb_params FROM run_results ORDER BY run_id").all();
  database.close();
  expect(Number(best?.accuracy)).toBeGreaterThan(97.5);
  // Each network is in the README's table with its size.
  const rows = [...readme.matchAll(/^(\w+\(\d+\)) +(\d+) /gm)].map(([, model, parameters]) => [model, parameters]);
  expect(rows.map(([, parameters]) => Number(parameters)).sort()).toEqual(
    runs.map(({ nb_params }) => Number(nb_params)).sort(),
  );
  for (const [model = ""] of rows) expect(stdout).toContain(model);
});
