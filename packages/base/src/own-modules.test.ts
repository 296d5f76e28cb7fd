import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { nodeOptions } from "./node-options.ts";

const folder = mkdtempSync(join(tmpdir(), "own-modules-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Prints the files that a module loads, in their order. */
const listing = join(folder, "listing.mjs");
writeFileSync(
  listing,
  `import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { console.log(url, context.format); return next(url, context); } });
`,
);

function start(options: readonly string[], source: string) {
  const args = ["--disable-warning=ExperimentalWarning", ...options, "--input-type=module", "-e", source];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 26 });
}

test("the same files are found as by Node itself", () => {
  const program = `await import(${JSON.stringify(import.meta.resolve("../../mosaic/src/commands/run.ts"))});
await import(${JSON.stringify(import.meta.resolve("../../bigsf/src/commands/segment.ts"))});`;
  const list = (options: readonly string[]) => {
    const { stdout, stderr } = start([...options, "--import", listing], program);
    expect(stderr).toBe("");
    return stdout.split("\n").filter((line) => !line.includes("own-modules"));
  };
  const found = list(nodeOptions);
  expect(found.length).toBeGreaterThan(600);
  expect(found.toSorted()).toEqual(list([]).toSorted());
});

/** A folder in which two names are of one file. */
function writeLinked(path: string): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "one.ts"), "export const name: string = import.meta.url;\n");
  symlinkSync("one.ts", join(path, "other.ts"));
  writeFileSync(join(path, "both.ts"), 'export * as one from "./one.ts";\nexport * as other from "./other.ts";\n');
}

const isOne = (path: string) =>
  `const { one, other } = await import(${JSON.stringify(path)}); console.log(one === other);`;

test("what users write is found as by Node: through links, and with its own words where it is missing", () => {
  writeLinked(join(folder, "src"));
  writeFileSync(join(folder, "src", "lost.ts"), 'import "./nowhere.ts";\n');
  expect(start(nodeOptions, isOne("./src/both.ts")).stdout).toBe("true\n");
  expect(start(nodeOptions, 'await import("./src/lost.ts")').stderr).toContain(
    `Cannot find module '${join(folder, "src", "nowhere.ts")}'`,
  );
});

test("so is what lies beside our sources, also where the repository is in a folder of that name", () => {
  const base = join(folder, "src", "packages", "base");
  cpSync(new URL("./own-modules.ts", import.meta.url), join(base, "src", "own-modules.ts"));
  writeFileSync(join(base, "package.json"), '{ "type": "module" }\n');
  writeLinked(join(base, "test"));
  const options = ["--import", join(base, "src", "own-modules.ts")];
  expect(start(options, isOne(join(base, "test", "both.ts"))).stdout).toBe("true\n");
});
