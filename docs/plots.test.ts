import { execFileSync } from "node:child_process";
import { cp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const page = await readFile(join(root, "docs", "plots.md"), "utf8");
const commands = [...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, text = ""]) => text.trim().split("\n"));

/** Looks like the repository's top folder to whoever follows the page in it. */
let folder: string;

beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  for (const name of [
    "examples/or/config.ini",
    "examples/or/dataset.ts",
    "examples/or/mlp.ts",
    "docs/snippets/plot.ini",
  ])
    await cp(join(root, name), join(folder, name));
  const config = join(folder, "examples", "or", "config.ini");
  await writeFile(config, (await readFile(config, "utf8")).replace(/^epochs = .*$/m, "epochs = 2"));
});

test("the page's commands write what it says", async () => {
  for (const command of commands) await typeAsUser(folder, "bash", "-c", command);
  const written = (await readdir(folder)).filter((name) => /\.(pdf|png|svg|csv)$/.test(name));
  expect(written.sort()).toEqual([
    "all.pdf",
    "best.pdf",
    "front.csv",
    "importance.csv",
    "importance.png",
    "losses.csv",
    "losses.png",
    "models.pdf",
    "models.svg",
    "parallel.png",
    "pareto.png",
    "plots.pdf",
    "time.pdf",
    "trainability.png",
  ]);
  const pagesOf = (file: string) =>
    /^Pages: +(\d+)$/m.exec(execFileSync("pdfinfo", [join(folder, file)], { encoding: "utf8" }))?.[1];
  expect(["all.pdf", "best.pdf", "models.pdf", "plots.pdf"].map(pagesOf)).toEqual(["3", "1", "2", "2"]);
  const rows = (await readFile(join(folder, "losses.csv"), "utf8")).trimEnd().split("\n");
  expect(rows).toHaveLength(1 + 24 * 2);
});
