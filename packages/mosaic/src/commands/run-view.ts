/** Shows an experiment while it runs: in place on a terminal, as plain lines elsewhere. */
import { clockText, countText } from "@ml-mosaic/base";
import { barText, numberText, oneLine, shortenText, type Terminal } from "@ml-mosaic/command-line";
import type { EpochRecord } from "@ml-mosaic/training";
import { figureOf } from "../figures/run-figures.ts";
import { firstErrorLine } from "../status/first-error-line.ts";
import { type Lease, maximumAttempts } from "../store/index.ts";
import { silentSeconds } from "../supervisor/patience.ts";
import type { SupervisorEvent } from "../supervisor/supervise.ts";

interface Running {
  readonly lease: Lease;
  progress: number;
  last?: EpochRecord;
  epochs?: number;
}

export interface RunView {
  event(event: SupervisorEvent): void;
  /** A line that stays. */
  say(line: string): void;
  close(): void;
}

const refreshMilliseconds = 150;

export async function openRunView(terminal: Terminal, total: number): Promise<RunView> {
  const start = performance.now();
  const running = new Map<number, Running>();
  let done = 0;
  let failed = 0;
  const live = terminal.isLive ? (await import("log-update")).createLogUpdate(process.stderr) : undefined;

  const share = () => {
    let parts = done + failed;
    for (const { last, epochs } of running.values())
      parts += last === undefined || epochs === undefined ? 0 : last.epoch / epochs;
    return total === 0 ? 1 : parts / total;
  };
  const timeText = () => {
    const seconds = (performance.now() - start) / 1000;
    const left = share() > 0.01 ? `, about ${clockText((seconds * (1 - share())) / share())} left` : "";
    return `${clockText(seconds)}${left}`;
  };
  const draw = () => {
    const width = Math.max(40, process.stderr.columns || 80) - 1;
    const failures = failed > 0 ? `, ${failed} failed` : "";
    const lines = [`${barText(share(), 20)} ${done + failed}/${total} done${failures}  ${timeText()}`];
    for (const { lease, last, epochs, progress: progressed } of running.values()) {
      const silent = (performance.now() - progressed) / 1000;
      const silence = silent > silentSeconds ? `  no progress for ${clockText(silent)}` : "";
      const progress =
        last === undefined ? "starting" : `epoch ${last.epoch}/${epochs}  test loss ${numberText(last.validLoss)}`;
      lines.push(shortenText(`  run ${lease.runId}  ${progress}${silence}  ${oneLine(lease.description)}`, width));
    }
    live?.(lines.join("\n"));
  };
  const say = (line: string) => {
    live?.clear();
    terminal.err(`${line}\n`);
    if (live !== undefined) draw();
  };
  const timer = live === undefined ? undefined : setInterval(draw, refreshMilliseconds);

  return {
    say,
    event(event) {
      const { lease } = event;
      const name = `run ${lease.runId}`;
      switch (event.kind) {
        case "started":
          running.set(lease.runId, { lease, progress: performance.now() });
          return;
        case "epochs": {
          const entry = running.get(lease.runId);
          if (entry !== undefined) {
            entry.last = event.last;
            entry.progress = performance.now();
            entry.epochs = event.epochs;
          }
          return;
        }
        case "done": {
          running.delete(lease.runId);
          done++;
          if (live === undefined)
            say(
              `${done + failed}/${total} ${name} done: test loss ${numberText(figureOf(event.result, "test_loss"))}  ${oneLine(lease.description)}`,
            );
          return;
        }
        case "failed":
          running.delete(lease.runId);
          failed++;
          return say(
            `${done + failed}/${total} ${name} failed: ${errorLine(event.error)}  ${oneLine(lease.description)}`,
          );
        case "worker-died":
          running.delete(lease.runId);
          if (event.status === "error") failed++;
          return say(
            `${name}: its worker died (${event.how}); ${afterDeathText(event)}  ${oneLine(lease.description)}`,
          );
        case "given-back":
          running.delete(lease.runId);
          return event.why === undefined ? undefined : say(`${name}: ${event.why}`);
        case "progress": {
          const entry = running.get(lease.runId);
          if (entry !== undefined) entry.progress = performance.now();
          return;
        }
        case "disturbed":
          running.delete(lease.runId);
          return say(
            `run ${event.from} left an error behind: ${errorLine(event.error)}; ${name}, which came after it in one worker, starts again`,
          );
        case "paused":
          running.delete(lease.runId);
          return say(`${name} is paused after ${countText(event.epochs, "epoch")}`);
        default:
          event satisfies never;
      }
    },
    close() {
      clearInterval(timer);
      live?.clear();
      live?.done();
      terminal.err(
        `${countText(done, "run")} done${failed > 0 ? `, ${failed} failed` : ""} in ${clockText((performance.now() - start) / 1000)}\n`,
      );
    },
  };
}

function errorLine(error: string): string {
  return shortenText(oneLine(firstErrorLine(error)), 200);
}

function afterDeathText({ status, goesOn }: Extract<SupervisorEvent, { readonly kind: "worker-died" }>): string {
  if (status === "error") return `given up after ${maximumAttempts} attempts`;
  return goesOn ? "it goes on from its snapshot" : "it starts again";
}
