/**
 * A real Slurm with simulated nodes on this machine carries runs out. `npm run test:cluster` does more harm to more of them:
 * pilots killed, jobs requeued and preempted, nodes that fail, supervisors killed.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryFolder, until } from "@ml-mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { config, data, net, openWorkspace, type Workspace } from "./workspace.ts";

const script = join(import.meta.dirname, "../../../scripts/slurm-here.sh");
const isThere = existsSync("/usr/sbin/slurmctld") && existsSync("/usr/sbin/munged") && process.getuid?.() === 0;
const isLong = process.env.CLUSTER_LONG !== undefined;
const nodes = isLong ? 8 : 2;

const slurm = (command: string, ...args: readonly string[]) =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

describe.runIf(isThere || process.env.REQUIRE_ALL !== undefined)("jobs of Slurm", () => {
  let cluster: string;
  let workspace: Workspace;
  beforeAll(() => {
    cluster = temporaryFolder();
    slurm("bash", script, "start", cluster, String(nodes));
    process.env.SLURM_CONF = join(cluster, "slurm.conf");
  });
  afterAll(() => {
    slurm("bash", script, "stop", cluster);
    delete process.env.SLURM_CONF;
  });
  beforeEach(async () => {
    workspace = await openWorkspace();
  });
  afterEach(() => workspace.close());

  const write = (section: string, widths: string, process = {}, size = 8) =>
    workspace
      .write(
        "config.ini",
        config({
          process,
          monitor: { nb_processus: 2 },
          sections: { DATA: { ...data, size }, NET: { ...net, width: widths } },
        }),
      )
      .then(async () => workspace.write("slurm.ini", `${await workspace.read("config.ini")}\n[SLURM]\n${section}\n`));
  const run = ["run", "slurm.ini", "or.db"] as const;
  const pilots = () => {
    const folder = workspace.path(".spool/or/pilots");
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  /** Job and process stand in a pilot's name. */
  const partsOf = (pilot: string) => /^(\d+)-(\w+)-(\d+)-/.exec(pilot)?.slice(1) ?? [];
  const kill = (pilot: string) => {
    try {
      process.kill(Number(partsOf(pilot)[2]), "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  const jobsLeft = () => slurm("squeue", "--noheader", "--format=%A %T").trim();
  const expectSame = async (count: number) => {
    expect(workspace.statuses("or.db")).toEqual(new Array(count).fill("done"));
    expect((await workspace.run("run", "config.ini", "here.db")).code).toBe(0);
    expect(workspace.history("or.db")).toEqual(workspace.history("here.db"));
    // One that was requeued at the very end waits for two minutes before it hears that nothing is left.
    await until(() => jobsLeft() === "", "the jobs to end", 240);
    expect(pilots()).toEqual([]);
  };

  test("what Slurm does not take is said in its words before anything is sent", async () => {
    await write("workers = 2\npartition = nowhere", "2");
    const refused = await workspace.run(...run);
    expect(refused.stderr).toContain("invalid partition specified: nowhere");
    expect(refused.code).toBe(3);
    expect(jobsLeft()).toBe("");
    await write("workers = 2\ntime = 4:00", "2");
    expect((await workspace.run(...run)).stderr).toContain("a time of Slurm's of 5 minutes or more");
  });

  test("mosaic slurm doctor says what it finds in each partition, and why one does not answer", async () => {
    await write("workers = 2\npartition = main, shut\ntime = 1:00:00", "2");
    const asked = await workspace.run("slurm", "doctor", "slurm.ini", "--wait", "15");
    expect(asked.stdout).toMatch(/main\n[\s\S]*node +n\d+, .*\nversions +ml-mosaic .*\nfolder +\S+\n/);
    expect(asked.stdout).toContain("shut: job");
    expect(asked.stdout).toContain("Slurm says PENDING, PartitionDown");
    expect(asked.stdout).not.toContain("main: ");
    expect(asked.code).toBe(2);
    await until(() => jobsLeft() === "", "the jobs to end");
  });

  test.skipIf(isLong)("take runs until none is left, and one that is killed costs its run nothing", async () => {
    await write("workers = 2\nask_seconds = 2", "{2-7}", { epochs: 2, executor: "onnx" }, 40_000);
    const running = workspace.start(...run);
    await running.said("takes runs");
    await until(() => workspace.statuses("or.db").includes("running"), "a run to begin");
    // The other one may not have come yet.
    const [, killed = ""] = /worker (\S+) on \S+ \(job \d+\) takes runs/.exec(running.stderr()) ?? [];
    kill(killed);
    await running.said(`${killed} on ${partsOf(killed)[1]}`);
    expect((await workspace.run("status", "or.db")).stdout).toMatch(/Slurm jobs 2\n/);
    const ended = await running.finished;
    expect(ended.code, ended.stderr).toBe(0);
    expect(workspace.query("or.db", "SELECT 1 FROM run_details WHERE attempts > 0")).toEqual([]);
    await expectSame(6);
  });

  test.runIf(isLong)(
    "lose nothing to kills, requeues, preemption, nodes that fail and supervisors that die",
    async () => {
      const runs = Number(process.env.CLUSTER_LONG);
      await write(
        "workers = 8\nlinger = 300\nask_seconds = 5",
        `{2-${runs + 1}}`,
        { epochs: 2, executor: "wasm" },
        4000,
      );
      const random = (most: number) => Math.floor(Math.random() * most);
      let running = workspace.start(...run);
      let isOver = false;
      const count = { kill: 0, requeue: 0, preempt: 0, down: 0, supervisor: 0 };
      const harms = {
        kill: () => kill(pilots()[random(pilots().length)] ?? ""),
        requeue: () => {
          const [job = ""] = partsOf(pilots()[random(pilots().length)] ?? "");
          if (job !== "") slurm("scontrol", "requeue", job);
        },
        preempt: () => slurm("sbatch", "--partition=high", "--output=/dev/null", "--wrap=sleep 5"),
        down: async () => {
          const node = `NodeName=n${1 + random(nodes)}`;
          slurm("scontrol", "update", node, "State=DOWN", "Reason=test");
          await delay(2000);
          slurm("scontrol", "update", node, "State=RESUME");
        },
        supervisor: async () => {
          running.kill("SIGKILL");
          await running.finished;
          running = workspace.start(...run, "--continue");
        },
      };
      // So many that the runs come to their end between them, however busy the machine is.
      const mostHarms = 0.6 * runs;
      const harmed = () => Object.values(count).reduce((sum, each) => sum + each, 0);
      while (!isOver) {
        await delay(1000 + random(3000));
        isOver = await Promise.race([running.finished.then(() => true), delay(10).then(() => false)]);
        if (isOver || harmed() >= mostHarms) continue;
        const draw = random(20);
        const harm =
          draw < 12 ? "kill" : draw < 16 ? "requeue" : draw < 18 ? "preempt" : draw < 19 ? "down" : "supervisor";
        try {
          await harms[harm]();
          count[harm]++;
        } catch {
          // Slurm refuses what the job's state does not allow.
        }
      }
      const ended = await running.finished;
      console.log(count);
      expect(ended.code, ended.stderr).toBe(0);
      await expectSame(runs);
    },
    3_600_000,
  );
});
