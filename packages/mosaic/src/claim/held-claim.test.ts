import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { readClaim } from "./claim.ts";
import { holdClaim } from "./held-claim.ts";

test("a claim is lost, and told to be once, as soon as a newer one is there, readable or not", async () => {
  const folder = temporaryFolder();
  const lost: string[] = [];
  const held = await holdClaim(
    folder,
    {
      watchMilliseconds: 0,
      what: "the folder",
      refuse: (holder) => new Error(`taken by ${holder}`),
      say: () => undefined,
      lost: (holder) => lost.push(holder),
      onTrouble: () => undefined,
    },
    5,
  );
  await expect.poll(async () => (await readClaim(folder))?.beat).toBeGreaterThan(0);
  expect(await held.isOurs()).toBe(true);
  writeFileSync(join(folder, "supervisor-2.json"), "");
  expect(await held.isOurs()).toBe(false);
  await expect.poll(() => lost).toEqual(["whose claim cannot be read now"]);
  await delay(50);
  expect(lost).toHaveLength(1);
  await held.release("left");
});
