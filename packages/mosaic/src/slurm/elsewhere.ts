/** The workers that jobs of a Slurm cluster start: as many jobs as are wanted and as there is work for. */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { countText, makeFolder, messageOf, pendingFile, replaceFile } from "@ml-mosaic/base";
import type { SlurmSection } from "../config/slurm-section.ts";
import { MosaicError } from "../errors.ts";
import type { Situation } from "../experiment/carry-out.ts";
import type { PilotsElsewhere } from "../pilot/elsewhere.ts";
import type { RemotePilot } from "../pilot/remote-pilot.ts";
import { spoolElsewhere } from "../spool/elsewhere.ts";
import { makeSpoolFolder } from "../spool/folder.ts";
import type { WorkerPlace } from "../supervisor/place.ts";
import type { Elsewhere } from "../supervisor/supervise.ts";
import { type Address, readAddress } from "../tcp/address.ts";
import { tcpElsewhere } from "../tcp/elsewhere.ts";
import { slurm } from "./commands.ts";
import { accountedJobs, endText, hasEnded, isOver, isOwnFault, isWaiting, type Job, jobsOf } from "./jobs.ts";
import { LargeRuns, largeFactor, largeMemory, memoryFactorVariable } from "./memory.ts";
import { type MissingProcessor, missingText } from "./record.ts";
import { jobScript, workerWords } from "./script.ts";
import { testJob } from "./try-job.ts";

/** Tasks of one array. */
const mostTasks = 1000;
/** So many jobs in a row that end before their worker takes runs: then none will. */
const mostFailures = 5;
const unheard = { state: "PENDING", reason: "having been sent just now", node: "", start: "" };

export class SlurmElsewhere implements Elsewhere {
  readonly #section: SlurmSection;
  readonly #spool: string;
  readonly #start: string;
  readonly #situation: Situation;
  readonly #name: string;
  readonly #pilots: PilotsElsewhere;
  readonly #over = new AbortController();
  /** Jobs that have been seen to end; undefined until Slurm has told of any. */
  #ended: Set<string> | undefined;
  /** Those that ran when Slurm first told of any: their workers may have taken runs of another supervisor. */
  #found: ReadonlySet<string> = new Set();
  readonly #memory: LargeRuns;
  #reasons: ReadonlySet<string> = new Set();
  #missing: ReadonlySet<string> = new Set();
  #failures = 0;
  #trouble = "";
  #mostTasks = mostTasks;
  #asking: Promise<void> | undefined;

