import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("all workers have the environment and the folder that were kept, whatever modules change", () => {
  const script = `
    import { once } from "node:events";
    import { keepSurroundings, spawnWorker } from ${JSON.stringify(new URL("./spawned-worker.ts", import.meta.url).href)};
    const tell = 'console.log(process.env.OWN, process.env.CHANGED, process.cwd())';
    const say = async (more) => {
      const program = { command: process.execPath, args: ["-e", tell], environment: { OWN: "own" }, ...more };
      const { child, output } = spawnWorker(program);
      await once(child, "exit");
      console.log(output.tail(1000));
    };
    keepSurroundings();
    await say();
    process.env.CHANGED = "by a module";
    process.chdir("/");
    await say();
    await say({ folder: "/tmp" });
    process.exit();`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    cwd: import.meta.dirname,
  });
  const [one = "", other, elsewhere] = stdout.trim().split("\n");
  expect(one).toBe(`own undefined ${import.meta.dirname}`);
  expect(other).toBe(one);
  expect(elsewhere).toBe("own undefined /tmp");
});

test("a folder that was renamed is a worker's all the same", () => {
  const script = `
    import { once } from "node:events";
    import { mkdtempSync, renameSync } from "node:fs";
    import { join } from "node:path";
    import { tmpdir } from "node:os";
    import { keepSurroundings, spawnWorker } from ${JSON.stringify(new URL("./spawned-worker.ts", import.meta.url).href)};
    const folder = mkdtempSync(join(tmpdir(), "spawned-"));
    process.chdir(folder);
    keepSurroundings();
    renameSync(folder, folder + "-renamed");
    const { child, output } = spawnWorker({ command: process.execPath, args: ["-p", "1"], environment: {} });
    console.log(await once(child, "exit"), output.tail(1000));
    process.chdir("/");
    (await import("node:fs")).rmSync(folder + "-renamed", { recursive: true });
    process.exit();`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(stdout.trim()).toBe("[ 0, null ] 1");
});
