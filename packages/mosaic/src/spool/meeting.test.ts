import { readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { currentProcess } from "@ml-mosaic/base";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Claim, writeClaim } from "../claim/claim.ts";
import { makeSpoolFolder } from "./folder.ts";
import { spoolLanding } from "./landing.ts";
import { meetAtSpool } from "./meeting.ts";

let folder: string;
let claim: Claim;
const say = () => undefined;
const signal = new AbortController().signal;
const pilots = () => readdirSync(join(folder, "pilots"));
beforeEach(async () => {
  folder = join(temporaryFolder(), "spool");
  await makeSpoolFolder(folder);
  claim = { number: 4, id: "a", process: currentProcess(), state: "open", beat: 0 };
  await writeClaim(folder, claim);
});
afterEach(() => rm(folder, { recursive: true }));

test("a pilot that was given up finds out, and comes again as another one", async () => {
  const meeting = await meetAtSpool(folder, "p", say);
  const connect = await meeting.next(0, signal);
  if (typeof connect === "string") throw new Error(connect);
  expect(pilots()).toEqual(["p.1"]);
  expect(await meeting.next(0, signal)).toBe("nobody");
  let isClosed = false;
  const link = connect({
    message: () => undefined,
    broken: () => undefined,
    closed: () => {
      isClosed = true;
    },
  });
  rmSync(join(folder, "pilots", "p.1"), { recursive: true });
  await expect.poll(() => isClosed).toBe(true);
  await link.close(0);
  expect(typeof (await meeting.next(0, signal))).toBe("function");
  expect(pilots()).toEqual(["p.2"]);
  await writeClaim(folder, { ...claim, state: "over" });
  expect(await meeting.next(0, signal)).toBe("ended");
  await meeting.forget();
  expect(pilots()).toEqual([]);
});

test("a worker makes no folder: a mistyped one is refused, and one that is not there yet is waited for", async () => {
  await expect(meetAtSpool(join(folder, "typo", "spool"), "p", say)).rejects.toThrow(`nor ${join(folder, "typo")}`);
  const later = join(folder, "later");
  const meeting = await meetAtSpool(later, "p", say);
  expect(await meeting.next(0, signal)).toBe("nobody");
  expect(readdirSync(folder)).not.toContain("later");
  await makeSpoolFolder(later);
  await writeClaim(later, claim);
  expect(typeof (await meeting.next(0, signal))).toBe("function");
});

test("a supervisor whose folder was taken over says so", async () => {
  await writeClaim(folder, { ...claim, state: "left" });
  const failures: unknown[] = [];
  const landing = await spoolLanding(folder, say)(
    () => undefined,
    (error) => failures.push(error),
  );
  await writeClaim(folder, { ...claim, number: 6, id: "another" });
  await expect.poll(() => String(failures)).toContain("has taken over");
  await landing.close(false);
});
