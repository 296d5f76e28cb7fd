/** What a job of `mosaic slurm doctor` does on its node: it looks at what runs will need there, and says what it finds. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isPlainObject, messageOf, pathExists, replaceFile } from "@ml-mosaic/base";
import { type Project, readExperiment } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { engineVersion, machineFacts } from "../experiment/environment.ts";
import { languages, sectionsByLanguage } from "../languages/languages.ts";
import { readAddress } from "../tcp/address.ts";
import { meetAtPort } from "../tcp/meeting.ts";
import { readToken, tokenFile } from "../tcp/token.ts";

/** What the node is asked. */
/** In the environment of a job of `mosaic slurm doctor`, which is to look at its node. */
export const probeVariable = "MOSAIC_SLURM_PROBE";

export interface Question {
  readonly configuration: string;
  readonly overrides: readonly string[];
  readonly device: string;
  /** Which runs write to. */
  readonly filesFolder: string | undefined;
  readonly address: string | undefined;
}

/** What is found there. */
export interface Answer {
  readonly host: string;
  readonly version: string;
  /** Of languages that are not Node's. */
  readonly versions: string;
  readonly processor: string;
  readonly cores: number;
  /** Open files and processes, as `ulimit` says them. */
  readonly limits: string;
  readonly folder: string;
  /** By the node's clock, in milliseconds. */
  readonly time: number;
  /** What would fail, each with what to do. */
  readonly problems: readonly string[];
}

const visibleMilliseconds = 120_000;
const portMilliseconds = 15_000;

export const questionFile = "question.json";
export function answerFile(job: string): string {
  return `answer-${job}.json`;
}

/** @param folder in which the question lies, and the answer is put */
export async function probeNode(folder: string): Promise<void> {
  const { configuration, overrides, device, filesFolder, address } = await readQuestion(folder);
  const problems: string[] = [];
  // Before there is a connection, whose other end would be looked up.
  const { user_max_processes, open_files } = userLimits();
  const trying = async (what: () => Promise<void>) => {
    await what().catch((error: unknown) => problems.push(messageOf(error)));
  };
  let versions = "";
  await trying(async () => {
    const experiment = await readExperiment(configuration, overrides, "slurm");
    const project: Project = { folder: experiment.folder, start: experiment.start, python: experiment.monitor.python };
    for (const name of sectionsByLanguage(experiment).keys()) {
      const said = await languages[name].versions(project);
      if (said !== "") versions += `${versions === "" ? "" : ", "}${said}`;
      if (device !== "cpu") problems.push(...(await languages[name].deviceProblems([device], project)));
    }
  });
  if (filesFolder !== undefined)
    await trying(async () => {
      if (!pathExists(filesFolder)) throw new MosaicError("NO_SPOOL", unseen(filesFolder));
      await rm(await mkdtemp(join(filesFolder, ".doctor-")), { recursive: true });
    });
  if (address !== undefined)
    await trying(async () => {
      const meeting = meetAtPort(readAddress(address), await readToken(tokenFile(), false), `doctor-${process.pid}`);
      const over = AbortSignal.timeout(portMilliseconds);
      if (typeof (await meeting.next(portMilliseconds, over)) === "string")
        throw new MosaicError(
          "BAD_ADDRESS",
          `nobody answers at ${address}: name this machine as the nodes reach it, open the port, or use transport = spool`,
        );
    });
  if (Number(open_files) < 512)
    problems.push(`only ${open_files} files may be open: add ulimit -n 4096 to setup of [SLURM]`);
  const facts = machineFacts();
  const answer: Answer = {
    host: process.env.SLURMD_NODENAME ?? hostname(),
    version: engineVersion(),
    versions,
    processor: String(facts.processor),
    cores: availableParallelism(),
    limits: `${open_files} open files, ${user_max_processes} processes`,
    folder: process.cwd(),
    time: Date.now(),
    problems,
  };
  await replaceFile(join(folder, answerFile(process.env.SLURM_JOB_ID ?? "")), JSON.stringify(answer));
}

function unseen(folder: string): string {
  return `${folder} cannot be seen: it must be on a file system that the nodes share with the machine of mosaic run, at the same path`;
}

/** A network file system may show it late. */
async function readQuestion(folder: string): Promise<Question> {
  const end = performance.now() + visibleMilliseconds;
  const file = join(folder, questionFile);
  while (!pathExists(file) && performance.now() < end) await delay(500);
  if (!pathExists(file)) throw new MosaicError("NO_SPOOL", unseen(folder));
  const { configuration, overrides, device, filesFolder, address } = Object(JSON.parse(await readFile(file, "utf8")));
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return {
    configuration: String(configuration),
    overrides: Array.isArray(overrides) ? overrides.map(String) : [],
    device: String(device),
    filesFolder: text(filesFolder),
    address: text(address),
  };
}

function userLimits(): Readonly<Record<string, string>> {
  const report: unknown = process.report.getReport();
  const limits = isPlainObject(report) && isPlainObject(report.userLimits) ? report.userLimits : {};
  const soft = (name: string) => {
    const limit = limits[name];
    return isPlainObject(limit) ? String(limit.soft) : "any number of";
  };
  return { open_files: soft("open_files"), user_max_processes: soft("max_user_processes") };
}

/** Undefined for what is none. */
export function readAnswer(text: string): Answer | undefined {
  const value: unknown = JSON.parse(text);
  return isAnswer(value) ? value : undefined;
}

function isAnswer(value: unknown): value is Answer {
  return (
    isPlainObject(value) &&
    ["host", "version", "versions", "processor", "limits", "folder"].every((name) => typeof value[name] === "string") &&
    ["cores", "time"].every((name) => typeof value[name] === "number") &&
    Array.isArray(value.problems) &&
    value.problems.every((each) => typeof each === "string")
  );
}
