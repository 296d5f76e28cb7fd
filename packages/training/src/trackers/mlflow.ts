import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { errorCode, replaceFile } from "@ml-mosaic/base";
import { configurable, type Objection, register, schema, string } from "@ml-mosaic/configurable";
import type { EpochRecord, Figures } from "../history.ts";
import { BaseTracker, type RunEnd, type TrackedRun } from "./base-tracker.ts";
import { MlflowClient, type MlflowEntry, type MlflowMetric, MlflowRefusal } from "./mlflow-client.ts";

/** What a run remembers of its place on the server, so that it goes on there. */
interface Place {
  readonly uri: string;
  readonly runId: string;
  /** The last epoch that the server has: 0 where it has none, -1 where it does not have the parameters either. */
  readonly epoch: number;
}

const options = {
  uri: schema(string, { optional: true, help: "The server; without it, MLFLOW_TRACKING_URI of the environment" }),
  experiment: schema(string, { default: "Default", help: "Made where the server has none of this name" }),
};

/** Waits between attempts, in milliseconds. */
const pauses = [500, 2000];

/**
 * Sends figures to an MLflow tracking server. Nothing waits for it but the end of the run: epochs are sent while the
 * next ones are trained, and a server that is away gets them later, when it is back or the run goes on.
 */
class Mlflow extends configurable(options, BaseTracker) {
  static override readonly aliases = ["mlflow"];
  #run: TrackedRun | undefined;
  #client: MlflowClient | undefined;
  #place: Place | undefined;
  /** Epochs that the server does not have yet, the oldest first. */
  #waiting: EpochRecord[] = [];
  #sending: Promise<void> = Promise.resolve();
  /** Whether somebody waits to send them already. */
  #isFlushQueued = false;
  #refused = false;
  #hasWarned = false;

  override preconditions(): Objection | undefined {
    const uri = addressOf(this.uri);
    if (uri === undefined) return { option: "uri", message: "missing, and the environment has no MLFLOW_TRACKING_URI" };
    return /^https?:\/\/./.test(uri)
      ? undefined
      : { option: "uri", message: `${JSON.stringify(uri)} does not begin with http:// or https://` };
  }

  override async start(run: TrackedRun): Promise<void> {
    const uri = addressOf(this.uri) ?? "";
    this.#run = run;
    this.#client = new MlflowClient(uri);
    const place = await readPlace(placePath(run));
    this.#place = place?.uri === uri ? place : undefined;
    const known = this.#place;
    this.#waiting = run.earlier.filter(({ epoch }) => epoch > (known?.epoch ?? 0));
    if (known !== undefined) this.#send((client) => client.updateRun(known.runId, "RUNNING"));
    this.#sendWaiting();
  }

  override epoch(epoch: EpochRecord): void {
    if (epoch.epoch <= (this.#place?.epoch ?? 0)) return;
    this.#waiting.push(epoch);
    this.#sendWaiting();
  }

  override async end({ status, test }: RunEnd): Promise<void> {
    const statuses = { finished: "FINISHED", paused: "KILLED", failed: "FAILED" } as const;
    this.#send(async (client) => {
      await this.#flush(client);
      if (this.#place === undefined) return;
      const { runId } = this.#place;
      if (test !== undefined)
        await client.logMetrics(
          runId,
          metricsOf(test.epoch, { test_loss: test.loss, ...prefixed("test", test.metrics) }),
        );
      await client.updateRun(runId, statuses[status], Date.now());
    });
    await this.#sending;
    const left = this.#waiting.length;
    if (left > 0) this.#warn(`${left} ${left === 1 ? "epoch is" : "epochs are"} not on the server`);
  }

  #sendWaiting(): void {
    if (this.#isFlushQueued) return;
    this.#isFlushQueued = true;
    this.#send((client) => {
      this.#isFlushQueued = false;
      return this.#flush(client);
    });
  }

  /** Does something after all that was asked before. What fails is tried again, until the user has been warned. */
  #send(work: (client: MlflowClient) => Promise<void>): void {
    const client = this.#client;
    if (client === undefined) return;
    this.#sending = this.#sending.then(async () => {
      for (const pause of this.#hasWarned ? [undefined] : [...pauses, undefined]) {
        if (this.#refused) return;
        try {
          return await work(client);
        } catch (error) {
          this.#refused = error instanceof MlflowRefusal;
          if (this.#refused || pause === undefined) return this.#warn(explain(error));
          await wait(pause);
        }
      }
    });
  }

  async #flush(client: MlflowClient): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    if (this.#place === undefined) {
      const experimentId = await client.experimentId(this.experiment);
      const runId = await client.createRun(experimentId, run.runName, Date.now());
      await this.#remember({ uri: addressOf(this.uri) ?? "", runId, epoch: -1 });
    }
    if (this.#place?.epoch === -1) {
      await client.logParams(this.#place.runId, paramsOf(run.config));
      await this.#remember({ ...this.#place, epoch: 0 });
    }
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#place === undefined) return;
      const { epoch, lr, trainLoss, validLoss, metrics, seconds } = next;
      const figures = { lr, train_loss: trainLoss, valid_loss: validLoss, ...prefixed("valid", metrics), seconds };
      await client.logMetrics(this.#place.runId, metricsOf(epoch, figures));
      this.#waiting.shift();
      await this.#remember({ ...this.#place, epoch });
    }
  }

  async #remember(place: Place): Promise<void> {
    this.#place = place;
    if (this.#run !== undefined) await replaceFile(placePath(this.#run), `${JSON.stringify(place)}\n`);
  }

  #warn(what: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#run?.warn(`MLflow at ${addressOf(this.uri)}: ${what}. Training goes on; logs_train.csv has all figures.`);
  }
}
register(Mlflow);

function addressOf(uri: string | undefined): string | undefined {
  return uri ?? process.env.MLFLOW_TRACKING_URI;
}

function placePath({ folder }: TrackedRun): string {
  return join(folder, "mlflow.json");
}

async function readPlace(path: string): Promise<Place | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const { uri, runId, epoch }: Record<string, unknown> = Object(JSON.parse(text));
  if (typeof uri !== "string" || typeof runId !== "string" || typeof epoch !== "number")
    throw new Error(`${path} is damaged: remove it, and the run gets a new place on the server`);
  return { uri, runId, epoch };
}

function prefixed(set: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${set}_${name}`, value]));
}

function metricsOf(step: number, figures: Figures): readonly MlflowMetric[] {
  const timestamp = Date.now();
  return Object.entries(figures).map(([key, value]) => ({ key, value, timestamp, step }));
}

/** The configuration as `trainer.optimizer.lr` and its value. */
function paramsOf(config: unknown, path = ""): readonly MlflowEntry[] {
  if (config === null || typeof config !== "object") return [{ key: path, value: String(config ?? "") }];
  return Object.entries(config).flatMap(([name, part]) => paramsOf(part, path === "" ? name : `${path}.${name}`));
}

/** fetch says little by itself: what went wrong is in its cause. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
