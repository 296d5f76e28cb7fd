/**
 * Builds, stages, checks and packs every package: `npm run pack` leaves tarballs in build/. The manifest that users get
 * names what was built, where the sources' manifest names the sources.
 */
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const run = promisify(execFile);
const root: string = resolve(import.meta.dirname, "..");

/** Files besides the sources that are read at run time. */
const runtimeFile = /\.(css|sql)$/;

type Names = Readonly<Record<string, string>>;

/** Files by specifier; where browsers have another, by condition. */
type Places = Readonly<Record<string, string | Names>>;

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Names;
  readonly devDependencies?: Names;
  readonly scripts?: Names;
  readonly bin?: Names;
  readonly exports: Places;
  readonly imports?: Places;
  /** Files that npm packs; those beside `dist` are packed as they are. */
  readonly files?: readonly string[];
}

export interface PackedPackage {
  readonly name: string;
  /** What the tarball holds, unpacked. */
  readonly folder: string;
  readonly tarball: string;
}

interface Source {
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * @param out is emptied first; gets `<package>.tgz` files and a folder `stage`
 * @throws Error with the compiler's or publint's findings
 */
export async function packAll(out: string): Promise<readonly PackedPackage[]> {
  await rm(out, { recursive: true, force: true });
  const staged: Omit<PackedPackage, "tarball">[] = [];
  for (const source of await sourcesInOrder()) {
    const { name } = source.manifest;
    await build(source);
    const folder = await stage(source, join(out, "stage", name));
    await check(name, folder);
    staged.push({ name, folder });
  }
  // All at once: npm takes longer to start than to pack.
  const folders = staged.map(({ folder }) => folder);
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", out, ...folders], { cwd: out });
  const described: readonly { readonly name: string; readonly filename: string }[] = listed(JSON.parse(stdout));
  return staged.map((each) => {
    const description = described.find(({ name }) => name === each.name);
    if (description === undefined) throw new Error(`npm pack says nothing of ${each.name}`);
    return { ...each, tarball: join(out, description.filename) };
  });
}

/** npm 11 prints a list; later versions an object by name. */
function listed<T>(described: readonly T[] | Readonly<Record<string, T>>): readonly T[] {
  return Array.isArray(described) ? described : Object.values(described);
}

/** Each package after those that it depends on, whose declarations it is compiled against. */
async function sourcesInOrder(): Promise<readonly Source[]> {
  const folders = (await readdir(join(root, "packages"))).sort().map((name) => join(root, "packages", name));
  const waiting = new Map<string, Source>();
  for (const folder of folders) {
    const manifest: Manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    if (manifest.private !== true) waiting.set(manifest.name, { folder, manifest });
  }
  const ordered: Source[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting.values()].find(({ manifest }) =>
      Object.keys(manifest.dependencies ?? {}).every((name) => !waiting.has(name)),
    );
    if (ready === undefined) throw new Error(`these packages need each other: ${[...waiting.keys()].join(", ")}`);
    ordered.push(ready);
    waiting.delete(ready.manifest.name);
  }
  return ordered;
}

async function build({ folder, manifest }: Source): Promise<void> {
  await rm(join(folder, "dist"), { recursive: true, force: true });
  try {
    await run(join(root, "node_modules", ".bin", "tsc"), ["-p", join(folder, "tsconfig.build.json")]);
  } catch (error) {
    const found: unknown = Object(error).stdout;
    throw new Error(`${manifest.name} does not compile:\n${String(found)}`, { cause: error });
  }
  for (const entry of await readdir(join(folder, "src"), { recursive: true })) {
    if (runtimeFile.test(entry)) await cp(join(folder, "src", entry), join(folder, "dist", "src", entry));
  }
}

async function stage({ folder, manifest }: Source, staged: string): Promise<string> {
  const { devDependencies: _, scripts: __, bin = {}, exports, imports, ...kept } = manifest;
  const published = {
    ...kept,
    ...(manifest.bin === undefined ? {} : { bin: mapValues(bin, (source) => built(source)) }),
    exports: mapPlaces(exports, (source) => ({ types: built(source, ".d.ts"), default: built(source) })),
    ...(imports === undefined ? {} : { imports: mapPlaces(imports, (source) => built(source)) }),
  };
  await mkdir(staged, { recursive: true });
  await cp(join(folder, "dist"), join(staged, "dist"), { recursive: true });
  for (const file of globSync(manifest.files ?? [], { cwd: folder }))
    if (file !== "dist") await cp(join(folder, file), join(staged, file));
  await cp(join(folder, "README.md"), join(staged, "README.md"));
  await cp(join(root, "LICENSE"), join(staged, "LICENSE"));
  await writeFile(join(staged, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  for (const source of Object.values(bin)) await chmod(join(staged, built(source)), 0o755);
  return staged;
}

/** What a source becomes: "./src/index.ts" "./dist/src/index.js" */
function built(source: string, ending = ".js"): string {
  return source.replace("./", "./dist/").replace(/\.ts$/, ending);
}

function mapValues<Value>(names: Names, change: (value: string) => Value): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(names).map(([name, value]) => [name, change(value)]));
}

function mapPlaces<Value>(places: Places, change: (source: string) => Value): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(places).map(([specifier, place]) => [
      specifier,
      typeof place === "string" ? change(place) : mapValues(place, change),
    ]),
  );
}

async function check(name: string, folder: string): Promise<void> {
  const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true });
  const lines = messages.map((message) => `${message.type}: ${formatMessage(message, pkg, { color: false })}`);
  if (messages.some(({ type }) => type === "error")) throw new Error(`publint on ${name}:\n${lines.join("\n")}`);
  for (const line of lines) process.stderr.write(`publint on ${name}: ${line}\n`);
}

if (import.meta.main) {
  for (const { name, tarball } of await packAll(join(root, "build"))) process.stdout.write(`${name} ${tarball}\n`);
}
