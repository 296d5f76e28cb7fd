import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { checkFence, endFences, openFences, raiseFence } from "./fence.ts";
import { openRunFiles } from "./run-files.ts";

async function write(filesFolder: string, fence: number | undefined, text: string) {
  await using files = await openRunFiles(filesFolder, () => checkFence({ filesFolder, runId: 7, fence }));
  await files.write("info", (folder) => writeFileSync(join(folder, "file"), text));
  await files.publish();
}

const read = (filesFolder: string) => readFileSync(join(filesFolder, "file"), "utf8");
const givenAway = "run 7 was given to another worker meanwhile";

test("a worker that wakes when its run is another's puts no file in the other's place", async () => {
  const filesFolder = temporaryFolder();
  raiseFence({ filesFolder, runId: 7, fence: 4 });
  await write(filesFolder, 4, "first");
  raiseFence({ filesFolder, runId: 7, fence: 5 });
  raiseFence({ filesFolder, runId: 8, fence: 6 });
  await write(filesFolder, 5, "second");
  await expect(write(filesFolder, 4, "late")).rejects.toThrow(givenAway);
  expect(read(filesFolder)).toBe("second");
});

test("an order that is begun late, when another has begun the run, publishes nothing, and the other does", async () => {
  const filesFolder = temporaryFolder();
  raiseFence({ filesFolder, runId: 7, fence: 9 });
  raiseFence({ filesFolder, runId: 7, fence: 5 });
  await expect(write(filesFolder, 5, "late")).rejects.toThrow(givenAway);
  await write(filesFolder, 9, "the other's");
  expect(read(filesFolder)).toBe("the other's");
});

test("when all is done, neither what is begun nor what begins late publishes, and of the notes one is left", async () => {
  const filesFolder = temporaryFolder();
  await openFences(filesFolder, 3);
  raiseFence({ filesFolder, runId: 7, fence: 4 });
  raiseFence({ filesFolder, runId: 7, fence: 6 });
  await write(filesFolder, 6, "recorded");
  await endFences(filesFolder, 6);
  expect(readdirSync(join(filesFolder, ".orders"))).toEqual(["ended"]);
  await expect(write(filesFolder, 4, "begun before")).rejects.toThrow(givenAway);
  raiseFence({ filesFolder, runId: 7, fence: 5 });
  await expect(write(filesFolder, 5, "begun late")).rejects.toThrow(givenAway);
  expect(read(filesFolder)).toBe("recorded");

  await openFences(filesFolder, 6);
  raiseFence({ filesFolder, runId: 7, fence: 7 });
  await write(filesFolder, 7, "trained anew");
  expect(read(filesFolder)).toBe("trained anew");
});

test("a database that is put back to an earlier state gives orders that publish", async () => {
  const filesFolder = temporaryFolder();
  await openFences(filesFolder, 0);
  await endFences(filesFolder, 100);
  await openFences(filesFolder, 10);
  raiseFence({ filesFolder, runId: 7, fence: 11 });
  await write(filesFolder, 11, "again");
  expect(read(filesFolder)).toBe("again");
});

test("no note of a worker's own order is no permission", async () => {
  const filesFolder = temporaryFolder();
  raiseFence({ filesFolder, runId: 7, fence: 4 });
  rmSync(join(filesFolder, ".orders"), { recursive: true });
  await expect(write(filesFolder, 4, "late")).rejects.toThrow("does not say 4, which is the order for run 7");
  expect(existsSync(join(filesFolder, "file"))).toBe(false);
});

test("on one machine nothing is noted, and all is published", async () => {
  const filesFolder = temporaryFolder();
  raiseFence({ filesFolder, runId: 7, fence: undefined });
  await write(filesFolder, undefined, "on one machine");
  await endFences(filesFolder, 6);
  expect(readdirSync(filesFolder)).toEqual(["file"]);
});
