import { readdirSync } from "node:fs";
import { currentProcess } from "@ml-mosaic/base";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { type Claiming, readClaim, takeClaim, writeClaim } from "./claim.ts";

const claiming: Claiming = {
  watchMilliseconds: 0,
  what: "the folder",
  refuse: (holder) => new Error(`taken by ${holder}`),
  say: () => undefined,
};
/** What its file holds of this process is another's. */
const someone = { pid: process.pid, started: "at another time", scope: currentProcess().scope };

test("a folder has one supervisor: another is refused while it lives, and comes after it when it is dead", async () => {
  const folder = temporaryFolder();
  const { claim } = await takeClaim(folder, claiming);
  expect(claim.number).toBe(1);
  await expect(takeClaim(folder, claiming)).rejects.toThrow(`taken by process ${process.pid}`);
  await writeClaim(folder, { ...claim, process: someone });
  expect((await takeClaim(folder, claiming)).claim.number).toBe(2);
  const elsewhere = { ...currentProcess(), scope: "another machine" };
  await writeClaim(folder, { ...claim, number: 2, process: elsewhere });
  const said: string[] = [];
  const third = await takeClaim(folder, { ...claiming, say: (line) => said.push(line) });
  expect(said.join()).toContain("waiting 0 s for a sign of the last owner of the folder");
  expect(third.claim.number).toBe(3);
  expect(third.before?.number).toBe(2);
});

test("of many that come at the same moment one has the folder, and the others say who", async () => {
  const folder = temporaryFolder();
  await writeClaim(folder, { number: 7, id: "a", process: someone, state: "open", beat: 0 });
  const all = await Promise.allSettled(Array.from({ length: 50 }, () => takeClaim(folder, claiming)));
  const taken = all.filter(({ status }) => status === "fulfilled");
  expect(taken).toHaveLength(1);
  const reasons = new Set(all.map((each) => (each.status === "rejected" ? String(each.reason) : "")));
  expect([...reasons].filter((reason) => reason !== "")).toEqual([expect.stringContaining("taken by process")]);
  expect((await readClaim(folder))?.number).toBe(8);
  expect(readdirSync(folder).sort()).toEqual(["supervisor-7.json", "supervisor-8.json"]);
});
