import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { checkFence, raiseFence, removeFences } from "./fence.ts";
import { openRunFiles } from "./run-files.ts";

async function write(filesFolder: string, fence: number | undefined, text: string) {
  await using files = await openRunFiles(filesFolder, () => checkFence({ filesFolder, runId: 7, fence }));
  await files.write("info", (folder) => writeFileSync(join(folder, "file"), text));
  await files.publish();
}

test("a worker that wakes when its run is another's puts no file in the other's place", async () => {
  const filesFolder = temporaryFolder();
  const read = () => readFileSync(join(filesFolder, "file"), "utf8");
  raiseFence({ filesFolder, runId: 7, fence: 4 });
  await write(filesFolder, 4, "first");
  raiseFence({ filesFolder, runId: 7, fence: 5 });
  raiseFence({ filesFolder, runId: 8, fence: 6 });
  await write(filesFolder, 5, "second");
  await expect(write(filesFolder, 4, "late")).rejects.toThrow("run 7 was given to another worker meanwhile");
  expect(read()).toBe("second");
  await removeFences(filesFolder);
  await write(filesFolder, undefined, "on one machine");
  expect(read()).toBe("on one machine");
});
