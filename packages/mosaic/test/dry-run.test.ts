import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../src/commands/run.ts";
import { runForTest } from "./run-for-test.ts";
import { config, data, net, netModule, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeAll(async () => {
  const bad = `export class Bad extends Net { override forward(): Tensor { console.log("noise"); throw new TypeError("bad"); } }`;
  const sections = { DATA: data, NET: net, BAD: { ...net, class: "Bad", width: "2, 3, 4" } };
  workspace = await openWorkspace({
    "net.ts": `${netModule}\n${bad}`,
    "config.ini": config({ sections }),
  });
});
afterAll(() => workspace.close());

test("a dry run says what fails alike once, and leaves out what modules print", async () => {
  const folder = workspace.path("");
  const printed: string[] = [];
  const write = process.stdout.write;
  process.stdout.write = (text: string | Uint8Array) => printed.push(String(text)) > 0;
  const args = [join(folder, "config.ini"), join(folder, "or.db"), "--dry-run"];
  const { code, out, err } = await runForTest(runCommand, args).finally(() => {
    process.stdout.write = write;
  });
  expect(code).toBe(2);
  expect(out).toBe("3 pipelines of 4 cannot be constructed.\n");
  expect(err).toMatch(/Bad\(2\) and 2 other pipelines: TypeError: bad\n/);
  expect(err.match(/TypeError/g)).toHaveLength(1);
  expect(printed.join("")).not.toContain("noise");
});

test("a dry run looks whether the database can be made, and makes none", async () => {
  const args = ["config.ini", workspace.path("none/or.db"), "--dry-run", "NET.width=2", "BAD.width=2"];
  const refused = await workspace.run("run", ...args);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain("none does not exist; make it first");
  await workspace.write("text.db", "this is no database, whatever it is called");
  const other = await workspace.run("run", "config.ini", "text.db", "--dry-run");
  expect(other).toMatchObject({ code: 2, stdout: "" });
  expect(other.stderr).toContain("text.db is no");
});
