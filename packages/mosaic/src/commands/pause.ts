import { CodedError, clockText, countText, isSystemError, messageOf, pathExists } from "@ml-mosaic/base";
import { command, interruptible, oneLine, Stopped, shellText, type Terminal } from "@ml-mosaic/command-line";
import { boolean, path, schema } from "@ml-mosaic/configurable";
import { chooseDatabase } from "../control/choose-database.ts";
import { askExperiment } from "../control/control-client.ts";
import type { AwaitedRun, ControlRequest, PausedAnswer } from "../control/protocol.ts";
import { listExperiments, type RegisteredExperiment } from "../control/registry.ts";
import { MosaicError } from "../errors.ts";
import { waitingOf, writePauseFile } from "../experiment/pause-file.ts";
import { requireJsonTarget } from "../pipelines/write-texts.ts";
import { openSqliteReader } from "../store/index.ts";
import { silentSeconds } from "../supervisor/patience.ts";
import { continueCommand } from "./continue-command.ts";

/** The experiment answers twice a second what it waits for: whoever is silent for so long is stopped, or stuck. */
const unansweredMilliseconds = 10_000;
/** A run that is left in the middle is told of when it has not come to rest after so long. */
const restlessSeconds = 3;

export const pauseCommand = command({
  name: "pause",
  summary: "Let a running experiment come to rest, and write down what is left of it.",
  arguments: {
    pipeline_file: schema(path, { help: "file to write what is left to (.json); mosaic resume takes it" }),
  },
  options: {
    now: schema(boolean, {
      help: "leave the running runs in the middle, instead of waiting for their end; they go on from there",
    }),
    db: schema(path, { optional: true, words: "DATABASE", help: "which experiment, where several are running" }),
  },
  examples: ["mosaic pause left.json", "mosaic pause left.json --now"],
  async run(given, terminal) {
    const target = given.pipeline_file;
    const database = await chooseDatabase(given.db);
    const experiment = await findExperiment(database);
    // A path that cannot or must not be written is known before anything is paused.
    await requireJsonTarget(target);
    await refuseNeeded(target, database);
    const mode = given.now ? "now" : "finish";
    const view = await openWaitingView(terminal);
    const goOn = continueCommand(experiment, database);
    try {
      const paused = await interruptible((signal) => waitForRest(experiment, mode, view, signal));
      view.close();
      if (paused.left === 0) {
        terminal.out(`All runs of ${database} have ended; nothing is left, and no file is written.\n`);
        return 0;
      }
      let left: number;
      try {
        left = await writeLeft(target, database, paused);
      } catch (error) {
        if (!(error instanceof CodedError || isSystemError(error))) throw error;
        terminal.err(
          `${messageOf(error)}\nThe experiment is paused all the same, and nothing is lost. To go on without the file:\n  ${goOn}\n`,
        );
        return 3;
      }
      terminal.out(
        `${countText(left, "run")} left, written to ${target}. To go on: mosaic resume ${shellText(target)}\n`,
      );
      return 0;
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      terminal.err(
        `The experiment comes to rest all the same, but ${target} is not written. To go on when it has:\n  ${goOn}\n`,
      );
      return 3;
    } finally {
      view.close();
    }
  },
});

/** What another pause has left there is not to be lost: with it go the runs that it names. */
async function refuseNeeded(target: string, database: string): Promise<void> {
  if (!pathExists(target)) return;
  const waiting = await waitingOf(target, database);
  if (waiting === undefined || waiting.runs === 0) return;
  throw new MosaicError(
    "PAUSE_FILE_NEEDED",
    `${target} names ${countText(waiting.runs, "run")} of ${waiting.database} that ${waiting.runs === 1 ? "waits" : "wait"} for mosaic resume ${shellText(target)}; name another file`,
  );
}

