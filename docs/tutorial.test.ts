import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { type Output, typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const tutorial = await readFile(join(root, "docs", "tutorial.md"), "utf8");
const blocks = (language: string) =>
  [...tutorial.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, text = ""]) => text.trimEnd());
const modelsIn = (text: string) => [...text.matchAll(/^Mlp\w+\(4,\d\)/gm)].map(([model]) => model).sort();

/** Looks like the repository's top folder to whoever runs the tutorial in it. */
let folder: string;
const outputs = new Map<string, Output>();

beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  for (const name of ["config.ini", "dataset.ts", "mlp.ts"])
    await cp(join(root, "examples", "or", name), join(folder, "examples", "or", name));
  const config = join(folder, "examples", "or", "config.ini");
  await writeFile(config, (await readFile(config, "utf8")).replace(/^epochs = .*$/m, "epochs = 3"));
  for (const command of blocks("sh")) outputs.set(command, await typeAsUser(folder, "bash", "-c", command));
});

describe("the tutorial's commands", () => {
  test("are those of its steps", () => {
    expect([...outputs.keys()]).toEqual([
      "npx mosaic generate examples/or/config.ini pipelines.json",
      "npx mosaic run examples/or/config.ini or.db --dry-run",
      "npx mosaic run examples/or/config.ini or.db",
      "npx mosaic run examples/or/config.ini or.db --continue",
      "npx mosaic compare or.db trainability --by key --plot brick-or-funnel.png",
    ]);
  });

  test("do what it says", async () => {
    const [generated, dry, trained, continued, compared] = [...outputs.values()].map(({ stdout }) => stdout);
    expect(generated).toMatch(/^6 pipelines, each 4 times in a row, written to pipelines\.json: .* 24 runs/);
    expect(JSON.parse(await readFile(join(folder, "pipelines.json"), "utf8"))).toHaveLength(24);
    expect(dry).toMatch(/^All 6 pipelines can be constructed/);
    const [shown = "", verdict = ""] = blocks("text");
    const headerIn = (text: string) => text.split("\n")[1]?.split(/ {2,}/);
    expect(headerIn(trained ?? "")).toEqual(headerIn(shown));
    expect(modelsIn(trained ?? "")).toEqual(modelsIn(shown));
    expect(modelsIn(verdict)).toEqual(modelsIn(shown));
    expect(continued).toBeDefined();
    expect(compared).toMatch(/mlp_MlpBrick .*mlp_MlpFunnel/);
  });

  test("leave every run done, once", () => {
    const database = new DatabaseSync(join(folder, "or.db"), { readOnly: true });
    const counts = database.prepare("SELECT status, count(*) AS runs FROM runs GROUP BY status").all();
    const [query = ""] = blocks("sql");
    const verdict = database.prepare(query).all();
    database.close();
    expect(counts).toEqual([{ status: "done", runs: 24 }]);
    expect(verdict).toHaveLength(6);
    expect(verdict.every(({ runs }) => runs === 4)).toBe(true);
  });
});
