import { clockText, wholeText } from "@ml-mosaic/base";
import type { Terminal } from "./command.ts";
import { barText } from "./text.ts";

/** How far a long piece of work has come, on stderr: a line that is written over, or one now and then where it cannot be. */
export interface Progress {
  update(done: number): void;
  /** Ends the line. */
  end(): void;
}

export interface ProgressOptions {
  readonly total: number;
  /** What is counted, in the plural: "patches". */
  readonly unit: string;
  /** What is being done, such as "Writing". */
  readonly title: string;
}

const liveMilliseconds = 100;
const logMilliseconds = 10_000;

export function startProgress({ err, isLive }: Terminal, { total, unit, title }: ProgressOptions): Progress {
  const started = performance.now();
  let shown = isLive ? Number.NEGATIVE_INFINITY : started;
  let last = "";
  const write = (done: number, now: number) => {
    last = progressText({ total, unit, title, done, seconds: (now - started) / 1000 });
    // The rest of a longer line before it is wiped out.
    err(isLive ? `\r${last}\u001b[K` : `${last}\n`);
    shown = now;
  };
  return {
    update(done) {
      const now = performance.now();
      if (now - shown < (isLive ? liveMilliseconds : logMilliseconds) && !(isLive && done === total)) return;
      write(done, now);
    },
    end() {
      if (isLive && last !== "") err("\n");
    },
  };
}

interface ProgressState extends ProgressOptions {
  readonly done: number;
  readonly seconds: number;
}

/** "Writing ████░░░░  45 %  12,345 of 28,197 patches  9,800/s  00:02 left" */
export function progressText({ title, done, total, unit, seconds }: ProgressState): string {
  const share = total > 0 ? done / total : 1;
  const rate = seconds > 0 ? done / seconds : 0;
  const left = done >= total ? `in ${clockText(seconds)}` : rate > 0 ? `${clockText((total - done) / rate)} left` : "";
  const percent = `${Math.floor(100 * share)} %`.padStart(5);
  return `${title} ${barText(share, 24)} ${percent}  ${wholeText(done)} of ${wholeText(total)} ${unit}  ${rate > 0 ? `${rateText(rate)}/s  ` : ""}${left}`.trimEnd();
}

function rateText(rate: number): string {
  return rate >= 10 ? wholeText(rate) : rate.toPrecision(2);
}
