/**
 * The process that carries out one request of a user. SQLite can be interrupted by nothing that Node has, so that a thread
 * beside it looks at clock and memory, and ends the process.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { messageOf } from "@ml-mosaic/base";
import { type RequestAnswer, type RequestBounds, type RequestOrder, timeIsOver } from "./request-messages.ts";
import { storeErrorFrom } from "./sqlite-error.ts";
import { requestFrom } from "./sqlite-request.ts";
import { StoreError } from "./store-error.ts";

const lookMilliseconds = 20;

async function watchBounds({ seconds, memoryBytes }: RequestBounds): Promise<void> {
  const thread = new Worker(
    `(${endAtBounds.toString()})(${seconds * 1000}, ${memoryBytes}, ${lookMilliseconds}, "${timeIsOver}")`,
    { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 } },
  );
  await once(thread, "online");
}

/** Runs in the thread, where it sees nothing of this file. */
function endAtBounds(
  milliseconds: number,
  memoryBytes: number,
  lookMilliseconds: number,
  atTime: NodeJS.Signals,
): void {
  const start = performance.now();
  setInterval(() => {
    if (process.memoryUsage.rss() > memoryBytes) process.kill(process.pid, "SIGKILL");
    if (performance.now() - start > milliseconds) process.kill(process.pid, atTime);
  }, lookMilliseconds);
}

function answerTo({ location, sql, bounds }: RequestOrder): RequestAnswer {
  try {
    return { kind: "ids", ids: requestFrom(location, sql, bounds.rows) };
  } catch (thrown) {
    const error = storeErrorFrom(thrown, location);
    if (error instanceof StoreError) return { kind: "refused", code: error.code, message: error.message };
    return { kind: "failed", message: messageOf(error) };
  }
}

process.once("message", async (order: RequestOrder) => {
  await watchBounds(order.bounds);
  process.send?.(answerTo(order), () => process.exit());
});
// Without who asked, nobody waits for the answer.
process.on("disconnect", () => process.exit());
