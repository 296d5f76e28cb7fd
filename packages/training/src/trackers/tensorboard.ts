import { appendFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeFolder } from "@ml-mosaic/base";
import { configurable, path, register, schema } from "@ml-mosaic/configurable";
import type { EpochRecord } from "../history.ts";
import { BaseTracker, type RunEnd, type TrackedRun } from "./base-tracker.ts";
import type { Scalars } from "./event-file.ts";

/** With its protobuf library: hardly any process that knows of this tracker writes such files. */
const eventFile = () => import("./event-file.ts");

const options = {
  log_dir: schema(path, { optional: true, help: "Where event files go; without it, tensorboard in the run's folder" }),
};

/** Event files for TensorBoard: `tensorboard --logdir results`. Steps are epochs. */
class TensorBoard extends configurable(options, BaseTracker) {
  static override readonly aliases = ["tensorboard"];
  #file: string | undefined;

  override async start({ folder, epochsDone, runName }: TrackedRun): Promise<void> {
    const logFolder = this.log_dir === undefined ? join(folder, "tensorboard") : join(this.log_dir, runName);
    await makeFolder(logFolder);
    const { fileVersion, sessionStart } = await eventFile();
    // The name that TensorBoard looks for; a file of its own for each time that a run goes on.
    const file = join(logFolder, `events.out.tfevents.${now().toFixed(6)}.${hostname()}.${process.pid}`);
    await writeFile(file, Buffer.concat([fileVersion(now()), sessionStart(now(), epochsDone + 1)]), { flag: "wx" });
    this.#file = file;
  }

  override async epoch({ epoch, lr, trainLoss, validLoss, metrics }: EpochRecord): Promise<void> {
    await this.#write(epoch, { lr, "loss/train": trainLoss, "loss/valid": validLoss, ...named("valid", metrics) });
  }

  override async end({ test }: RunEnd): Promise<void> {
    if (test !== undefined) await this.#write(test.epoch, { "loss/test": test.loss, ...named("test", test.metrics) });
  }

  async #write(step: number, scalars: Scalars): Promise<void> {
    if (this.#file === undefined) return;
    const { scalarSummary } = await eventFile();
    await appendFile(this.#file, scalarSummary(now(), step, scalars));
  }
}
register(TensorBoard);

function now(): number {
  return Date.now() / 1000;
}

/** TensorBoard draws what is alike before the slash in one card: a metric of both sets. */
function named(set: string, metrics: Scalars): Scalars {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${name}/${set}`, value]));
}
