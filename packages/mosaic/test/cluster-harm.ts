/**
 * Harm to an experiment that jobs of Slurm carry out: how much is told by the number of its runs, and when by how many of
 * them are done. Two folders stand for local disks of two machines, one of which `mosaic run` is at; a third is the shared one.
 */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Running, temporaryFolder, until } from "@ml-mosaic/testing";
import { type Cluster, jobsLeft, kill, slurm, type WorkerOfJob, workersOfJobs } from "./cluster.ts";
import type { ClusterProject } from "./cluster-project.ts";
import { mountDisk, type SmallDisk } from "./small-disk.ts";
import { type Row, treeOf, type Workspace } from "./workspace.ts";

/** For 2,000 runs. */
const harmsOfMany = {
  "kill -9 of a job": 200,
  "kill -9 of a pilot alone": 20,
  requeue: 40,
  preemption: 10,
  "node down": 10,
  "supervisor killed": 5,
  "supervisor killed, another machine": 5,
  "local disk full": 1,
  "shared disk full": 1,
  "slurmctld restarted": 1,
};
type Harm = keyof typeof harmsOfMany;
export type HarmCounts = Readonly<Record<Harm, number>>;

/** Of each at least one where there are a hundred runs: all but kills take minutes. */
export function plannedHarms(runs: number): HarmCounts {
  const count = (ofMany: number) => Math.max(runs < 100 ? 0 : 1, Math.round((ofMany * runs) / 2000));
  return Object.fromEntries(Object.entries(harmsOfMany).map(([harm, ofMany]) => [harm, count(ofMany)])) as HarmCounts;
}

/** Harms come while so much of the runs is done. */
const harmedShare = 0.85;
/** So long nothing may happen: a job that was requeued waits for 120 s. */
const stalledSeconds = 400;
const progressSeconds = 10;
/** Of jobs whose workers have taken no run so many in a row are harmed: at five the experiment ends. */
const mostStrangers = 2;
/** For a harm to show. */
const effectSeconds = 30;
export const database = "shared/or.db";

export interface Harmed {
  readonly counts: HarmCounts;
  /** What all supervisors have said. */
  readonly said: string;
  readonly seconds: number;
  /** Rows of results, by run, as they were published once. */
  readonly published: ReadonlyMap<number, string>;
  /** Folders of the machines' working files: that of the last supervisor first. */
  readonly working: readonly string[];
  /** Jobs, and runs in them, that were ended. */
  readonly endedWorkers: number;
  /** Results that no copy had when another machine took over. */
  readonly unpublished: number;
}

export interface Harming {
  readonly workspace: Workspace;
  readonly cluster: Cluster;
  readonly project: ClusterProject;
  readonly nodes: number;
  /** Where a line is added every 10 s. */
  readonly progressFile: string;
}

export class ClusterHarm {
  readonly #given: Harming;
  readonly #plan: Harm[];
  readonly #planned: HarmCounts;
  readonly #counts: Record<Harm, number>;
  readonly #disks: readonly SmallDisk[];
  readonly #shared: SmallDisk | undefined;
  readonly #working: readonly string[];
  readonly #published = new Map<number, string>();
  readonly #start = performance.now();
  readonly #notes: string[] = [];
  #machine = 0;
  #said = "";
  #running: Running;
  #endedWorkers = 0;
  #unpublished = 0;
  #doneBefore = 0;
  #roomMade = Number.NEGATIVE_INFINITY;
  /** Those harmed since a worker has taken runs, of which there were so many by then. */
  #strangers = { harmed: 0, taken: 0 };

