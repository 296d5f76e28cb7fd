import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "compile-cache-"));
afterAll(() => rmSync(folder, { recursive: true }));

const own = new URL("./compile-cache.ts", import.meta.url).pathname;
writeFileSync(join(folder, "answer.mjs"), "export const answer = () => 42;\n");
writeFileSync(
  join(folder, "start.mjs"),
  `import { keepCompiledCode } from ${JSON.stringify(own)};
keepCompiledCode();
const { answer } = await import("./answer.mjs");
console.log(answer(), process.env.NODE_COMPILE_CACHE);
`,
);

function start(environment: NodeJS.ProcessEnv) {
  const { NODE_COMPILE_CACHE: _, NODE_DISABLE_COMPILE_CACHE: __, ...others } = process.env;
  const env = { ...others, ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["start.mjs"], { cwd: folder, env, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.trimEnd().split(" ");
}

const filesIn = (path: string) => readdirSync(path, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());

test("what was compiled is kept in the user's own cache, and used only where it is whole", () => {
  const caches = join(folder, "caches");
  const kept = join(caches, "ml-mosaic");
  expect(start({ XDG_CACHE_HOME: caches })).toEqual(["42", kept]);
  const files = filesIn(kept);
  expect(files.length).toBeGreaterThan(0);
  for (const { parentPath, name } of files) writeFileSync(join(parentPath, name), "no code");
  expect(start({ XDG_CACHE_HOME: caches })).toEqual(["42", kept]);
});

test("it lies at home where no place is named, or only a relative one", () => {
  const home = join(folder, "home");
  for (const XDG_CACHE_HOME of ["", "caches here"])
    expect(start({ HOME: home, XDG_CACHE_HOME })).toEqual(["42", join(home, ".cache", "ml-mosaic")]);
  expect(existsSync(join(folder, "caches here"))).toBe(false);
});

test("Node's own variables say where, or that nothing is kept", () => {
  const named = join(folder, "named");
  expect(start({ NODE_COMPILE_CACHE: named, XDG_CACHE_HOME: join(folder, "unused") })).toEqual(["42", named]);
  expect(existsSync(join(folder, "unused"))).toBe(false);
  expect(start({ NODE_DISABLE_COMPILE_CACHE: "1", XDG_CACHE_HOME: join(folder, "unused") })).toEqual([
    "42",
    "undefined",
  ]);
  expect(existsSync(join(folder, "unused"))).toBe(false);
});

test("a place where nothing can be written changes nothing", () => {
  writeFileSync(join(folder, "file"), "");
  expect(start({ XDG_CACHE_HOME: join(folder, "file") })).toEqual(["42", "undefined"]);
});
