/** The workers that jobs of a Slurm cluster start: as many jobs as are wanted and as there is work for. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeFolder, messageOf, replaceFile } from "@ml-mosaic/base";
import type { SlurmSection } from "../config/slurm-section.ts";
import { MosaicError } from "../errors.ts";
import type { Situation } from "../experiment/carry-out.ts";
import type { PilotsElsewhere } from "../pilot/elsewhere.ts";
import { spoolElsewhere } from "../spool/elsewhere.ts";
import { makeSpoolFolder } from "../spool/folder.ts";
import type { WorkerPlace } from "../supervisor/place.ts";
import type { Elsewhere } from "../supervisor/supervise.ts";
import { readAddress } from "../tcp/address.ts";
import { tcpElsewhere } from "../tcp/elsewhere.ts";
import { slurm } from "./commands.ts";
import { endText, hasEnded, isWaiting, type Job, jobsOf } from "./jobs.ts";
import { jobScript, workerWords } from "./script.ts";
import { testJob } from "./try-job.ts";

const askMilliseconds = 60_000;
/** Tasks of one array. */
const mostTasks = 1000;
/** So many jobs in a row that end before their worker takes runs: then none will. */
const mostFailures = 5;

export class SlurmElsewhere implements Elsewhere {
  readonly #section: SlurmSection;
  readonly #spool: string;
  readonly #start: string;
  readonly #situation: Situation;
  readonly #name: string;
  readonly #pilots: PilotsElsewhere;
  readonly #over = new AbortController();
  /** Jobs that have been seen to end. */
  readonly #ended = new Set<string>();
  #failures = 0;
  #trouble = "";
  #mostTasks = mostTasks;
  #asking: Promise<void> | undefined;

  constructor(section: SlurmSection, spool: string, start: string, situation: Situation) {
    this.#section = section;
    this.#spool = spool;
    this.#start = start;
    this.#situation = situation;
    // The same for another supervisor of the same folder, who finds the jobs by it.
    this.#name = `mosaic-${basename(spool)}-${createHash("sha256").update(spool).digest("hex").slice(0, 8)}`;
    const { address } = section;
    this.#pilots =
      address === undefined ? spoolElsewhere(spool, situation) : tcpElsewhere(readAddress(address), situation);
  }

  get #script(): string {
    return join(this.#spool, "job.sh");
  }

  async open(join: (place: WorkerPlace) => void, fail: (error: unknown) => void): Promise<void> {
    await makeSpoolFolder(this.#spool);
    await makeFolder(this.#jobs, 0o700);
    const names = { name: this.#name, spool: this.#spool, start: this.#start };
    await replaceFile(this.#script, jobScript(this.#section, names, workerWords(this.#section, this.#spool)), {
      mode: 0o700,
    });
    // Before anything is sent: what Slurm does not take, it says here.
    await testJob(this.#script);
    const { out: settings } = await slurm("scontrol", ["show", "config"]).catch(() => ({ out: "" }));
    const limits = /^MaxArraySize\s*=\s*(\d+)/m.exec(settings);
    this.#mostTasks = Math.min(mostTasks, Math.max(1, Number(limits?.[1] ?? mostTasks + 1) - 1));
    await this.#pilots.open((place) => {
      this.#failures = 0;
      join(place);
    }, fail);
    const known = await jobsOf(this.#name);
    for (const job of known) if (hasEnded(job)) this.#ended.add(job.id);
    this.#asking = this.#ask(fail);
  }

  async close(isOver: boolean): Promise<void> {
    this.#over.abort();
    await this.#asking;
    await this.#pilots.close(isOver);
    if (isOver) {
      // Those that run have been told; these would find nothing to do.
      const args = ["--me", `--name=${this.#name}`, "--state=PENDING"];
      await slurm("scancel", args).catch((error: unknown) => this.#say(messageOf(error)));
      await this.#situation.record([]);
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
        // Slurm may be away, or have reached a limit: the workers that are there go on.
        if (messageOf(error) !== this.#trouble) this.#say(`${messageOf(error)}; it is asked again every minute`);
        this.#trouble = messageOf(error);
      }
      await delay(askMilliseconds, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const jobs = await jobsOf(this.#name);
    await this.#lose(jobs);
    const active = jobs.filter((job) => !hasEnded(job));
    const sent: Job[] = [];
    const { workers, runs_per_worker: runs } = this.#section;
    const wanted = Math.min(workers, Math.ceil((await this.#situation.left()) / runs));
    const leaving = Array.from(this.#pilots.pilots).filter(({ isLeaving }) => isLeaving).length;
    for (let missing = wanted - (active.length - leaving); missing > 0 && !this.#over.signal.aborted; ) {
      const count = Math.min(missing, this.#mostTasks);
      const { out } = await slurm("sbatch", ["--parsable", `--array=0-${count - 1}`, this.#script]);
      // A cluster of several says which one behind it.
      const [id = ""] = out.trim().split(";");
      this.#say(`Slurm job ${id} is sent: ${count} ${count === 1 ? "worker" : "workers"}`);
      missing -= count;
      for (let index = 0; index < count; index++)
        sent.push({
          id: `${id}_${index}`,
          state: "PENDING",
          reason: "having been sent just now",
          node: "",
          start: "",
        });
    }
    await this.#situation.record([...active, ...sent]);
  }

  /** Gives up the pilots whose jobs no longer run, and counts the jobs that have ended without one. */
  async #lose(jobs: readonly Job[]): Promise<void> {
    const running = new Map(jobs.map((job) => [job.id, job]));
    for (const pilot of this.#pilots.pilots) {
      const { job: id } = pilot;
      if (id === undefined) continue;
      const job = running.get(id);
      // A job is there before its worker is.
      if (job === undefined) pilot.lose("Slurm no longer knows its job");
      else if (hasEnded(job) || isWaiting(job)) pilot.lose(endText(job));
    }
    for (const job of jobs) {
      if (!hasEnded(job) || job.state === "COMPLETING" || this.#ended.has(job.id)) continue;
      this.#ended.add(job.id);
      if (this.#pilots.hasMet(job.id)) this.#say(`Slurm job ${job.id} has ended: ${endText(job)}`);
      else if (job.state !== "CANCELLED" && ++this.#failures === mostFailures) throw await this.#workersFail(job);
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
