/**
 * A real Slurm with simulated nodes on this machine carries runs out. How many runs, and thus how much harm is done to them,
 * says CLUSTER_LONG: 2,000 with each transport in `npm run test:cluster`, which `-- -t spool` and `-- -t tcp` make one of them.
 * `node_modules/.cache/cluster` tells every ten seconds how far it is.
 */
import { join } from "node:path";
import { freePort, temporaryFolder, until } from "@ml-mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Cluster, hasSlurm, jobsLeft, startCluster } from "./cluster.ts";
import { ClusterHarm } from "./cluster-harm.ts";
import { writeClusterProject } from "./cluster-project.ts";
import { expectUnharmed } from "./expect-unharmed.ts";
import { config, data, net, openWorkspace, type Workspace } from "./workspace.ts";

const isLong = process.env.CLUSTER_LONG !== undefined;
const size = Number(process.env.CLUSTER_LONG ?? 12);
const nodes = isLong ? 8 : 2;

describe.runIf(hasSlurm)("jobs of Slurm", () => {
  let cluster: Cluster;
  let workspace: Workspace;
  beforeAll(() => {
    cluster = startCluster(nodes);
  });
  afterAll(() => cluster.stop());
  beforeEach(async () => {
    process.env.MOSAIC_TOKEN_FILE = join(temporaryFolder(), "token");
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

  test.each(isLong ? ["spool", "tcp"] : ["spool"])(
    "lose nothing, do nothing twice and leave nothing behind, whatever befalls them: over %s",
    { timeout: 300_000 + 20_000 * size },
    async (transport) => {
      const address = transport === "tcp" ? `\naddress = 127.0.0.1:${await freePort()}` : "";
      const section = `workers = ${isLong ? nodes + 4 : nodes}\nlinger = 300\nask_seconds = ${isLong ? 5 : 2}\ntransport = ${transport}${address}\nspool = shared/spool`;
      const project = await writeClusterProject(workspace, size, { section, bothLanguages: isLong });
      const progressFile = join(import.meta.dirname, `../../../node_modules/.cache/cluster/${transport}.txt`);
      const harm = new ClusterHarm({ workspace, cluster, project, nodes, progressFile });
      try {
        const harmed = await harm.work();
        const { seconds, counts, endedWorkers, unpublished } = harmed;
        if (isLong)
          console.log(
            `over ${transport}: ${Math.round(seconds)} s, ${JSON.stringify({ ...counts, endedWorkers, unpublished })}, ${project.begun().length} runs begun`,
          );
        await expectUnharmed(workspace, project, harmed, transport === "spool");
      } finally {
        await harm.close();
      }
    },
  );
});
