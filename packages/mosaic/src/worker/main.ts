/** A worker process: it carries out one run after the other, with ONNX Runtime and the users' modules loaded once. */
import { join } from "node:path";
import { executeRun } from "../run/execute-run.ts";
import type { RunOrder } from "../run/order.ts";
import { RunLog } from "../run/run-files.ts";
import type { EpochRecord } from "../store/index.ts";
import { captureOutput } from "./capture-output.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** Epochs are reported in batches: tiny models make thousands of them a second. */
const reportMilliseconds = 100;

let current: number | undefined;

function tell(message: FromWorker): void {
  // The channel closes when the supervisor dies; `disconnect` below ends this process then.
  if (process.connected) process.send?.(message);
}

async function carryOut(token: number, order: RunOrder): Promise<void> {
  const log =
    order.filesFolder === undefined ? undefined : new RunLog(join(order.filesFolder, `output_${order.runId}.log`));
  const release = captureOutput((text) => log?.write(text));
  let records: EpochRecord[] = [];
  let reported = performance.now();
  try {
    const { result, artifacts } = await executeRun(order, {
      onEpoch(
        { epoch, trainLoss, evaluationLoss, trainAccuracy = null, evaluationAccuracy = null, lr, seconds },
        epochs,
      ) {
        records.push({
          epoch,
          trainLoss,
          testLoss: evaluationLoss,
          trainAccuracy,
          testAccuracy: evaluationAccuracy,
          learningRate: lr,
          seconds,
        });
        log?.write(`epoch ${epoch}/${epochs} train_loss ${trainLoss} test_loss ${evaluationLoss}\n`);
        if (performance.now() - reported < reportMilliseconds) return;
        reported = performance.now();
        log?.flush();
        tell({ kind: "epochs", token, records, epochs });
        records = [];
      },
    });
    log?.close();
    const logFile = log === undefined ? [] : [{ kind: "log", path: `output_${order.runId}.log`, sizeBytes: log.size }];
    tell({ kind: "done", token, result, records, artifacts: [...artifacts, ...logFile] });
  } catch (error) {
    const text = errorText(error);
    log?.write(`${text}\n`);
    log?.close();
    tell({ kind: "failed", token, error: text });
  } finally {
    release();
  }
}

/** The message with its stack, and the causes behind it. */
function errorText(error: unknown): string {
  if (!(error instanceof Error)) return `a module threw ${String(error)}, which is no Error`;
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\ncaused by ${errorText(error.cause)}`;
}

process.on("message", (message: ToWorker) => {
  switch (message.kind) {
    case "run":
      current = message.token;
      void carryOut(message.token, message.order).finally(() => {
        current = undefined;
      });
      break;
    case "stop":
      process.exit(0);
      break;
    default:
      message satisfies never;
  }
});
// Without its supervisor a worker is an orphan: whatever it would compute, nobody would take.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group; only the supervisor decides what it means.
process.on("SIGINT", () => undefined);

/** An error that nobody awaited is the present run's fault; afterwards this process cannot be trusted. */
function giveUp(error: unknown): void {
  if (current !== undefined) tell({ kind: "failed", token: current, error: errorText(error) });
  process.disconnect();
  process.exit(1);
}
process.on("uncaughtException", giveUp);
process.on("unhandledRejection", giveUp);

tell({ kind: "ready" });
