/** What a worker that sees nothing of a project makes of it: a project on this machine stands for that of the supervisor. */
import { hash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { makeCarriedPlace, type PlaceOptions } from "./carried-place.ts";
import { FileExchange } from "./file-exchange.ts";
import { carriedData, makeOffer, type Offer, seesMark } from "./offer.ts";

let folder: string;
let files: Map<string, string>;
beforeEach(() => {
  folder = realpathSync(temporaryFolder());
  files = new Map();
  write("package.json", '{ "type": "module" }');
  for (const [name, text] of [
    ["model.ts", "export class A {}"],
    ["../parts/numbers.json", "[1]"],
    ["data/schema.json", "{}"],
  ] as const)
    files.set(write(name, text), hash("sha256", text));
  write("data/train.csv", "1,2");
});

function write(name: string, text: string): string {
  const path = join(folder, "project", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function offer(more: { readonly data?: readonly string[]; readonly dataRoot?: string } = {}): Promise<Offer> {
  const project = join(folder, "project");
  mkdirSync(join(folder, "runs"), { recursive: true });
  const made = await makeOffer({
    folder: project,
    start: project,
    files,
    filesFolders: [join(folder, "runs")],
    data: (more.data ?? []).map((name) => carriedData(name, join(project, name))),
    dataRoot: more.dataRoot,
    python: () => Promise.reject(new Error("nobody asks")),
  });
  if (typeof made === "string") throw new Error(made);
  return made;
}

/** On a machine where the project is not. */
async function place({ project, contents }: Offer, options: Partial<PlaceOptions> = {}) {
  const root = join(realpathSync(temporaryFolder()), "root");
  const offering: FileExchange = new FileExchange({
    find: (digest) => contents.get(digest),
    send: (message) => receiving.take(message),
  });
  const receiving = new FileExchange({ find: () => undefined, send: (message) => offering.take(message) });
  renameSync(folder, `${folder}-away`);
  try {
    const made = await makeCarriedPlace(root, project, receiving, {
      dataRoot: undefined,
      python: undefined,
      ...options,
    });
    return { made, at: (name: string) => join(root, folder, "project", name) };
  } finally {
    renameSync(`${folder}-away`, folder);
  }
}

test("module files lie to each other as they do in the project, with what Node wants to know of them", async () => {
  const { at } = await place(await offer());
  expect(readFileSync(at("model.ts"), "utf8")).toBe("export class A {}");
  expect(readFileSync(at("../parts/numbers.json"), "utf8")).toBe("[1]");
  expect(readFileSync(at("package.json"), "utf8")).toContain("module");
  expect(existsSync(at("data/train.csv"))).toBe(false);
});

test("data takes its place beside module files, and is refused where it is missing or another", async () => {
  const given = await offer({ data: ["data/train.csv"], dataRoot: join(folder, "project", "data") });
  await expect(place(given)).rejects.toThrow("is no folder here: say where it lies with mosaic worker --data-root DIR");
  const dataRoot = temporaryFolder();
  await expect(place(given, { dataRoot })).rejects.toThrow(`data/train.csv is not at ${dataRoot}/train.csv`);
  writeFileSync(join(dataRoot, "train.csv"), "1");
  await expect(place(given, { dataRoot })).rejects.toThrow("is 1 bytes, and 3 bytes where mosaic run is");
  writeFileSync(join(dataRoot, "train.csv"), "3,4");
  const { at } = await place(given, { dataRoot });
  expect(readFileSync(at("data/train.csv"), "utf8")).toBe("3,4");
  expect(readFileSync(at("data/schema.json"), "utf8")).toBe("{}");
  await expect(place(await offer({ data: ["data/train.csv"] }))).rejects.toThrow("as data_root of [MONITOR]");
});

test("packages that the modules import must be there, in the same version", async () => {
  const has = JSON.parse(
    readFileSync(new URL("../../../../node_modules/vitest/package.json", import.meta.url), "utf8"),
  );
  const packageFile = (name: string) => join(folder, "project/node_modules", name, "package.json");
  files.set(packageFile("vitest"), has.version);
  await place(await offer());
  files.set(packageFile("vitest"), "0.0.1");
  files.set(packageFile("@no/such"), "2.0.0");
  await expect(place(await offer())).rejects.toThrow(`vitest@0.0.1 (here ${has.version}), @no/such@2.0.0 (missing)`);
});

test("what has changed since the runs were planned is not sent", async () => {
  const [path = ""] = files.keys();
  writeFileSync(path, "another text");
  await expect(offer()).rejects.toThrow(`${path} has changed since its runs were planned`);
});

test("who sees the folder of run files knows it from another of its name", async () => {
  const { project } = await offer();
  const [[runs = "", mark = ""] = []] = Object.entries(project.marks);
  expect(seesMark(runs, mark)).toBe(true);
  expect(seesMark(temporaryFolder(), mark)).toBe(false);
  const later = await offer();
  expect(seesMark(runs, mark)).toBe(false);
  expect(seesMark(runs, later.project.marks[runs] ?? "")).toBe(true);
});
