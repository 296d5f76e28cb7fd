/** Types the commands of docs/tidying.md, and compares what they say with the page. */
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const page = await readFile(join(root, "docs", "tidying.md"), "utf8");
const blocks = Array.from(page.matchAll(/^```(sh|text)\n(.*?)^```/gms), ([, kind = "", text = ""]) => ({ kind, text }));

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const or = join(folder, "examples", "or");
  for (const name of ["config.ini", "dataset.ts", "mlp.ts"])
    await cp(join(root, "examples", "or", name), join(or, name));
  const config = await readFile(join(or, "config.ini"), "utf8");
  // What runs are, not how long they train, is what the page shows.
  await writeFile(join(or, "config.ini"), config.replace(/^epochs = .*$/m, "epochs = 2"));
  await mkdir(join(folder, "runtime"), { mode: 0o700 });
});

interface Said {
  readonly code: number;
  readonly text: string;
}

async function type(command: string): Promise<Said> {
  const runtime = join(folder, "runtime");
  const args = [`XDG_RUNTIME_DIR=${runtime}`, `TMPDIR=${runtime}`, "bash", "-c", command];
  try {
    const { stdout, stderr } = await typeAsUser(folder, "env", ...args);
    return { code: 0, text: stderr + stdout };
  } catch (error) {
    const { code, stdout, stderr }: { code?: unknown; stdout?: unknown; stderr?: unknown } = Object(error);
    return { code: Number(code), text: `${stderr}${stdout}` };
  }
}

/** Numbers of bytes and the widths of columns are not what a page promises. */
const plainly = (text: string) =>
  text
    .replace(/[\d.,]+ [kM]?B\b/g, "… kB")
    .replace(/ {2,}/g, "  ")
    .trim();

test("its commands say what it says", async () => {
  const said: Said[] = [];
  for (const { kind, text } of blocks) {
    if (kind === "sh") said.push(await type(text));
    else if (text.includes("mid-mean"))
      expect(plainly((await type("npx mosaic compare or.db")).text)).toContain(plainly(text));
    else expect(plainly(said.at(-1)?.text ?? "")).toContain(plainly(text));
  }
  const removed = said.findIndex(({ code, text }) => code === 2 && text.includes("Nothing was deleted"));
  expect(said.flatMap(({ code }, index) => (code === 0 ? [] : [[index, code]]))).toEqual([
    [expect.any(Number), 2],
    [removed, 2],
  ]);
  const [deleted, continued, restored] = said.slice(removed + 1).map(({ text }) => text);
  expect(deleted).toContain("4 runs removed, 20 files deleted\n");
  expect(continued).toContain("20 runs done before, 0 unfinished taken up, 0 new\n4 runs were removed and stay so");
  expect(restored).toContain("20 runs done before, 0 unfinished taken up, 4 new\n");
});
