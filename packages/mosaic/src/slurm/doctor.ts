/** Sends one short job to each partition, and gathers what it finds there. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeFolder, messageOf, pathExists, replaceFile } from "@ml-mosaic/base";
import type { Experiment, SlurmSection } from "../config/index.ts";
import { engineVersion } from "../experiment/environment.ts";
import { runFilesPathOf } from "../experiment/files-folders.ts";
import { makeSpoolFolder } from "../spool/folder.ts";
import { readAddress } from "../tcp/address.ts";
import { tcpLanding } from "../tcp/landing.ts";
import { readToken, tokenFile } from "../tcp/token.ts";
import { slurm } from "./commands.ts";
import { endText, hasEnded, type Job, jobsOf } from "./jobs.ts";
import { type Answer, answerFile, probeVariable, type Question, questionFile, readAnswer } from "./probe.ts";
import { jobScript, probeWords } from "./script.ts";

/** What is found of one partition. */
export interface Finding {
  /** Empty for Slurm's own choice. */
  readonly partition: string;
  readonly answer: Answer | undefined;
  /** How far the node's clock is from this machine's at least. */
  readonly clockSeconds: number;
  readonly problems: readonly string[];
}

export interface DoctorOptions {
  /** For the spool folder of runs. */
  readonly spool: string;
  /** How long a job may wait to be started. */
  readonly waitSeconds: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const askMilliseconds = 10_000;
const lookMilliseconds = 500;
/** Minutes that the job may take. */
const jobTime = "5";
/** So far clocks may be apart without a word. */
const mostClockSeconds = 5;

export async function askNodes(
  experiment: Experiment & { readonly slurm: SlurmSection },
  { spool, waitSeconds, say, signal }: DoctorOptions,
): Promise<readonly Finding[]> {
  const { slurm: section, start, file, overrides, process: training } = experiment;
  await makeSpoolFolder(spool);
  await makeFolder(join(spool, "jobs"), 0o700);
  const folder = await mkdtemp(join(spool, "doctor-"));
  const filesPath = runFilesPathOf(
    { artifacts: training.artifacts, run_files_path: training.runFilesPath },
    experiment.folder,
  );
  if (filesPath !== undefined) await makeFolder(filesPath);
  const { device, address } = section;
  const question: Question = { configuration: resolve(file), overrides, device, filesFolder: filesPath, address };
  const landing =
    address === undefined
      ? undefined
      : await tcpLanding(
          readAddress(address),
          await readToken(tokenFile(), true),
          () => undefined,
        )(
          () => undefined,
          () => undefined,
        );
  try {
    await replaceFile(join(folder, questionFile), JSON.stringify(question));
    const findings: Promise<Finding>[] = [];
    for (const partition of section.partition ?? [""]) {
      const asked = { ...section, partition: partition === "" ? undefined : [partition], time: jobTime };
      findings.push(askPartition(asked, partition, { folder, spool, start, waitSeconds, say, signal }));
    }
    return await Promise.all(findings);
  } finally {
    await landing?.close(true);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Asking extends Omit<DoctorOptions, "spool"> {
  readonly folder: string;
  readonly spool: string;
  readonly start: string;
}

async function askPartition(
  section: SlurmSection,
  partition: string,
  { folder, spool, start, waitSeconds, say, signal }: Asking,
): Promise<Finding> {
  const nothing = (problem: string): Finding => ({
    partition,
    answer: undefined,
    clockSeconds: 0,
    problems: [problem],
  });
  const name = `mosaic-doctor-${process.pid}-${partition}`;
  const script = join(folder, `job-${partition}.sh`);
  await replaceFile(script, jobScript(section, { name, spool, start }, probeWords(folder), { [probeVariable]: 1 }), {
    mode: 0o700,
  });
  let id: string;
  const sent = Date.now();
  try {
    const { out } = await slurm("sbatch", ["--parsable", script]);
    [id = ""] = out.trim().split(";");
  } catch (error) {
    return nothing(messageOf(error));
  }
  say(`Slurm job ${id} is sent${partition === "" ? "" : ` to ${partition}`}`);
  const path = join(folder, answerFile(id));
  let job: Job | undefined;
  let asked = 0;
  let endedAt: number | undefined;
  const begun = performance.now();
  try {
    for (;;) {
      if (pathExists(path)) {
        const answer = readAnswer(await readFile(path, "utf8"));
        return answer === undefined ? nothing(`${path} is no answer`) : judged(partition, answer, sent);
      }
      const now = performance.now();
      if (signal.aborted) return nothing("it was not waited for");
      // Once it runs Slurm ends it.
      const isOverdue = () => now - begun > 1000 * waitSeconds && job?.state !== "RUNNING" && endedAt === undefined;
      if (now - asked > askMilliseconds || asked === 0 || isOverdue()) {
        asked = now;
        [job] = (await jobsOf(name).catch(() => [])).filter((each) => each.id === id);
        if (job !== undefined && hasEnded(job)) endedAt ??= now;
      }
      // What it has written may show late.
      if (job !== undefined && endedAt !== undefined && now - endedAt > 2 * askMilliseconds)
        return nothing(`its job ${id} has said nothing: ${endText(job)}; ${await lastWords(join(spool, "jobs"), id)}`);
      if (isOverdue()) return nothing(waitsText(id, job, waitSeconds));
      await delay(lookMilliseconds, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await slurm("scancel", [id]).catch(() => undefined);
  }
}

function waitsText(id: string, job: Job | undefined, waitSeconds: number): string {
  const why = job === undefined ? "Slurm says nothing of it" : `Slurm says ${job.state}, ${job.reason}`;
  return `job ${id} has said nothing in ${waitSeconds} s: ${why}. Wait longer by --wait, or name another partition`;
}

async function lastWords(folder: string, id: string): Promise<string> {
  const path = join(folder, `${id}_4294967294.out`);
  const text = await readFile(path, "utf8").catch(() => "");
  if (text.trim() === "")
    return `it has printed nothing either: can the nodes see ${folder}, and is the working directory there?`;
  return `the end of what it has printed:\n${text.trim().slice(-1000)}\nWhere Node is missing: install it in the shared folder, or load it by setup of [SLURM], as in setup = module load nodejs`;
}

function judged(partition: string, answer: Answer, sent: number): Finding {
  const problems = [...answer.problems];
  const own = engineVersion();
  if (answer.version !== own)
    problems.push(`it has ${answer.version}, this machine ${own}: use one installation, whose path both see`);
  // It was asked after one moment and has answered before the other.
  const clockSeconds = Math.max(0, sent - answer.time, answer.time - Date.now()) / 1000;
  if (clockSeconds > mostClockSeconds)
    problems.push(
      `its clock is ${Math.round(clockSeconds)} s away from this machine's: durations and times of its runs are wrong by as much; have NTP set up`,
    );
  return { partition, answer, clockSeconds, problems };
}