  /** @throws Error where a planned harm is not possible here */
  constructor(given: Harming) {
    this.#given = given;
    const { workspace, project } = given;
    this.#planned = plannedHarms(project.runs);
    this.#counts = { ...this.#planned };
    for (const harm of Object.keys(this.#counts) as Harm[]) this.#counts[harm] = 0;
    this.#plan = shuffled(
      Object.entries(this.#planned).flatMap(([harm, count]) => new Array<Harm>(count).fill(harm as Harm)),
    );
    this.#working = [temporaryFolder(), temporaryFolder()];
    const mounts = this.#planned["local disk full"] > 0;
    this.#disks = mounts ? [...this.#working, workspace.path("shared")].map(mountDisk) : [];
    this.#shared = this.#disks[2];
    if (!mounts) mkdirSync(workspace.path("shared"));
    mkdirSync(dirname(given.progressFile), { recursive: true });
    writeFileSync(given.progressFile, "");
    this.#running = this.#supervisor();
  }

  /** Until no run is left. @throws Error with an account of what is missing */
  async work(): Promise<Harmed> {
    const progress = setInterval(() => this.#tell(), 1000 * progressSeconds);
    try {
      await this.#work();
      this.#tell();
    } finally {
      clearInterval(progress);
    }
    return {
      counts: this.#counts,
      said: this.#said + this.#running.stderr(),
      seconds: (performance.now() - this.#start) / 1000,
      published: this.#published,
      working: [this.#working[this.#machine] ?? "", this.#working[1 - this.#machine] ?? ""],
      endedWorkers: this.#endedWorkers,
      unpublished: this.#unpublished,
    };
  }

  /** Ends what is left where it has failed. */
  async close(): Promise<void> {
    this.#running.kill("SIGKILL");
    rmSync(this.#given.project.hold, { force: true });
    slurm("scancel", "--user=root");
    await until(() => jobsLeft() === "", "the jobs to end").catch(() => undefined);
    for (const disk of this.#disks) disk.unmount();
  }

  async #work(): Promise<void> {
    let seen = 0;
    let news = performance.now();
    const { runs, hold } = this.#given.project;
    for (;;) {
      if (await this.#hasEnded(100)) {
        if (!(await this.#hasStoppedForRoom())) break;
        this.#goOn(this.#machine);
      }
      const done = this.#done();
      if (done !== seen) news = performance.now();
      seen = done;
      if (performance.now() - news > 1000 * stalledSeconds)
        throw new Error(`nothing has happened for ${stalledSeconds} s: ${this.#account()}`);
      const next = this.#nextAt(runs);
      // Harm comes while there is work.
      if (done > next + 2 * this.#given.nodes) writeFileSync(hold, "");
      else rmSync(hold, { force: true });
      const [harm] = this.#plan;
      if (harm === undefined || done < next) continue;
      this.#plan.shift();
      if (await this.#try(harm)) {
        this.#counts[harm]++;
        news = performance.now();
      } else this.#plan.push(harm);
    }
    const { code } = await this.#running.finished;
    if (code !== 0) throw new Error(`mosaic run has ended with exit code ${code}: ${this.#account()}`);
    if (this.#plan.length > 0) throw new Error(`not all harm was done: ${this.#account()}`);
  }

  /** So many runs are done when the next harm comes. */
  #nextAt(runs: number): number {
    const all = Object.values(this.#planned).reduce((sum, count) => sum + count, 0);
    const past = all - this.#plan.length;
    return this.#plan.length === 0 ? runs : Math.floor(((past + 1) * harmedShare * runs) / (all + 1));
  }

  async #try(harm: Harm): Promise<boolean> {
    try {
      return await this.#harms[harm]();
    } catch (error) {
      // Slurm refuses what the job's state does not allow.
      this.#notes.push(`${harm}: ${String(error).slice(0, 500)}`);
      await delay(500);
      return false;
    }
  }

  readonly #harms: Readonly<Record<Harm, () => Promise<boolean>>> = {
    "kill -9 of a job": async () => {
      const worker = this.#worker();
      return worker !== undefined && treeOf(worker.pid).map(kill).some(Boolean) && this.#hasHit(1);
    },
    "kill -9 of a pilot alone": async () => {
      const worker = this.#worker();
      return worker !== undefined && kill(worker.pid) && this.#hasHit(1);
    },
    requeue: async () => {
      const worker = this.#worker();
      if (worker === undefined) return false;
      slurm("scontrol", "requeue", worker.job);
      return this.#isGone(worker);
    },
    preemption: async () => {
      const worker = this.#worker();
      if (worker === undefined) return false;
      const node = `--nodelist=${worker.node}`;
      const job = slurm("sbatch", "--parsable", "--partition=high", node, "--output=/dev/null", "--wrap=sleep 3");
      const isGone = await this.#isGone(worker);
      if (!isGone) slurm("scancel", job.trim());
      return isGone;
    },
    "node down": async () => {
      const worker = this.#worker();
      if (worker === undefined) return false;
      const node = `NodeName=${worker.node}`;
      slurm("scontrol", "update", node, "State=DOWN", "Reason=test");
      const isGone = await this.#isGone(worker);
      // Refused where slurmd has brought it back already.
      attempt(() => slurm("scontrol", "update", node, "State=RESUME"));
      return isGone;
    },
    "supervisor killed": () => this.#killSupervisor(this.#machine),
    "supervisor killed, another machine": () => this.#killSupervisor(1 - this.#machine),
    "local disk full": () =>
      this.#fill(this.#disks[this.#machine], new RegExp(`${this.#working[this.#machine]}.*the disk is full`)),
    "shared disk full": () => this.#fill(this.#shared, /disk is full|no space left|ENOSPC/i),
    "slurmctld restarted": async () => {
      const { cluster } = this.#given;
      cluster.leave();
      await delay(10_000);
      cluster.return();
      await until(() => slurm("scontrol", "ping").includes("UP"), "slurmctld");
      return true;
    },
  };

  #worker(): WorkerOfJob | undefined {
    const workers = workersOfJobs(this.#given.workspace.folder);
    const worker = workers[Math.floor(Math.random() * workers.length)];
    const taken = Array.from(this.#running.stderr().matchAll(/\(job (\d+)\) takes runs$/gm), ([, job]) => job);
    if (worker === undefined || taken.includes(worker.job)) return worker;
    if (taken.length !== this.#strangers.taken) this.#strangers = { harmed: 0, taken: taken.length };
    return ++this.#strangers.harmed > mostStrangers ? undefined : worker;
  }

  #hasHit(workers: number): true {
    this.#endedWorkers += workers;
    return true;
  }

  async #isGone({ pid, job }: WorkerOfJob): Promise<boolean> {
    const isThere = () =>
      workersOfJobs(this.#given.workspace.folder).some((worker) => worker.pid === pid && worker.job === job);
    await until(() => !isThere(), "the worker to end", effectSeconds).catch(() => undefined);
    return !isThere() && this.#hasHit(1);
  }

  async #killSupervisor(machine: number): Promise<true> {
    this.#running.kill("SIGKILL");
    await this.#running.finished;
    if (machine !== this.#machine) this.#unpublished += this.#done() - resultRows(this.#given.workspace).size;
    this.#goOn(machine);
    return true;
  }

  /** What was published stays as it is. */
  #goOn(machine: number): void {
    for (const [runId, row] of resultRows(this.#given.workspace))
      if (!this.#published.has(runId)) this.#published.set(runId, row);
    this.#doneBefore = this.#done();
    this.#said += this.#running.stderr();
    this.#machine = machine;
    this.#running = this.#supervisor("--continue");
  }

  async #fill(disk: SmallDisk | undefined, words: RegExp): Promise<boolean> {
    if (disk === undefined) return false;
    const running = this.#running;
    const before = running.stderr().length;
    const isTold = () => words.test(running.stderr().slice(before));
    this.#endedWorkers += this.#given.nodes;
    disk.fill();
    try {
      await Promise.race([running.finished, until(isTold, "the full disk", effectSeconds).catch(() => undefined)]);
      await this.#hasEnded(5000);
    } finally {
      disk.makeRoom();
      this.#roomMade = performance.now();
    }
    return isTold();
  }

  /** At a full disk it may have stopped, and says how to go on. */
  async #hasStoppedForRoom(): Promise<boolean> {
    const { code, stderr } = await this.#running.finished;
    const isRecent = performance.now() - this.#roomMade < 2000 * effectSeconds;
    return code === 3 && isRecent && stderr.includes("the disk is full");
  }

  async #hasEnded(milliseconds: number): Promise<boolean> {
    return await Promise.race([this.#running.finished.then(() => true), delay(milliseconds).then(() => false)]);
  }

  #supervisor(...more: readonly string[]): Running {
    const { workspace } = this.#given;
    return workspace.startProgram("env", [
      `MOSAIC_SHARED_FOLDERS=${workspace.path("shared")}`,
      `MOSAIC_WORKING_FOLDER=${this.#working[this.#machine]}`,
      process.execPath,
      join(import.meta.dirname, "../bin/mosaic.ts"),
      "run",
      "slurm.ini",
      database,
      ...more,
    ]);
  }

  /** mosaic run counts what was left when it began. */
  #done(): number {
    const [, done, left] = [...this.#running.stderr().matchAll(/^(\d+)\/(\d+) run \d+ /gm)].at(-1) ?? [];
    if (done === undefined) return this.#doneBefore;
    return this.#given.project.runs - Number(left) + Number(done);
  }

  #line(): string {
    const seconds = Math.round((performance.now() - this.#start) / 1000);
    const harms = Object.entries(this.#planned).map(
      ([harm, count]) => `${harm} ${this.#counts[harm as Harm]}/${count}`,
    );
    const workers = workersOfJobs(this.#given.workspace.folder).length;
    return `${seconds} s: ${this.#done()}/${this.#given.project.runs} runs, ${workers} workers; ${harms.join(", ")}`;
  }

  #tell(): void {
    const { progressFile } = this.#given;
    appendFileSync(progressFile, `${this.#line()}\n`);
    writeFileSync(progressFile.replace(/\.txt$/, "-said.txt"), this.#said + this.#running.stderr());
  }

  #account(): string {
    const last = (text: string, lines: number) => text.trim().split("\n").slice(-lines).join("\n  ");
    return [
      this.#line(),
      `mosaic run said last:\n  ${last(this.#said + this.#running.stderr(), 30)}`,
      `harms that failed:\n  ${this.#notes.slice(-10).join("\n  ")}`,
      `jobs:\n  ${last(attempt(jobsLeft), 30)}`,
      `nodes:\n  ${last(
        attempt(() => slurm("sinfo")),
        10,
      )}`,
      `statuses: ${attempt(() => JSON.stringify(this.#given.workspace.query(database, "SELECT status, count(*) AS runs FROM runs GROUP BY status")))}`,
    ].join("\n");
  }
}

/** Results that are published, with their times: what was accepted is never touched again. */
export function resultRows(workspace: Workspace): ReadonlyMap<number, string> {
  const rows: readonly Row[] = workspace.exists(database)
    ? workspace.query(database, "SELECT * FROM run_results JOIN runs USING (run_id) WHERE status = 'done'")
    : [];
  return new Map(rows.map((row) => [Number(row.run_id), JSON.stringify(row)]));
}

function attempt(ask: () => string): string {
  try {
    return ask();
  } catch (error) {
    return String(error);
  }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other] as Item, mixed[last] as Item];
  }
  return mixed;
}
