import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { runModel } from "./run-model.ts";

const inputs = [{ name: "x", type: "float32", shape: [1, 2], values: [1, 2] }];

test("what takes too long or too much memory is killed, and what is no model is said", async () => {
  const folder = temporaryFolder();
  const model = join(folder, "none.onnx");
  const order = { model, inputs };
  const [slow, large] = await Promise.allSettled([
    runModel(order, { seconds: 0.01, bytes: 2 ** 40 }),
    runModel(order, { seconds: 60, bytes: 1 }),
  ]);
  expect(slow).toMatchObject({ reason: { message: "it took longer than 0.01 seconds and was stopped" } });
  expect(large).toMatchObject({ reason: { message: "it took more than 0 MiB and was stopped" } });
  await expect(runModel(order)).rejects.toThrow(/ENOENT.*none.onnx/);
});
