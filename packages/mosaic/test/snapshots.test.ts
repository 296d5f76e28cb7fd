/** Runs leave snapshots on their way, and go on from them where a worker or a supervisor is killed. */
import { readFileSync } from "node:fs";
import { until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { harmed } from "./projects.ts";
import { childrenOf, config, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;
afterEach(() => workspace.close());

const log = () => readFileSync(workspace.path(".runs/or/output_1.log"), "utf8");
const kept = () =>
  workspace.exists("or.db") && workspace.query("or.db", "SELECT 1 FROM run_details WHERE from_snapshot = 1").length > 0;

describe.for(harmed)("snapshots of runs in $language", ({ language, files, data, net, monitor }) => {
  const write = (name: string, minutes: number) =>
    workspace.write(
      name,
      config({
        process: { epochs: 3, optimizer: "Adam", ...(language === "Python" ? {} : { executor: "onnx" }) },
        monitor: { ...monitor, snapshot_minutes: minutes },
        sections: { DATA: { ...data, size: 10_000, batch_size: 1 }, NET: { ...net, width: 4 } },
      }),
    );
  beforeEach(async () => {
    workspace = await openWorkspace(files);
    await workspace.write("go", "");
    await write("config.ini", 0.002);
    await write("none.ini", 10);
  });

  test("are where a run goes on, bit for bit, when its worker dies, and when its supervisor does", async () => {
    expect((await workspace.run("run", "none.ini", "undisturbed.db")).code).toBe(0);

    const first = workspace.start("run", "config.ini", "or.db");
    await until(kept, "a snapshot");
    for (const worker of childrenOf(first.pid)) process.kill(worker, "SIGKILL");
    await first.said("its worker died (killed by SIGKILL); it goes on from its snapshot");
    const resumed = () => log().match(/^goes on from its snapshot/gm)?.length;
    await until(() => resumed() === 1, "the run to go on");
    first.kill("SIGKILL");
    await first.finished;
    const second = await workspace.run("run", "config.ini", "or.db", "--continue");
    expect(second.code, second.stderr).toBe(0);
    // Anew it would have begun its log anew.
    expect(resumed()).toBe(2);
    expect(log()).not.toContain("starts anew");
    expect(workspace.history("or.db")).toEqual(workspace.history("undisturbed.db"));
  });
});
