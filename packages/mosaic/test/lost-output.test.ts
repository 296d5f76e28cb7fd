/** What a command prints to may go away: the experiment does not depend on it. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { config, data, net, openWorkspace, type Workspace } from "./workspace.ts";

const bin = join(import.meta.dirname, "../bin/mosaic.ts");
let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace();
  const sections = { DATA: { ...data, size: 4 }, NET: { ...net, width: "2, 3" } };
  await workspace.write("config.ini", config({ monitor: { multiplicity: 2 }, sections }));
});
afterEach(() => workspace.close());

/** A line of a shell in which `mosaic` is the command. */
const shell = (line: string) =>
  workspace.startProgram("bash", [
    "-c",
    `mosaic() { "$0" "$@"; }; ${line}`.replace('"$0"', `'${process.execPath}' '${bin}'`),
  ]).finished;

/** Of an experiment whose outputs are lost: all is done, and the exit code tells so. */
async function expectDone(redirection: string): Promise<void> {
  const { stdout, stderr } = await shell(`{ mosaic run config.ini or.db; echo "exit $?" >&3; } 3>code ${redirection}`);
  expect(await workspace.read("code"), stdout + stderr).toBe("exit 0\n");
  expect(workspace.statuses("or.db")).toEqual(["done", "done", "done", "done"]);
  expect(stdout + stderr).not.toMatch(/^ {4}at /m);
}

test("goes on when nobody reads any more", () => expectDone("2>&1 | head -1"));

test("goes on when its log lies on a full disk, and so does what its workers print to", () =>
  expectDone(">/dev/full 2>&1"));

test("says where results are lost that are not kept elsewhere, and fails", async () => {
  expect((await workspace.run("run", "config.ini", "or.db")).code).toBe(0);
  const full = await shell("mosaic status or.db >/dev/full");
  expect(full.code).toBe(2);
  expect(full.stderr).toMatch(/^The output could not be written: ENOSPC: .*\n$/);
  const silent = await shell("mosaic status or.db >/dev/full 2>/dev/full");
  expect(silent.code).toBe(2);
  const early = await shell("{ mosaic status or.db -v --all; echo $? >&2; } | true");
  expect(early.stderr).toBe("0\n");
});