async function findExperiment(database: string): Promise<RegisteredExperiment> {
  const known = (await listExperiments()).filter((each) => each.database === database);
  const running = known.find(({ liveness }) => liveness !== "dead");
  if (running !== undefined) return running;
  throw new MosaicError(
    "NO_EXPERIMENT",
    known.length === 0
      ? `no experiment is running in ${database}`
      : `the experiment of ${database} has crashed, so that there is nothing to pause; mosaic status ${shellText(database)} says how to go on`,
  );
}

async function waitForRest(
  experiment: RegisteredExperiment,
  mode: ControlRequest["mode"],
  view: WaitingView,
  signal: AbortSignal,
): Promise<PausedAnswer> {
  const { database, process } = experiment;
  const unanswered = setTimeout(
    () =>
      view.say(
        `The experiment of ${database} has not answered for ${unansweredMilliseconds / 1000} s: is process ${process.pid} stopped? kill -CONT ${process.pid} lets it go on; the request stays, and it comes to rest then.`,
      ),
    unansweredMilliseconds,
  );
  try {
    for await (const answer of askExperiment(experiment, { kind: "pause", mode }, signal)) {
      unanswered.refresh();
      switch (answer.kind) {
        case "waiting":
          view.show(answer.runs);
          break;
        case "refused":
          throw new MosaicError("PAUSE_REFUSED", answer.message);
        case "paused":
          return answer;
        default:
          answer satisfies never;
      }
    }
  } finally {
    clearTimeout(unanswered);
  }
  throw new MosaicError(
    "EXPERIMENT_DOES_NOT_ANSWER",
    `the experiment of ${database} ended before it answered; mosaic status ${shellText(database)} shows how it stands`,
  );
}

/** The experiment rests by now, whether the file can be written or not. */
async function writeLeft(target: string, database: string, paused: PausedAnswer): Promise<number> {
  const reader = await openSqliteReader(database);
  try {
    return await writePauseFile(target, reader, paused);
  } finally {
    await reader.close();
  }
}

/** What keeps a run from coming to rest, where it is long that it came forward. */
function silenceOf({ silentSeconds: silent = 0, patienceSeconds }: AwaitedRun): string | undefined {
  if (patienceSeconds !== undefined && silent > restlessSeconds)
    return `has a call to end before it can rest; its worker is killed if that takes ${Math.ceil(patienceSeconds)} s, and it starts again then`;
  if (patienceSeconds === undefined && silent > silentSeconds)
    return `shows no progress for ${clockText(silent)}; mosaic pause --now does not wait for its end`;
  return undefined;
}

interface WaitingView {
  /** A line that stays. */
  say(line: string): void;
  show(runs: readonly AwaitedRun[]): void;
  close(): void;
}

/** What is waited for: in place on a terminal, else a line whenever a run has ended. */
async function openWaitingView({ isLive, err }: Terminal): Promise<WaitingView> {
  const live = isLive ? (await import("log-update")).createLogUpdate(process.stderr) : undefined;
  let shown: string | undefined;
  const toldOf = new Set<number>();
  const say = (line: string) => {
    live?.clear();
    err(`${line}\n`);
  };
  return {
    say,
    show(runs) {
      const head = `Waiting for ${countText(runs.length, "run")}:`;
      const lines = runs.map(({ runId, description, seconds, epoch, epochs }) => {
        const progress = epochs === 0 ? "starting" : `epoch ${epoch}/${epochs}`;
        return `  run ${runId}  ${progress}  ${clockText(seconds)}  ${oneLine(description)}`;
      });
      if (live !== undefined) live([head, ...lines].join("\n"));
      else {
        const ids = runs.map(({ runId }) => runId).join(", ");
        if (ids !== shown && runs.length > 0) err(`${head} ${ids}\n`);
        shown = ids;
      }
      for (const run of runs) {
        const silence = silenceOf(run);
        if (silence === undefined || toldOf.has(run.runId)) continue;
        toldOf.add(run.runId);
        say(`run ${run.runId} ${silence}`);
      }
    },
    close() {
      live?.clear();
      live?.done();
    },
  };
}
