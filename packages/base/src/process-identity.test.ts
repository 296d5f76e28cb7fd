import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { currentProcess, isRunning, livenessOf } from "./process-identity.ts";

test("this process is alive, and a later one with its id would not be taken for it", () => {
  const self = currentProcess();
  expect(livenessOf(self)).toBe("alive");
  expect(livenessOf({ ...self, started: "1" })).toBe("dead");
  expect(livenessOf({ ...self, scope: "another machine" })).toBe("unknown");
});

test("a process that has ended is dead", async () => {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  expect(livenessOf({ ...currentProcess(), pid: child.pid ?? 0 })).toBe("dead");
  expect(isRunning(child.pid ?? 0)).toBe(false);
  expect([process.pid, process.ppid].map(isRunning)).toEqual([true, true]);
});

test.runIf(process.platform === "linux")("a process whose parent has not noticed its end is dead", async () => {
  // The shell does not wait for its child: it becomes another program, so the child stays a zombie.
  const parent = spawn("sh", ["-c", "sleep 0.05 & echo $!; exec sleep 5"], { stdio: ["ignore", "pipe", "ignore"] });
  const [output] = await once(parent.stdout, "data");
  const identity = { ...currentProcess(), pid: Number(String(output).trim()) };
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(livenessOf(identity)).toBe("dead");
  expect(isRunning(identity.pid)).toBe(false);
  parent.kill("SIGKILL");
  await once(parent, "exit");
});

test.runIf(process.getuid?.() === 0)("another user's process is running", () => {
  const seen = spawnSync(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { isRunning } from ${JSON.stringify(new URL("process-identity.ts", import.meta.url).href)};
      console.log(isRunning(${process.pid}));`,
    ],
    { uid: 65_534, gid: 65_534, encoding: "utf8", cwd: "/" },
  );
  expect(seen.stdout, seen.stderr).toBe("true\n");
});
