import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import type { NumberedChange } from "./follower.ts";
import { MapsFollower } from "./maps-follower.ts";

async function following() {
  const folder = join(temporaryFolder(), "run");
  await mkdir(folder);
  const follower = new MapsFollower({
    revision: async () => (await readdir(folder)).join(),
    info: async () => ({ maps: [], scores: null, notes: [] }),
    plane: async () => undefined,
    close: async () => undefined,
  });
  await follower.catchUp();
  const told: NumberedChange[] = [];
  const stop = follower.listen(undefined, (change) => told.push(change));
  return { folder, follower, told, stop };
}

test("all pages are told what one of them has found", async () => {
  const { folder, follower, told, stop } = await following();
  await writeFile(join(folder, "mask.fits"), "");
  await follower.catchUp();
  expect(told).toEqual([{ cursor: "mask.fits", change: { kind: "everything" } }]);
  stop();
});

test("a folder that is away for a while is followed again when it is back", async () => {
  const { folder, told, stop } = await following();
  await rename(folder, `${folder}-away`);
  await writeFile(join(`${folder}-away`, "mask.fits"), "");
  await new Promise((resolve) => setTimeout(resolve, 1200));
  await rename(`${folder}-away`, folder);
  await expect.poll(() => told.length).toBe(1);
  stop();
});
