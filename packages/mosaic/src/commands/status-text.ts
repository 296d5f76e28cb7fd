/** How a status report is written, for people and for programs. */

import { resolve } from "node:path";
import { styleText } from "node:util";
import { clockText, countText } from "@ml-mosaic/base";
import { numberText, oneLine, pathText, plainLines, shellText, shortenText, tableText } from "@ml-mosaic/command-line";
import { isWaiting, type Job } from "../slurm/jobs.ts";
import { missingText } from "../slurm/record.ts";
import type { StatusReport } from "../status/status-report.ts";
import { continueCommand } from "./continue-command.ts";

/** Of jobs that wait for the same reason. */
const mostIds = 4;

export interface StatusTextOptions {
  /** Stacks of errors, not only their first lines. */
  readonly verbose: boolean;
  /** Width of the terminal; undefined where lines may be of any length. */
  readonly columns: number | undefined;
}

/** First how it stands, then a list for each status. */
export function statusText(report: StatusReport, options: StatusTextOptions): string {
  const sections = [
    headText(report),
    doneText(report),
    failedText(report, options),
    otherText(report),
    runningText(report),
    pendingText(report),
    jobsText(report),
  ].filter((section) => section !== undefined);
  const width = options.columns;
  const lines = sections.join("\n\n").split("\n");
  return (width === undefined || options.verbose ? lines : lines.map((line) => fitText(line, width))).join("\n");
}

/** A coloured line is short and stays: cutting it could cut its colour's end off. */
function fitText(line: string, width: number): string {
  return line.includes("\u001b") ? line : shortenText(line, width);
}

/** How the database stands, in words without colours, and what goes on with it where work is left that nobody does. */
interface StateWords {
  readonly text: string;
  readonly goOn: string | undefined;
}

export function stateWords(report: StatusReport): StateWords {
  return { text: stateParts(report).join(""), goOn: commandToGoOn(report) };
}

