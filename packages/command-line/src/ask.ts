import { createInterface } from "node:readline";

/**
 * The line that is typed as an answer to a question; undefined where the input ends. Rejects with the signal's reason when
 * that is aborted.
 */
export function ask(question: string, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  // No raw mode: Ctrl-C stays what it is.
  const lines = createInterface({ input: process.stdin, terminal: false });
  process.stderr.write(question);
  return new Promise<string | undefined>((resolve, reject) => {
    lines.once("line", resolve);
    lines.once("close", () => resolve(undefined));
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  }).finally(() => lines.close());
}
