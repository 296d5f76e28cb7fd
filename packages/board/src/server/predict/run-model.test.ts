import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test, vi } from "vitest";
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

test.runIf(existsSync("/proc/self/cmdline"))("what users' modules have started ends with the process", async () => {
  const folder = temporaryFolder();
  const [module, pid] = [join(folder, "user.mjs"), join(folder, "pid")];
  writeFileSync(
    module,
    `import { spawn } from "node:child_process";
     import { writeFileSync } from "node:fs";
     writeFileSync(${JSON.stringify(pid)}, String(spawn("sleep", ["600"], { stdio: "ignore" }).pid));`,
  );
  vi.stubEnv("NODE_OPTIONS", `--import=${module}`);
  await expect(runModel({ model: join(folder, "none.onnx"), inputs })).rejects.toThrow("ENOENT");
  vi.unstubAllEnvs();
  // Nothing is said of one that has ended, whether somebody has asked how or not.
  const commandLine = () => {
    const path = `/proc/${readFileSync(pid, "utf8")}/cmdline`;
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  await expect.poll(commandLine).toBe("");
});