function headText(report: StatusReport): string {
  const { database, state, counts, removed } = report;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const parts = ["done", "error", "running", "paused", "pending"]
    .map((status) => ({ status, count: counts.get(status) ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status === "error" ? "failed" : status}`);
  const gone = removed === 0 ? "" : `; ${countText(removed, "run")} removed`;
  const counted = `${countText(total, "run")}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}${gone}`;
  const [word, rest] = stateParts(report);
  const colour = state === "running" ? "green" : state === "crashed" ? "red" : "reset";
  const goOn = commandToGoOn(report);
  return [
    `${styleText("bold", database)}: ${colour === "reset" ? word : styleText(colour, word)}${rest}`,
    counted,
    ...(goOn === undefined ? [] : ["All results so far are stored. To go on:", `  ${goOn}`]),
  ].join("\n");
}

function stateParts({ state, writer }: StatusReport): readonly [word: string, rest: string] {
  switch (state) {
    case "running":
      return ["running", `, process ${writer?.pid} since ${timeText(writer?.claimedAt)}`];
    case "crashed":
      return ["crashed", `: process ${writer?.pid}, which began ${timeText(writer?.claimedAt)}, is dead`];
    case "stopped":
      return ["stopped", " before all runs were done"];
    case "finished":
      return ["finished", ""];
    case "unknown":
      return ["written by the original Mosaic", ", which does not say whether it is running"];
    default:
      return state satisfies never;
  }
}

function commandToGoOn({ state, origin, database }: StatusReport): string | undefined {
  if (state !== "crashed" && state !== "stopped") return undefined;
  const file = origin?.configurationFile ?? "";
  return origin === undefined || file === ""
    ? `mosaic run <config.ini> ${shellText(database)} --continue`
    : continueCommand({ configuration: pathText(file), overrides: origin.overrides }, database);
}

function doneText({ counts, done }: StatusReport): string | undefined {
  const rows = done.map(({ runId, trainLoss, testLoss, durationSeconds, description, tags }) => [
    String(runId),
    numberText(trainLoss),
    numberText(testLoss),
    durationSeconds === null ? "" : `${numberText(durationSeconds)} s`,
    taggedText(description, tags),
  ]);
  const table = () => tableText(["run", "train loss", "test loss", "time", "pipeline"], rows, [0, 1, 2, 3]);
  return sectionText("Done", "green", counts.get("done") ?? 0, done.length, table);
}

/** Those that wait for the same reason are one line. */
function jobsText({ jobs }: StatusReport): string | undefined {
  if (jobs.length === 0) return undefined;
  const waiting = Map.groupBy(jobs.filter(isWaiting), ({ reason }) => reason);
  const rows = [
    ...jobs
      .filter((job) => !isWaiting(job))
      .map(({ id, state, node, start }) => [id, state.toLowerCase(), node, start]),
    ...Array.from(waiting, ([reason, alike]) => [idsText(alike), `${alike.length} waiting`, "", `for ${reason}`]),
  ];
  return [styleText("bold", `Slurm jobs ${jobs.length}`), tableText(["job", "state", "node", "since"], rows, [0])].join(
    "\n",
  );
}

/** Of arrays their own ids: what scontrol and scancel take. */
function idsText(jobs: readonly Job[]): string {
  const ids = [...new Set(jobs.map(({ id }) => id.replace(/_\d+$/, "")))];
  return ids.length > mostIds ? `${ids.slice(0, mostIds).join(",")},…` : ids.join(",");
}

function failedText({ counts, failed }: StatusReport, { verbose }: StatusTextOptions): string | undefined {
  const lines = () =>
    verbose
      ? failed
          .map(({ runId, description, tags, stack }) =>
            [`run ${runId}  ${taggedText(description, tags)}`, indent(plainLines(stack))].join("\n"),
          )
          .join("\n")
      : tableText(
          ["run", "error", "pipeline"],
          failed.map(({ runId, message, description, tags }) => [
            String(runId),
            shortMessage(message),
            taggedText(description, tags),
          ]),
          [0],
        );
  return sectionText("Error", "red", counts.get("error") ?? 0, failed.length, lines);
}

function runningText({ counts, running, state }: StatusReport): string | undefined {
  const rows = running.map(({ runId, epoch, epochs, testLoss, secondsLeft, description }) => [
    String(runId),
    epochs === null ? String(epoch) : `${epoch}/${epochs}`,
    secondsLeft === null ? "" : clockText(secondsLeft),
    numberText(testLoss),
    oneLine(description),
  ]);
  const silent = running.flatMap(({ runId, silentSince }) =>
    silentSince === null ? [] : [`run ${runId} shows no progress since ${timeText(silentSince)}`],
  );
  const table = () =>
    [tableText(["run", "epoch", "left", "test loss", "pipeline"], rows, [0, 1, 2, 3]), ...silent].join("\n");
  const title = state === "running" || state === "unknown" ? "Running" : "Running when it ended";
  return sectionText(title, "cyan", counts.get("running") ?? 0, running.length, table);
}

function otherText({ counts, others }: StatusReport): string | undefined {
  if (others.length === 0) return undefined;
  const total = others
    .map(({ status }) => status)
    .filter((status, index, all) => all.indexOf(status) === index)
    .reduce((sum, status) => sum + (counts.get(status) ?? 0), 0);
  const rows = others.map(({ runId, status, message, description }) => [
    String(runId),
    oneLine(status),
    shortMessage(message),
    oneLine(description),
  ]);
  return sectionText("Others", "yellow", total, rows.length, () =>
    tableText(["run", "status", "message", "pipeline"], rows, [0]),
  );
}

function pendingText({ counts, returned, missing }: StatusReport): string | undefined {
  const count = counts.get("pending") ?? 0;
  if (count === 0) return undefined;
  const rows = returned.map(({ runId, message, description }) => [String(runId), message, oneLine(description)]);
  const came = rows.length === 0 ? [] : [tableText(["run", "came back", "pipeline"], rows, [0])];
  return [`${styleText("bold", "Pending")} ${count}`, ...missing.map(missingText), ...came].join("\n");
}

function sectionText(
  title: string,
  colour: "green" | "red" | "cyan" | "yellow",
  count: number,
  shown: number,
  body: () => string,
): string | undefined {
  if (count === 0) return undefined;
  const cut = count > shown ? `, the last ${shown}; --all shows all` : "";
  return `${styleText(["bold", colour], title)} ${count}${cut}\n${indent(body().split("\n"))}`;
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join("\n");
}

/** `Data() | Net(2)   [baseline, best]` */
function taggedText(description: string, tags: readonly string[]): string {
  return oneLine(tags.length === 0 ? description : `${description}   [${tags.join(", ")}]`);
}

function shortMessage(message: string): string {
  return shortenText(oneLine(message), 100);
}

/** Today's times without the date. */
function timeText(date: Date | undefined): string {
  if (date === undefined) return "";
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} `;
  const isToday = date.toDateString() === new Date().toDateString();
  return `${isToday ? "" : day}${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The database's own names. */
export function statusJson({ database, state, writer, origin, counts, removed, ...lists }: StatusReport): unknown {
  return {
    database: resolve(database),
    state,
    process: writer === undefined ? null : { pid: writer.pid, alive: writer.alive, since: writer.claimedAt },
    configuration: origin?.configurationFile ?? null,
    counts: Object.fromEntries(counts),
    removed,
    done: lists.done.map(({ runId, description, tags, trainLoss, testLoss, durationSeconds }) => ({
      run_id: runId,
      pipeline: description,
      tags,
      train_loss: trainLoss,
      test_loss: testLoss,
      "duration(s)": durationSeconds,
    })),
    error: lists.failed.map(({ runId, description, tags, message, stack }) => ({
      run_id: runId,
      pipeline: description,
      tags,
      message,
      stack,
    })),
    running: lists.running.map(({ runId, description, epoch, epochs, testLoss, secondsLeft, silentSince }) => ({
      run_id: runId,
      pipeline: description,
      epoch,
      epochs,
      test_loss: testLoss,
      seconds_left: secondsLeft,
      no_progress_since: silentSince,
    })),
    returned: lists.returned.map(({ runId, description, message }) => ({
      run_id: runId,
      pipeline: description,
      message,
    })),
    others: lists.others.map(({ runId, description, status, message }) => ({
      run_id: runId,
      pipeline: description,
      status,
      message,
    })),
  };
}
