import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { currentProcess } from "@ml-mosaic/base";
import { shellText } from "@ml-mosaic/command-line";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { chooseDatabase } from "./choose-database.ts";
import { controlFolders, requirePrivateFolder } from "./private-folder.ts";
import { forget, listExperiments, register } from "./registry.ts";

let root: string;
let folder: string;
let database: string;

beforeEach(async () => {
  root = temporaryFolder();
  folder = join(root, "mosaic");
  database = join(root, "or's 🧩.db");
  await writeFile(database, "");
});

const configuration = "config.ini";

/** Leaves what a dead process leaves. */
async function leave(name: string, changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const process = { ...currentProcess(), started: "1" };
  const record = { database, configuration, process, started_at: "2026-01-01T00:00:00Z", ...changes };
  await writeFile(join(folder, name), JSON.stringify(record));
}

describe("a running experiment", () => {
  test("is known until it ends, to its user alone", async () => {
    expect(await listExperiments([folder])).toEqual([]);
    const registration = await register({ database, configuration }, [folder]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, `${registration.name}.json`))).mode & 0o777).toBe(0o600);
    const [experiment, ...others] = await listExperiments([folder]);
    expect(others).toEqual([]);
    expect(experiment).toMatchObject({
      database,
      configuration: join(process.cwd(), configuration),
      liveness: "alive",
      process: { pid: process.pid },
      name: registration.name,
    });
    await registration.remove();
    await registration.remove();
    expect(await listExperiments([folder])).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test("is dead when its process is, and forgotten when another one takes its database over", async () => {
    await leave("1-a.json");
    const [crashed] = await listExperiments([folder]);
    expect(crashed).toMatchObject({ database, liveness: "dead" });
    const registration = await register({ database, configuration }, [folder]);
    expect((await listExperiments([folder])).map(({ liveness }) => liveness)).toEqual(["alive"]);
    await registration.remove();
  });

  test("that a killed process left is found", async () => {
    const program = `import { register } from ${JSON.stringify(join(import.meta.dirname, "registry.ts"))};
      await register({ database: process.argv[1], configuration: "c.ini" }, [process.argv[2]]);
      process.kill(process.pid, "SIGKILL");`;
    const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program, database, folder];
    expect(spawnSync(process.execPath, args).signal).toBe("SIGKILL");
    const [crashed] = await listExperiments([folder]);
    expect(crashed).toMatchObject({ database, liveness: "dead" });
    if (crashed !== undefined) await forget(crashed);
    expect(await readdir(folder)).toEqual([]);
  });

  test("in another container is neither dead nor alive", async () => {
    await leave("1-a.json", { process: { pid: 1, started: "1", scope: "elsewhere" } });
    expect(await listExperiments([folder])).toMatchObject([{ liveness: "unknown" }]);
  });

  test("is dropped when it is dead and its database is gone", async () => {
    await leave("1-a.json");
    await rm(database);
    expect(await listExperiments([folder])).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });
});

test.each([
  ["nothing", ""],
  ["no JSON", "{"],
  ["something else", "[1, null]"],
  ["null", "null"],
  ["wrong types", '{"database": 1, "configuration": "c", "process": {}, "started_at": "x"}'],
  [
    "no time",
    '{"database": "d", "configuration": "c", "process": {"pid":1,"started":"","scope":""}, "started_at": "x"}',
  ],
])("a file with %s is passed over", async (_, text) => {
  await leave("1-a.json");
  await writeFile(join(folder, "2-b.json"), text);
  expect(await listExperiments([folder])).toHaveLength(1);
  expect(await readFile(join(folder, "2-b.json"), "utf8")).toBe(text);
});

test("a pipe is passed over, which would be read without end", async () => {
  await leave("1-a.json");
  spawnSync("mkfifo", [join(folder, "2-b.json")]);
  expect(await listExperiments([folder])).toHaveLength(1);
});

describe("the folder", () => {
  test("is in the runtime folder of the user's own, else below the temporary one, else at home", () => {
    const fallbacks = [join(root, `mosaic-${process.getuid?.()}`), join(root, "home", ".local", "state", "mosaic")];
    const folders = (XDG_RUNTIME_DIR: string | undefined) =>
      controlFolders({ XDG_RUNTIME_DIR, temporaryFolder: root, homeFolder: join(root, "home") });
    expect(folders(root)).toEqual([join(root, "mosaic"), ...fallbacks]);
    expect(folders(undefined)).toEqual(fallbacks);
    expect(folders("relative")).toEqual(fallbacks);
    expect(folders(join(root, "nowhere"))).toEqual(fallbacks);
  });

  test("is refused when others can look into it, or it is something else", async () => {
    await mkdir(folder, { mode: 0o700 });
    await chmod(folder, 0o750);
    await expect(listExperiments([folder])).rejects.toThrow("is open to other users (mode 750)");
    await expect(register({ database, configuration }, [folder])).rejects.toThrow("is open to other users");
    expect(await readdir(folder)).toEqual([]);
    await chmod(folder, 0o700);
    await symlink(folder, join(root, "link"));
    await expect(requirePrivateFolder(join(root, "link"))).rejects.toThrow("is not a folder");
    await expect(requirePrivateFolder(database)).rejects.toMatchObject({ code: "CONTROL_FOLDER_NOT_PRIVATE" });
  });

  test.skipIf(process.getuid?.() !== 0)("is refused when it is somebody else's", async () => {
    await mkdir(folder, { mode: 0o700 });
    spawnSync("chown", ["65534", folder]);
    await expect(listExperiments([folder])).rejects.toThrow("belongs to another user");
    spawnSync("chown", ["65534", root]);
    expect(controlFolders({ XDG_RUNTIME_DIR: root, temporaryFolder: "/tmp" })).toHaveLength(2);
    spawnSync("chown", ["0", root]);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "is the next one where somebody else was first, by a folder or a link",
    async () => {
      const home = join(root, "home", "mosaic");
      await symlink(root, folder);
      spawnSync("chown", ["-h", "65534", folder]);
      const registration = await register({ database, configuration }, [folder, home]);
      expect(registration.folder).toBe(home);
      expect(await listExperiments([folder, home])).toMatchObject([{ database, liveness: "alive", folder: home }]);
      await registration.remove();
    },
  );
});

describe("the database that is meant", () => {
  test("is the named one, else the only one that runs", async () => {
    expect(await chooseDatabase("x.db", [folder])).toBe(join(process.cwd(), "x.db"));
    await expect(chooseDatabase(undefined, [folder])).rejects.toThrow("name the database with --db");
    const one = await register({ database, configuration }, [folder]);
    await leave("1-a.json");
    expect(await chooseDatabase(undefined, [folder])).toBe(database);
    await symlink(database, join(root, "link.db"));
    expect(await chooseDatabase(join(root, "link.db"), [folder])).toBe(database);
    const two = await register({ database: join(root, "two.db"), configuration }, [folder]);
    const several = chooseDatabase(undefined, [folder]);
    await expect(several).rejects.toMatchObject({ code: "SEVERAL_EXPERIMENTS" });
    const [first = "", second = ""] = [database, join(root, "two.db")].map(shellText);
    await expect(several).rejects.toThrow(`--db ${first}\n  --db ${second}`);
    await one.remove();
    await two.remove();
  });
});