  /** @param listen where workers come to over TCP, if not to the address that jobs are told */
  constructor(section: SlurmSection, spool: string, start: string, situation: Situation, listen?: Address) {
    this.#section = section;
    this.#spool = spool;
    this.#start = start;
    this.#situation = situation;
    // The same for another supervisor of the same folder, who finds the jobs by it.
    this.#name = `mosaic-${basename(spool)}-${createHash("sha256").update(spool).digest("hex").slice(0, 8)}`;
    this.#memory = new LargeRuns(largeMemory(section.memory) !== undefined, (runIds) => situation.recordLarge(runIds));
    const { address } = section;
    const given = { ...situation, memory: this.#memory, ownProcessorOnly: section.processor === "same" };
    this.#pilots =
      address === undefined ? spoolElsewhere(spool, given) : tcpElsewhere(listen ?? readAddress(address), given);
  }

  get #script(): string {
    return join(this.#spool, "job.sh");
  }

  /** Jobs for runs that have used up the memory of another. */
  get #large() {
    return { name: `${this.#name}-large`, script: join(this.#spool, "large-job.sh") };
  }

  async open(join: (place: WorkerPlace) => void, fail: (error: unknown) => void): Promise<void> {
    await makeSpoolFolder(this.#spool);
    await makeFolder(this.#jobs, 0o700);
    const names = { name: this.#name, spool: this.#spool, start: this.#start };
    const script = jobScript(this.#section, names, workerWords(this.#section, this.#spool));
    const wasTaken = (await readFile(this.#script, "utf8").catch(() => undefined)) === script;
    await this.#putScript(script, wasTaken);
    const memory = largeMemory(this.#section.memory);
    if (memory !== undefined) {
      const words = workerWords(this.#section, this.#spool);
      const environment = { [memoryFactorVariable]: largeFactor };
      const text = jobScript({ ...this.#section, memory }, { ...names, name: this.#large.name }, words, environment);
      await replaceFile(this.#large.script, text, { mode: 0o700 });
    }
    // What the last supervisor knew of them.
    this.#memory.add(await this.#situation.large());
    const { out: settings } = await slurm("scontrol", ["show", "config"]).catch(() => ({ out: "" }));
    const limits = /^MaxArraySize\s*=\s*(\d+)/m.exec(settings);
    this.#mostTasks = Math.min(mostTasks, Math.max(1, Number(limits?.[1] ?? mostTasks + 1) - 1));
    await this.#pilots.open((place) => {
      this.#failures = 0;
      join(place);
    }, fail);
    this.#asking = this.#ask(fail);
  }

  /**
   * Before anything is sent: what Slurm does not take, it says here. Only what it takes gets the script's place, where that of
   * another supervisor may be.
   */
  async #putScript(text: string, wasTaken: boolean): Promise<void> {
    await using pending = await pendingFile(this.#script);
    await writeFile(pending.temporary, text, { flag: "wx", mode: 0o700 });
    try {
      await testJob(pending.temporary);
    } catch (error) {
      // A job that it has taken before it will take again, such as when its controller has come back and knows its nodes.
      if (!wasTaken || this.#section.trouble === "stop") throw error;
      this.#tell(error);
    }
    await pending.publish();
  }

  async close(isOver: boolean): Promise<void> {
    this.#over.abort();
    await this.#asking;
    await this.#pilots.close(isOver);
    if (isOver) {
      // Those that run have been told; these would find nothing to do. scancel takes one name, unlike squeue.
      for (const name of [this.#name, this.#large.name]) {
        const args = ["--me", `--name=${name}`, "--state=PENDING"];
        await slurm("scancel", args).catch((error: unknown) => this.#say(messageOf(error)));
      }
      await this.#situation.record([], []);
    }
  }

  get #jobs(): string {
    return join(this.#spool, "jobs");
  }

  async #ask(fail: (error: unknown) => void): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      try {
        await this.#look();
        this.#trouble = "";
      } catch (error) {
        if (error instanceof MosaicError && error.code === "SLURM_WORKERS_FAIL") return fail(error);
        if (this.#section.trouble === "stop") return fail(error);
        // Slurm may be away, or have reached a limit: the workers that are there go on.
        this.#tell(error);
      }
      await delay(1000 * this.#section.ask_seconds, undefined, { signal }).catch(() => undefined);
    }
  }

  #tell(error: unknown): void {
    const words = messageOf(error);
    if (words !== this.#trouble) this.#say(`${words}; it is asked again every ${this.#section.ask_seconds} s`);
    this.#trouble = words;
  }

  async #look(): Promise<void> {
    const { name: large, script: largeScript } = this.#large;
    // One that comes while Slurm is asked runs in a job of which the answer may say that it waits.
    const pilots = [...this.#pilots.pilots];
    const jobs = await jobsOf(this.#name, large);
    if (this.#ended === undefined) {
      // What has ended before was another supervisor's.
      this.#ended = new Set(jobs.filter(hasEnded).map(({ id }) => id));
      this.#found = new Set(jobs.filter((job) => !hasEnded(job) && !isWaiting(job)).map(({ id }) => id));
    }
    await this.#endPilots(pilots, jobs);
    await this.#noteEnded(jobs, this.#ended);
    const active = jobs.filter((job) => !hasEnded(job));
    const { workers, runs_per_worker: runs } = this.#section;
    const pending = this.#memory.isEmpty ? [] : await this.#situation.pending();
    const left = await this.#situation.left();
    const needMore = pending.filter((runId) => this.#memory.has(runId)).length;
    const leaving = new Set(Array.from(this.#pilots.pilots, ({ isLeaving, job }) => (isLeaving ? job : undefined)));
    // A job runs before its worker takes runs.
    const come = active.filter(({ name, id }) => name === large && !this.#pilots.hasMet(id)).length;
    const there = active.filter(({ id }) => !leaving.has(id)).length - come;
    const jobsFor = (count: number) => Math.min(workers, Math.ceil(count / runs));
    const waiting = await this.#lookForProcessors();
    await this.#situation.record(
      [
        ...active,
        ...(await this.#send(jobsFor(left - needMore) - there, this.#name, this.#script)),
        ...(await this.#send(jobsFor(needMore) - come, large, largeScript)),
      ],
      waiting,
    );
    this.#tellReasons(active);
  }

  /** Models of processors that runs wait for, and no worker has. Each is said once as long as it is missing. */
  async #lookForProcessors(): Promise<readonly MissingProcessor[]> {
    if (this.#section.processor !== "same") return [];
    const there = new Set(
      Array.from(this.#pilots.pilots, ({ isLeaving, isJobOver, processor }) =>
        isLeaving || isJobOver ? "" : processor,
      ),
    );
    const waited = await this.#situation.processors();
    const missing = Array.from(waited, ([processor, runs]) => ({ processor, runs })).filter(
      ({ processor }) => !there.has(processor),
    );
    for (const each of missing) if (!this.#missing.has(each.processor)) this.#say(missingText(each));
    this.#missing = new Set(missing.map(({ processor }) => processor));
    return missing;
  }

  async #send(wanted: number, name: string, script: string): Promise<readonly Job[]> {
    const sent: Job[] = [];
    for (let missing = wanted; missing > 0 && !this.#over.signal.aborted; ) {
      const count = Math.min(missing, this.#mostTasks);
      const { out } = await slurm("sbatch", ["--parsable", `--array=0-${count - 1}`, script]);
      // A cluster of several says which one behind it.
      const [id = ""] = out.trim().split(";");
      const more = script === this.#script ? "" : " with twice the memory";
      this.#say(`Slurm job ${id} is sent: ${count} ${count === 1 ? "worker" : "workers"}${more}`);
      missing -= count;
      for (let index = 0; index < count; index++) sent.push({ ...unheard, id: `${id}_${index}`, name });
    }
    return sent;
  }

  /** Says why jobs wait, each reason once as long as there is one. */
  #tellReasons(jobs: readonly Job[]): void {
    const waiting = Map.groupBy(jobs.filter(isWaiting), ({ reason }) => reason);
    for (const [reason, { length }] of waiting)
      if (!this.#reasons.has(reason))
        this.#say(`${countText(length, "Slurm job")} ${length === 1 ? "waits" : "wait"}: ${reason}`);
    this.#reasons = new Set(waiting.keys());
  }

  /** Of a job that neither squeue nor accounting knows its pilot's silence tells. */
  async #endPilots(pilots: readonly RemotePilot[], jobs: readonly Job[]): Promise<void> {
    const known = new Map(jobs.map((job) => [job.id, job]));
    const ids = pilots.map(({ job }) => job).filter((id) => id !== undefined && !known.has(id));
    const forgotten = ids.length === 0 ? [] : await accountedJobs(ids.map(String)).catch(() => []);
    for (const [id, job] of forgotten) known.set(id, job);
    for (const pilot of pilots) {
      const job = known.get(pilot.job ?? "");
      if (job !== undefined && isOver(job)) pilot.endWithJob(endText(job), job.state === "OUT_OF_MEMORY");
    }
  }

  /** Says which jobs have ended, and counts those that have without a pilot. */
  async #noteEnded(jobs: readonly Job[], ended: Set<string>): Promise<void> {
    for (const job of jobs) {
      if (!hasEnded(job) || !isOver(job) || ended.has(job.id)) continue;
      ended.add(job.id);
      if (this.#pilots.hasMet(job.id)) this.#say(`Slurm job ${job.id} has ended: ${endText(job)}`);
      else if (isOwnFault(job) && !this.#found.has(job.id) && ++this.#failures === mostFailures)
        throw await this.#workersFail(job);
    }
  }

  async #workersFail(job: Job): Promise<MosaicError> {
    const names = await readdir(this.#jobs).catch(() => []);
    const [last] = names.sort().reverse();
    const text = last === undefined ? "" : await readFile(join(this.#jobs, last), "utf8").catch(() => "");
    const words =
      text.trim() === "" ? "" : `; the end of ${join(this.#jobs, last ?? "")}:\n${text.trim().slice(-1000)}\n`;
    return new MosaicError(
      "SLURM_WORKERS_FAIL",
      `${mostFailures} Slurm jobs in a row have ended before they took a run (the last one, ${job.id}: ${endText(job)})${words}`,
    );
  }

  #say(line: string): void {
    this.#situation.say(line);
  }
}
