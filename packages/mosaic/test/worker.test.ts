/** Workers that come to a spool folder, leave, die, and meet one supervisor after the other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { harmed } from "./projects.ts";
import { config, openWorkspace, treeOf, type Workspace } from "./workspace.ts";

let workspace: Workspace;
afterEach(() => workspace.close());

const spooled = ["run", "config.ini", "or.db", "--spool", "spool", "--only-workers"] as const;
const worker = () => workspace.start("worker", "spool", "--linger", "60");
const log = (runId: number) => workspace.path(`.runs/or/output_${runId}.log`);
const trains = (runId: number) =>
  until(
    () => workspace.exists(`.runs/or/output_${runId}.log`) && readFileSync(log(runId)).length > 0,
    `run ${runId}`,
    60,
  );
const attempts = () => workspace.query("or.db", "SELECT attempts FROM run_details ORDER BY run_id");

describe.for(harmed)("workers of $language elsewhere", ({ language, files, data, net, monitor }) => {
  beforeEach(async () => {
    workspace = await openWorkspace(files);
    await workspace.write("go", "");
    // So long that it can be left in the middle.
    const long = { size: 20_000, batch_size: 1 };
    await workspace.write(
      "config.ini",
      config({
        process: { epochs: 2, optimizer: "Adam", ...(language === "Python" ? {} : { executor: "onnx" }) },
        monitor: { nb_processus: 1, ...monitor },
        sections: { DATA: { ...data, ...long }, NET: { ...net, width: "2, 3, 4" } },
      }),
    );
  });

  test("are left and killed, lose their supervisor, and come to the same, bit for bit", async () => {
    expect((await workspace.run("run", "config.ini", "undisturbed.db")).code).toBe(0);

    const first = workspace.start(...spooled);
    const [killed, left] = [worker(), worker()];
    await Promise.all([trains(1), trains(2)]);
    killed.kill("SIGKILL");
    await first.said("is gone: its process has died");
    // Slurm ends a job by a signal to all of its processes.
    const [, ...below] = treeOf(left.pid);
    for (const pid of below) process.kill(pid, "SIGTERM");
    left.kill("SIGUSR2");
    await first.said("leaves: it got SIGUSR2");
    expect((await left.finished).code).toBe(0);
    expect(first.stderr()).not.toContain("killed by SIGTERM");

    const stays = worker();
    await first.said(`${stays.pid}-`);
    await until(() => workspace.statuses("or.db").includes("running"), "a run to begin again");
    first.kill("SIGKILL");
    await stays.said("the supervisor is gone");
    const second = await workspace.run(...spooled, "--continue");
    expect(second.code, second.stderr).toBe(0);
    expect((await stays.finished).code).toBe(0);
    expect(stays.stderr()).toContain("no run is left");

    expect(workspace.statuses("or.db")).toEqual(["done", "done", "done"]);
    expect(attempts()).toEqual([0, 0, 0].map((attempts) => ({ attempts })));
    expect(workspace.history("or.db")).toEqual(workspace.history("undisturbed.db"));
    expect(await workspace.list(join("spool", "pilots"))).toEqual([]);
  });
});
