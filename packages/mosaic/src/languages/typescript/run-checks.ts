import { setImmediate as nextTurn } from "node:timers/promises";
import { forbidExit } from "../../modules/forbid-exit.ts";
import { checkRun } from "../../run/execute-run.ts";
import { captureOutput } from "../../worker/capture-output.ts";
import type { RunChecks } from "../language.ts";

/** In this process: compiling is what takes time, and its code is kept. */
export function openRunChecks(): RunChecks {
  let errors: unknown[] = [];
  const fail = (error: unknown) => errors.push(error);
  const allowExit = forbidExit();
  process.on("unhandledRejection", fail);
  process.on("uncaughtException", fail);
  return {
    async check(order) {
      errors = [];
      // What modules print belongs into the logs of runs, and there are none yet.
      const release = captureOutput(() => undefined);
      try {
        await checkRun(order).catch(fail);
        // Promises that nobody awaited are reported between two turns of the event loop.
        await nextTurn();
      } finally {
        release();
      }
      return errors;
    },
    async [Symbol.asyncDispose]() {
      process.off("unhandledRejection", fail);
      process.off("uncaughtException", fail);
      allowExit();
    },
  };
}
