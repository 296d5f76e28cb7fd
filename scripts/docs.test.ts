import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { documents, fillIn, schemaFiles } from "./docs.ts";
import { programFiles } from "./programs.ts";
import { runAsUser } from "./user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const paths = await documents();
const schemaPaths = Array.from(schemaFiles(), ([path, text]) => [relative(root, path), path, text] as const);

describe.for(paths.map((path) => [relative(root, path), path] as const))("%s", ([, path]) => {
  test("has the tables and quotes of the sources (npm run docs brings them up to date)", async () => {
    const text = await readFile(path, "utf8");
    expect(text).toBe(await fillIn(text));
  });

  test("links to what exists", async () => {
    const text = await readFile(path, "utf8");
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const broken: string[] = [];
    for (const link of links.filter((target) => !/^[a-z]+:/.test(target))) {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : join(dirname(path), file);
      if (!existsSync(target)) broken.push(link);
      else if (anchor !== undefined && !anchorsOf(await readFile(target, "utf8")).includes(anchor)) broken.push(link);
    }
    expect(broken).toEqual([]);
  });

  test("names no place of the machine that it was written on", async () => {
    expect(await readFile(path, "utf8")).not.toMatch(/\/(?:work|home|root|tmp|Users)\//);
  });
});

test.each(schemaPaths)(
  "%s is what bigsf schema prints (npm run docs brings it up to date)",
  async (name, path, text) => {
    const args = ["packages/bigsf/bin/bigsf.ts", "schema", basename(name, ".json"), "--json"];
    expect((await runAsUser(root, process.execPath, "--disable-warning=ExperimentalWarning", ...args)).stdout).toBe(
      text,
    );
    expect(await readFile(path, "utf8")).toBe(text);
  },
);

test("every command is a program, and nothing else is (npm run docs brings it up to date)", async () => {
  for (const [path, text] of await programFiles())
    expect(existsSync(path) ? await readFile(path, "utf8") : undefined, path).toBe(text);
});

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}
