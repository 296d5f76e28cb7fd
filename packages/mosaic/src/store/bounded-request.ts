import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bytesText, nodeOptions } from "@ml-mosaic/base";
import { type RequestAnswer, type RequestBounds, requestBounds, timeIsOver } from "./request-messages.ts";
import { requestRefused } from "./sqlite-request.ts";
import { StoreError } from "./store-error.ts";

// The sources run as .ts, the published package as .js.
const main = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./request-process.ts" : "./request-process.js", import.meta.url),
);

/**
 * Carries out a user's query in a process of its own, which ends when it takes too long or too much memory.
 *
 * @throws StoreError for what is refused, and for what goes beyond the bounds
 */
export function boundedRequest(
  location: string,
  sql: string,
  bounds: RequestBounds = requestBounds,
): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const child = fork(main, [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: [...nodeOptions],
    });
    child.once("error", reject);
    child.once("message", (answer: RequestAnswer) => {
      switch (answer.kind) {
        case "ids":
          return resolve(answer.ids);
        case "refused":
          return reject(new StoreError(answer.code, answer.message));
        case "failed":
          return reject(new Error(answer.message));
        default:
          answer satisfies never;
      }
    });
    child.once("close", (code, signal) => {
      if (signal === timeIsOver) reject(requestRefused(`it takes more than ${bounds.seconds} seconds`));
      // The system kills what takes its last memory, and V8 ends when its own is full.
      else if (signal === "SIGKILL" || signal === "SIGABRT")
        reject(requestRefused(`it needs more than ${bytesText(bounds.memoryBytes)} of memory`));
      // Nothing, where it has answered.
      else reject(new Error(`the process of a request ended with ${signal ?? `exit code ${code}`} before it answered`));
    });
    child.send({ location, sql, bounds }, (error) => {
      // Its end tells more.
      if (error !== null) child.kill();
    });
  });
}
