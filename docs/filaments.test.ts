import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { openSqliteReader } from "ml-mosaic/reading";
import { beforeAll, expect, test } from "vitest";
import { RegisteredMaps } from "../packages/board/src/server/registered-maps.ts";
import { type Output, typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const example = await readFile(join(root, "examples/filaments/README.md"), "utf8");
const blocks = [...example.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = ""]) => block.trim().split("\n"));
const [commands = [], onFilaments = []] = blocks;

/** Looks like the repository's top folder to whoever runs the example in it. */
let folder: string;
const outputs: Output[] = [];

beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const config = join(folder, "examples/filaments/config.ini");
  await cp(join(root, "examples/filaments/config.ini"), config);
  const small = (await readFile(config, "utf8"))
    .replace(/^epochs = .*$/m, "epochs = 1")
    .replaceAll(/^features = .*$/gm, "features = 2")
    .replaceAll(/^num_blocks = .*$/gm, "num_blocks = 1");
  await writeFile(config, small);
  for (const command of commands) outputs.push(await typeAsUser(folder, "bash", "-c", command));
});

test("the commands compare BigSF's networks over folds of one map", () => {
  expect(commands).toHaveLength(3);
  const [sampled = "", trained = "", compared = ""] = outputs.map(({ stdout }) => stdout);
  expect(sampled).toContain("examples/filaments/map/image.fits");
  expect(trained).toMatch(/^All with patches\(/m);
  for (const model of ["unet(2,1)", "unetpp(2,1)"])
    expect(trained).toMatch(new RegExp(`^${model.replaceAll(/[()]/g, "\\$&")} +\\d+ +4 `, "m"));
  expect(compared).toContain("4-fold cross-validation");
  expect(compared).toMatch(/^unet(pp)?\(2,1\) is (best|first) of 2/m);
});

test("every run is done, with a loss", () => {
  const database = new DatabaseSync(join(folder, "filaments.db"), { readOnly: true });
  const counts = database.prepare("SELECT status, count(*) AS runs FROM runs GROUP BY status").all();
  const losses = database.prepare("SELECT test_loss FROM run_results").all();
  database.close();
  expect(counts).toEqual([{ status: "done", runs: 8 }]);
  expect(losses).toHaveLength(8);
  for (const { test_loss: loss } of losses) expect(loss).toBeGreaterThan(0);
});

test("the board shows folds, what models say of what they have not seen, and scores by fold", async () => {
  const reader = await openSqliteReader(join(folder, "filaments.db"));
  const registered = new RegisteredMaps(reader);
  await registered.look();
  const maps = registered.source;
  const { maps: shown = [], scores, notes } = (await maps?.info()) ?? {};
  const probabilities = shown.filter(({ quantity }) => quantity === "probability");
  expect([notes, probabilities.length, shown.map(({ title }) => title).includes("4 folds")]).toEqual([[], 2, true]);
  expect(probabilities[0]?.note).toMatch(/runs (\d+ \(1 epoch\)(, )?){4}, of 4 of 4 folds/);
  const planes = [];
  for (const { id } of probabilities) planes.push(await maps?.plane(id));
  for (const plane of planes) {
    expect([plane?.height, plane?.width, plane?.outlined]).toEqual([256, 256, "filaments of the target"]);
    const values = Array.from(plane?.values ?? []).filter(Number.isFinite);
    expect(values.length).toBeGreaterThan(10_000);
    expect(Math.min(...values.map((value) => Math.min(value, 1 - value)))).toBeGreaterThanOrEqual(0);
    expect(plane?.outline.includes(1)).toBe(true);
  }
  expect(planes[0]?.values).not.toEqual(planes[1]?.values);
  const database = new DatabaseSync(join(folder, "filaments.db"));
  // Said once, until a model has been trained further.
  const [{ id = "" } = {}] = probabilities;
  expect(await maps?.plane(id)).toBe(planes[0]);
  database.exec("UPDATE run_details SET finished_at = finished_at + 1");
  expect(await maps?.plane(id)).not.toBe(planes[0]);
  const losses = database.prepare(
    "SELECT test_loss FROM run_results NATURAL JOIN runs WHERE pipeline LIKE '%unetpp%' ORDER BY run_id",
  );
  expect([scores?.of, scores?.parts]).toEqual(["fold", ["1", "2", "3", "4"]]);
  expect(scores?.figures.find(({ name }) => name === "loss, unetpp_2_1")?.values).toEqual(
    losses.all().map(({ test_loss: loss }) => loss),
  );
  database.close();
  await registered.close();
  await reader.close();
});

test("they are also compared by a metric of BigSF's, on labelled pixels", async () => {
  const { stdout } = await typeAsUser(folder, "bash", "-c", "npx mosaic compare filaments.db dice");
  expect(stdout).toContain("test_dice, higher is better");
  // After one epoch some find everything, and are practically the same.
  for (const model of ["unet", "unetpp"])
    expect(stdout).toMatch(new RegExp(`${model}\\(2,1\\) +0\\.\\d+ .* 4 +0$`, "m"));
});

test("and by the filaments that their models find in areas they have not seen", async () => {
  const small = onFilaments.map((command) => command.replaceAll(/_\d_\d/g, "_2_1"));
  expect(small.map((command) => command.split(" ").slice(1, 3).join(" "))).toEqual(["mosaic compare", "bigsf compare"]);
  const [recall, found] = await Promise.all(small.map((command) => typeAsUser(folder, "bash", "-c", command)));
  expect(recall?.stdout).toContain("test_skeleton_recall, higher is better");
  expect(found?.stdout, found?.stderr).toMatch(/^filaments found +\d+ +\d+ +\d+ .*$/m);
  for (const row of ["faint ones", "bright ones", "found where none is"])
    expect(found?.stdout).toMatch(new RegExp(`^${row} .* (undecided|[ab] is better)$`, "m"));
  // The same models say the same of every filament.
  const same = "npx bigsf compare 'filaments.db:unet(2,1)' filaments.db:unet_2_1";
  expect((await typeAsUser(folder, "bash", "-c", same)).stdout).toMatch(/^filaments found +(\d+) +(\d+) +\2 +0 to 0 /m);
  const nameless = typeAsUser(folder, "bash", "-c", "npx bigsf compare filaments.db filaments.db:unet_2_1");
  await expect(nameless).rejects.toThrow("name a model of filaments.db behind a colon; there are unet_2_1, unetpp_2_1");
});
