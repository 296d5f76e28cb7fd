/**
 * What follows from the list of a program's commands: a file in `bin` for the program and one for each of its commands
 * that is a program too, and their lines in package.json and the lock file. `npm run docs` writes them.
 */
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Program } from "@ml-mosaic/command-line";
import { bigsf } from "../packages/bigsf/src/commands/main.ts";
import { mosaic } from "../packages/mosaic/src/commands/main.ts";

/** As `engines` of the packages say. */
const neededNode = 24;

const root: string = resolve(import.meta.dirname, "..");

interface Installed {
  readonly folder: string;
  readonly program: Program;
  /** Whether each command is a program of its own as well, `mosaic_run`. */
  readonly hasVerbs: boolean;
}

const programs: readonly Installed[] = [
  { folder: "packages/mosaic", program: mosaic, hasVerbs: true },
  { folder: "packages/bigsf", program: bigsf, hasVerbs: false },
];

/** The texts of these files by their absolute paths; undefined for those that are to go. */
export async function programFiles(): Promise<ReadonlyMap<string, string | undefined>> {
  const files = new Map<string, string | undefined>();
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  for (const { folder, program, hasVerbs } of programs) {
    const bin = join(root, folder, "bin");
    for (const name of await readdir(bin)) files.set(join(bin, name), undefined);
    const verbs = hasVerbs ? Object.keys(program.commands) : [];
    files.set(join(bin, `${program.name}.ts`), binText(program));
    for (const verb of verbs) files.set(join(bin, `${program.name}_${verb}.ts`), binText(program, verb));
    const names = [program.name, ...verbs.map((verb) => `${program.name}_${verb}`)];
    const manifest = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
    manifest.bin = Object.fromEntries(names.map((name) => [name, `./bin/${name}.ts`]));
    files.set(join(root, folder, "package.json"), jsonText(manifest));
    lock.packages[folder].bin = Object.fromEntries(names.toSorted().map((name) => [name, `bin/${name}.ts`]));
  }
  files.set(join(root, "package-lock.json"), jsonText(lock));
  return files;
}

/** Only what every Node can read stands before the imports: an older one stops at syntax that it does not know. */
function binText({ name }: Program, verb?: string): string {
  return `#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
const found = process.versions.node;
if (Number.parseInt(found, 10) < ${neededNode}) {
  const remedy =
    'https://nodejs.org has it; for one project: npm install node@${neededNode}, with "allowScripts": { "node": true } in package.json';
  process.stderr.write(\`${name} needs Node ${neededNode} or later, and Node \${found} was found. \${remedy}.\\n\`);
  process.exit(2);
}
const { keepCompiledCode } = await import("@ml-mosaic/base/compile-cache");
keepCompiledCode();
await import("@ml-mosaic/base/own-modules");
const { runProcess } = await import("@ml-mosaic/command-line");
const { ${name} } = await import("../src/commands/main.ts");
await runProcess(${verb === undefined ? name : `${name}, "${verb}"`});

export {};
`;
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
