import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { ConfigurationError } from "../configuration-error.ts";
import { readYaml } from "../yaml/yaml-file.ts";
import { loadImports } from "./load-imports.ts";

const folder = temporaryFolder();
await mkdir(join(folder, "node_modules", "some-package"), { recursive: true });
await writeFile(
  join(folder, "node_modules", "some-package", "package.json"),
  '{ "main": "./main.mjs", "type": "module" }',
);
await writeFile(join(folder, "node_modules", "some-package", "main.mjs"), "globalThis.loadedImports.push('package');");
await writeFile(join(folder, "first.mjs"), "globalThis.loadedImports = ['first'];");
await writeFile(join(folder, "second.ts"), "const name: string = 'second'; globalThis.loadedImports.push(name);");
await writeFile(join(folder, "throws.mjs"), "throw new RangeError('no');");
await writeFile(join(folder, "wrong.mjs"), "export const = 3;");

const loaded = (): unknown => Reflect.get(globalThis, "loadedImports");

async function problemsOf(imports: unknown): Promise<string> {
  try {
    await loadImports(imports, folder);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return "none";
}

test("files from the folder and packages that it sees, in order", async () => {
  await loadImports(["./first.mjs", "./second.ts", "some-package"], folder);
  expect(loaded()).toEqual(["first", "second", "package"]);
});

test("nothing is none", async () => {
  expect(await problemsOf(undefined)).toBe("none");
  expect(await problemsOf(null)).toBe("none");
  expect(await problemsOf([])).toBe("none");
});

test("what is no list, or no name", async () => {
  expect(await problemsOf("./first.mjs")).toBe('imports: expected a list of files and packages, got "./first.mjs"');
  expect(await problemsOf([3, ""])).toBe(
    `2 problems:
  imports[0]: expected a path such as ./my-model.ts, or a package, got 3
  imports[1]: expected a path such as ./my-model.ts, or a package, got ""`,
  );
});

test("all that cannot be loaded is named at once, with file and line", async () => {
  await writeFile(join(folder, "wrong.ts"), "\nenum Kind { A }");
  await writeFile(join(folder, "needs.ts"), "import 'no-such-thing';");
  const imports = ["./missing.ts", "./throws.mjs", "./wrong.mjs", "./wrong.ts", "./needs.ts", "no-such-package"];
  // In a process of its own: here imports are not Node's.
  const script = `import { loadImports } from ${JSON.stringify(import.meta.resolve("./load-imports.ts"))};
    await loadImports(${JSON.stringify(imports)}, ${JSON.stringify(folder)}).catch((error) => console.log(error.message));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  const [count, ...lines] = stdout.split("\n  ");
  expect(count).toBe("6 problems:");
  const file = (name: string) => join(folder, name);
  expect(lines.map((line) => line.split("\n")[0])).toEqual([
    `imports[0]: ./missing.ts cannot be loaded: there is no file ${file("missing.ts")}`,
    `imports[1]: ./throws.mjs cannot be loaded: no (${file("throws.mjs")}:1)`,
    "imports[2]: ./wrong.mjs cannot be loaded: Unexpected token '='",
    `imports[3]: ./wrong.ts cannot be loaded: TypeScript enum is not supported in strip-only mode (${file("wrong.ts")}:2)`,
    `imports[4]: ./needs.ts cannot be loaded: Cannot find package 'no-such-thing' imported from ${file("needs.ts")}`,
    `imports[5]: no-such-package cannot be loaded: there is no such package for ${folder}: npm install it there`,
  ]);
});

test("the first one's error is the cause", async () => {
  await expect(loadImports(["./throws.mjs"], folder)).rejects.toMatchObject({ cause: { name: "RangeError" } });
});

test("of a file that was read, with its lines", async () => {
  const file = join(folder, "c.yaml");
  await writeFile(file, "imports:\n  - ./first.mjs\n  - ./missing.ts\n");
  await expect(loadImports(readYaml(file))).rejects.toThrow(`${file}:3:5: imports[1]: ./missing.ts cannot be loaded`);
  expect(loaded()).toBeDefined();
  await writeFile(file, "epochs: 3\n");
  await loadImports(readYaml(file));
});
