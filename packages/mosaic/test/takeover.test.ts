/**
 * A supervisor dies, and another one, which sees the shared folder alone, goes on with what its workers are at. The workspace stands
 * for the shared file system, two folders for local disks of two machines.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Running, temporaryFolder, until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { config, data, dataModule, net, openWorkspace, type Workspace } from "./workspace.ts";

/** Says in a file that all runs share when a run is begun. All but the first wait for the file `go`. */
const countedModule = `${dataModule.replace("async prepare(", "async prepared(")}
import { appendFileSync, existsSync, readFileSync } from "node:fs";
const file = (name) => new URL(name, import.meta.url);
export class Counted extends Data {
  async prepare(...given) {
    appendFileSync(file("begun"), "x");
    while (readFileSync(file("begun")).length > 1 && !existsSync(file("go")))
      await new Promise((resolve) => setTimeout(resolve, 10));
    return this.prepared(...given);
  }
}
`;

let workspace: Workspace;
beforeEach(async () => {
  workspace = await openWorkspace({ "data.ts": countedModule });
  await workspace.write(
    "config.ini",
    config({
      monitor: { nb_processus: 1 },
      sections: {
        DATA: { ...data, class: "Counted" },
        NET: { ...net, width: "2, 3, 4" },
      },
    }),
  );
});
afterEach(() => workspace.close());

const begun = () => (workspace.exists("begun") ? readFileSync(workspace.path("begun")).length : 0);
/** A supervisor on a machine of its own. */
const supervisor = (...args: readonly string[]) =>
  workspace.startProgram("env", [
    `MOSAIC_SHARED_FOLDERS=${workspace.folder}`,
    `MOSAIC_WORKING_FOLDER=${temporaryFolder()}`,
    process.execPath,
    join(import.meta.dirname, "../bin/mosaic.ts"),
    "run",
    "config.ini",
    "or.db",
    "--only-workers",
    ...args,
  ]);

async function expectTakenOver(first: Running, where: readonly string[], worker: string) {
  const stays = workspace.start("worker", worker, "--linger", "280");
  // One has ended since the copy, in which none had begun; the next one is at work.
  await first.said("1/3");
  await until(() => begun() === 2, "the second run", 200);
  first.kill("SIGKILL");
  await stays.said("its runs go on");
  const second = supervisor(...where, "--continue");
  await second.said("takes runs");
  await workspace.write("go", "");
  const { code, stderr } = await second.finished;
  expect(code, stderr).toBe(0);
  expect((await stays.finished).code).toBe(0);
  expect(workspace.statuses("or.db")).toEqual(["done", "done", "done"]);
  // None was trained twice.
  expect(begun()).toBe(3);
}

test("over the spool", async () => {
  const where = ["--spool", "spool"];
  await expectTakenOver(supervisor(...where), where, "spool");
  expect((await workspace.run("run", "config.ini", "undisturbed.db")).code).toBe(0);
  expect(workspace.history("or.db")).toEqual(workspace.history("undisturbed.db"));
});

test("over TCP", async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const where = ["--listen", address];
  const first = supervisor(...where);
  // By then the token is there.
  await first.said("workers may come");
  await expectTakenOver(first, where, `tcp://${address}`);
});
