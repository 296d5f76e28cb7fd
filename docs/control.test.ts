/** Follows docs/control.md in two terminals, as it says. */

import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const page = await readFile(join(root, "docs", "control.md"), "utf8");
const blocks = Array.from(page.matchAll(/^```sh\n(.*?)^```/gms), ([, text = ""]) => text.trimEnd());
const or = "examples/or/config.ini or.db";

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  for (const name of ["config.ini", "dataset.ts", "mlp.ts"])
    await cp(join(root, "examples", "or", name), join(folder, "examples", "or", name));
  await mkdir(join(folder, "runtime"), { mode: 0o700 });
  await edit("multiplicity = 4", "multiplicity = 2");
  await edit("epochs = 400", "epochs = 2000");
});

async function edit(before: string, after: string): Promise<void> {
  const config = join(folder, "examples", "or", "config.ini");
  const text = await readFile(config, "utf8");
  expect(text).toContain(before);
  await writeFile(config, text.replaceAll(before, after));
}

/** Folders of its own for what runs: there the commands find this test's experiment and no other. */
const shell = (command: string) => {
  const runtime = join(folder, "runtime");
  return typeAsUser(folder, "env", `XDG_RUNTIME_DIR=${runtime}`, `TMPDIR=${runtime}`, "bash", "-c", command);
};
const ask = (sql: string) => {
  const database = new DatabaseSync(join(folder, "or.db"), { readOnly: true, timeout: 5000 });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
};
const count = (where: string) => Number(ask(`SELECT count(*) AS n FROM runs WHERE ${where}`)[0]?.n);

/** Until runs are being trained, and the experiment answers. */
async function running(): Promise<void> {
  for (;;) {
    const { stdout } = await shell("npx mosaic status --json");
    const { experiments = [] } = JSON.parse(stdout);
    if (experiments.some(({ running = [] }: { running?: unknown[] }) => running.length > 0)) return;
    await delay(100);
  }
}

/** Its exit code, and that it ended. */
async function started(command: string): Promise<{ readonly code: Promise<number> }> {
  const code = shell(command).then(
    () => 0,
    (error: { readonly code?: unknown }) => Number(error.code),
  );
  await running();
  return { code };
}

test("its commands do what it says", async () => {
  const commands = blocks.values();
  const next = (expected: string) => {
    expect(commands.next().value).toBe(expected);
    return expected;
  };
  const first = await started(next(`npx mosaic run ${or}`));
  expect((await shell(next("npx mosaic status"))).stdout).toMatch(/or\.db: running, process \d+.*\n12 runs: .*running/);

  expect((await shell(next("npx mosaic pause left.json"))).stdout).toMatch(/^\d+ runs left, written to left\.json/);
  expect(await first.code).toBe(3);
  expect(count("status IN ('running', 'paused')")).toBe(0);
  const left = count("status = 'pending'");
  expect(left).toBeGreaterThan(0);

  const second = await started(next("npx mosaic resume left.json"));
  await shell(next("npx mosaic pause left.json --now"));
  expect(await second.code).toBe(3);
  expect(count("status = 'paused'")).toBeGreaterThan(0);

  await shell(next("npx mosaic resume left.json"));
  expect(count("status = 'done'")).toBe(12);

  const continued = next(`npx mosaic run ${or} --continue`);
  expect((await shell(continued)).stderr).toContain("12 runs done before, 0 unfinished taken up, 0 new");
  expect(page).toContain("`width = {2-5}`");
  await edit("{2-4}", "{2-5}");
  expect((await shell(continued)).stderr).toContain("12 runs done before, 0 unfinished taken up, 4 new");

  await shell(next(`npx mosaic rerun ${or} --id 1-2 --epochs 100`));
  await shell(next(`npx mosaic rerun ${or} --param_name_and_value MlpBrick_width 4 --epochs 50`));
  const epochs = ask("SELECT run_id, epochs FROM run_results WHERE epochs <> 2000 ORDER BY run_id");
  expect(epochs.map((row) => Number(row.epochs))).toEqual([2100, 2100, 2050, 2050]);
  expect(Number(ask("SELECT count(*) AS n FROM earlier_results")[0]?.n)).toBe(4);

  const shown = (await shell(next("npx mosaic show or.db 1"))).stdout;
  for (const part of ["Pipeline", "Results", "Loss", "Files", "End of the log", "Environment"])
    expect(shown).toContain(`\n${part}\n`);

  await shell(next("npx mosaic savedb copy.db --db or.db"));
  await shell(next("npx mosaic export or.db or.csv"));
  const [header = "", ...rows] = (await readFile(join(folder, "or.csv"), "utf8")).trim().split("\n");
  expect(header.split(",")).toEqual(expect.arrayContaining(["param_epochs", "epochs"]));
  expect(rows).toHaveLength(16);
  await readFile(join(folder, "or.history.csv"));

  await edit("key = mlp_{class}", "key = {class}");
  const rekeyed = next(
    "npx mosaic generate examples/or/config.ini pipelines.json\nnpx mosaic rekey pipelines.json or.db",
  );
  expect((await shell(rekeyed)).stdout).toContain("16 runs changed");
  expect(commands.next().done).toBe(true);
});
