import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { exampleOrder } from "../../test/store-conformance-examples.ts";
import { endFences, raiseFence } from "../run/fence.ts";
import { isStillWanted } from "./left-run.ts";

test("a run is still wanted under the same order, unless another worker had it since or all was ended", async () => {
  const filesFolder = temporaryFolder();
  const order = (runId: number, fence: number) => exampleOrder(runId, { filesFolder, fence });
  for (const runId of [1, 2]) raiseFence(order(runId, 5));
  expect(isStillWanted(order(1, 5), order(1, 12))).toBe(true);
  expect(isStillWanted(order(1, 5), { ...order(1, 12), seed: 2 })).toBe(false);
  raiseFence(order(1, 9));
  expect([1, 2].map((runId) => isStillWanted(order(runId, 5), order(runId, 12)))).toEqual([false, true]);
  await endFences(filesFolder, 9);
  expect(isStillWanted(order(2, 5), order(2, 12))).toBe(false);
});
