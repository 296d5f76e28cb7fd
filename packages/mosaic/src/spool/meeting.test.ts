import { readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { currentProcess } from "@ml-mosaic/base";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Claim, nextClaim, writeClaim } from "./claim.ts";
import { openSpoolFolder } from "./folder.ts";
import { spoolLanding } from "./landing.ts";
import { meetAtSpool } from "./meeting.ts";

let folder: string;
let claim: Claim;
const say = () => undefined;
const signal = new AbortController().signal;
const pilots = () => readdirSync(join(folder, "pilots"));
beforeEach(async () => {
  folder = join(temporaryFolder(), "spool");
  await openSpoolFolder(folder);
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
  await expect.poll(() => isClosed, { timeout: 5000 }).toBe(true);
  await link.close(0);
  expect(typeof (await meeting.next(0, signal))).toBe("function");
  expect(pilots()).toEqual(["p.2"]);
  await writeClaim(folder, { ...claim, state: "over" });
  expect(await meeting.next(0, signal)).toBe("ended");
  await meeting.forget();
  expect(pilots()).toEqual([]);
});

test("a folder has one supervisor: another is refused while it lives, and comes after it when it is dead", async () => {
  await expect(nextClaim(folder, 0, say)).rejects.toThrow("is the spool folder of another supervisor");
  await writeClaim(folder, { ...claim, process: { ...claim.process, started: "at another time" } });
  expect((await nextClaim(folder, 0, say)).number).toBe(5);
  await writeClaim(folder, { ...claim, process: { ...claim.process, scope: "another machine" } });
  expect((await nextClaim(folder, 0, say)).number).toBe(5);
});

test("a supervisor whose folder was taken over says so", async () => {
  await writeClaim(folder, { ...claim, state: "left" });
  const failures: unknown[] = [];
  const landing = await spoolLanding(folder, say)(
    () => undefined,
    (error) => failures.push(error),
  );
  await writeClaim(folder, { ...claim, number: 6, id: "another" });
  await expect.poll(() => String(failures), { timeout: 15_000 }).toContain("has taken over");
  await landing.close(false);
}, 20_000);
