import { copyFile, cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { configurable, float, readYaml, register, schema, toYaml } from "@ml-mosaic/configurable";
import { cat, Generator, metrics, nn, readSafetensors, type schedulers, Tensor } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import {
  BaseData,
  BaseScheduler,
  BaseTracker,
  EarlyStopping,
  type EpochRecord,
  loadSnapshotModel,
  type StoppingRule,
  Trainer,
  type TrainerProgress,
} from "@ml-mosaic/training";
import { describe, expect, test } from "vitest";
import { MlflowServer } from "./mlflow-server.ts";
import { logOf, pointsConfig, resultsOf, snapshotOf } from "./points/config.ts";

const folder = temporaryFolder();
let counter = 0;

type Options = Readonly<Record<string, unknown>>;

/** A configuration with a folder of its own. */
function begin(trainer: Options = {}, data: Options = {}) {
  const output = join(folder, String(counter++));
  return { config: pointsConfig(output, trainer, data), run: join(output, "run") };
}

/** A learning rate that is a mistake from one epoch on. */
class LeapAt extends configurable({ epoch: schema(float) }, BaseScheduler) {
  static override readonly aliases = ["leap_at"];
  override build(): schedulers.Scheduler {
    return {
      name: "LeapAt",
      start: { epoch: 1 },
      lr: ({ epoch = 1 }, baseLr) => (epoch < this.epoch ? baseLr : 1e30),
      next: ({ epoch = 1 }) => ({ epoch: epoch + 1 }),
    };
  }
}
register(LeapAt);

const lossesOf = (epochs: readonly EpochRecord[]) => epochs.map(({ validLoss }) => validLoss);

describe("what a run leaves behind", () => {
  test("tables, snapshots and the whole configuration", async () => {
    const { config, run } = begin({ epochs: 5, save_interval: 2 });
    const result = await Trainer.fromConfig(config).train();
    expect((await readdir(run)).sort()).toEqual([
      "best.safetensors",
      "config.yaml",
      "last.safetensors",
      "logs_train.csv",
      "save_2.safetensors",
      "save_4.safetensors",
      "test_results.csv",
    ]);
    expect(result).toMatchObject({ folder: run, epochsDone: 5, stoppedEarly: false, paused: false, warnings: [] });
    const [header, ...rows] = (await readFile(join(run, "logs_train.csv"), "utf8")).trimEnd().split("\n");
    expect(header).toBe("epoch,lr,train_loss,valid_loss,valid_roc_auc,seconds");
    expect(rows).toEqual(
      result.epochs.map(({ epoch, lr, trainLoss, validLoss, metrics: figures, seconds }) =>
        [epoch, lr, trainLoss, validLoss, figures.roc_auc, seconds.toFixed(3)].join(),
      ),
    );
    expect(await readFile(join(run, "test_results.csv"), "utf8")).toBe(
      `snapshot,epoch,test_loss,test_roc_auc\nbest,${result.best?.epoch},${result.test?.loss},${result.test?.metrics.roc_auc}\n`,
    );
    const { metadata, tensors } = await readSafetensors(join(run, "last.safetensors"));
    expect(JSON.parse(metadata.MODEL_CONFIG ?? "")).toEqual({ type: "point_net", width: 6, dropout: 0.2 });
    expect(JSON.parse(metadata.GLOBAL_CONFIG ?? "")).toEqual(readYaml(join(run, "config.yaml")).value);
    expect(JSON.parse(metadata.TRAIN_INFO ?? "")).toMatchObject({ epoch: 5, best: result.best, random: { seed: 0 } });
    expect([...tensors.keys()].filter((name) => name.includes("hidden.weight")).sort()).toEqual([
      "MODEL_STATE/hidden.weight",
      "OPTIMIZER_STATE/exp_avg/hidden.weight",
      "OPTIMIZER_STATE/exp_avg_sq/hidden.weight",
    ]);
  });

  test("its configuration trains the same run again", async () => {
    const { config, run } = begin();
    await Trainer.fromConfig(config).train();
    const copy = join(folder, "copy.yaml");
    await writeFile(copy, toYaml({ ...readYaml(join(run, "config.yaml")).value }));
    const again = await Trainer.fromConfig(copy, { overrides: { trainer: { run_name: "again" } } });
    await again.train();
    expect(await resultsOf(again.folder)).toEqual(await resultsOf(run));
    expect({ ...again.config, trainer: 0 }).toEqual({ ...readYaml(join(run, "config.yaml")).value, trainer: 0 });
  });

  test("figures that an evaluation of the best snapshot's model confirms", async () => {
    const { config, run } = begin({ epochs: 6, optimizer: { type: "adam", lr: 0.1 } });
    const trainer = await Trainer.fromConfig(config);
    const { best, test: tested, epochs } = await trainer.train();
    expect(best?.epoch).toBe(lossesOf(epochs).indexOf(Math.min(...lossesOf(epochs))) + 1);
    const { model, snapshot } = await loadSnapshotModel(join(run, "best.safetensors"));
    expect(snapshot.trainInfo.epoch).toBe(best?.epoch);
    expect(model.stateDict()).toEqual(trainer.model.stateDict());
    const loaders = await trainer.data.loaders({ split: 0, batchSize: 16, generator: new Generator(0) });
    const batches: Tensor[][] = [];
    for await (const batch of loaders.test ?? []) batches.push(batch);
    const [points, sides] = [0, 1].map((field) =>
      cat(
        batches.flatMap((batch) => batch[field] ?? []),
        0,
      ),
    );
    const scores = points && model.forward(points);
    if (!(scores instanceof Tensor) || sides === undefined) throw new Error("one prediction is needed");
    expect(tested?.loss).toBeCloseTo(await new nn.BCEWithLogitsLoss().forward(scores, sides).item(), 5);
    expect(tested?.metrics.roc_auc).toBeCloseTo(await metrics.compute(metrics.rocAuc(), scores, sides), 6);
  });

  test("no test results where there is no test set", async () => {
    const { config, run } = begin({}, { test: false });
    expect((await Trainer.fromConfig(config).train()).test).toBeUndefined();
    expect(await readdir(run)).not.toContain("test_results.csv");
  });
});

describe("the best epoch and the last", () => {
  // So large a rate makes the loss go up and down.
  const restless = { optimizer: { type: "sgd", lr: 30 }, epochs: 8 };

  test("best is that of the smallest validation loss, last the last", async () => {
    const { config, run } = begin(restless);
    const { epochs, best } = await Trainer.fromConfig(config).train();
    const losses = lossesOf(epochs);
    expect(best).toEqual({ epoch: losses.indexOf(Math.min(...losses)) + 1, loss: Math.min(...losses) });
    expect(best?.epoch).toBeLessThan(8);
    expect((await snapshotOf(run, "best")).trainInfo.epoch).toBe(best?.epoch);
    expect((await snapshotOf(run, "last")).trainInfo.epoch).toBe(8);
  });

  test("the test says that it used the last where the file of the best is gone", async () => {
    const { config, run } = begin(restless);
    const whole = await Trainer.fromConfig(config).train();
    expect(whole.test).toMatchObject({ snapshot: "best", epoch: whole.best?.epoch });
    const elsewhere = join(folder, "elsewhere");
    await mkdir(elsewhere);
    await copyFile(join(run, "last.safetensors"), join(elsewhere, "last.safetensors"));
    const { test: tested } = await Trainer.fromSnapshot(join(elsewhere, "last.safetensors")).train();
    expect(tested).toMatchObject({ snapshot: "last", epoch: 8 });
    expect(tested?.loss).not.toBe(whole.test?.loss);
    expect(await readFile(join(elsewhere, "test_results.csv"), "utf8")).toMatch(/\nlast,8,/);
  });

  const exploding = {
    optimizer: { type: "sgd", lr: 1e30 },
    epochs: 3,
    model: { type: "point_net", dropout: 0 },
  };

  test("a loss of NaN is no best one, and is warned of where that is to go on", async () => {
    const { config, run } = begin({ ...exploding, on_nan: "go_on" });
    const warnings: string[] = [];
    const result = await Trainer.fromConfig(config).train({ onWarning: (message) => warnings.push(message) });
    expect(warnings).toContain("epoch 2: the train loss is NaN; a smaller lr or clip_norm may help");
    expect(result.warnings).toEqual(warnings);
    expect(result.best?.epoch ?? 1).toBe(1);
    expect((await logOf(run)).at(-1)).toMatch(/^3,1e\+30,NaN,NaN/);
    expect((await snapshotOf(run, "last")).trainInfo.epoch).toBe(3);
  });

  test("a loss of NaN ends the run, with the epoch and the last good snapshot, which it leaves", async () => {
    const { config, run } = begin({ ...exploding, save_interval: 1 });
    await expect(Trainer.fromConfig(config).train()).rejects.toThrow(
      /^epoch 1: the (train|validation) loss is NaN; there is no snapshot before it\. A smaller lr or clip_norm may help/,
    );
    expect((await readdir(run)).filter((name) => name.endsWith(".safetensors"))).toEqual([]);
    // Two good epochs, and then one whose learning rate is a mistake.
    const later = begin({ epochs: 5, scheduler: { type: "leap_at", epoch: 3 }, model: exploding.model });
    const failure = Trainer.fromConfig(later.config).train();
    await expect(failure).rejects.toMatchObject({ code: "TRAINING_NAN" });
    await expect(failure).rejects.toThrow(
      `loss is NaN; the last good snapshot is ${join(later.run, "last.safetensors")}`,
    );
    const { trainInfo } = await snapshotOf(later.run, "last");
    expect(trainInfo.epoch).toBeGreaterThanOrEqual(2);
    expect((await logOf(later.run)).join("\n")).not.toContain("NaN");
    // The same run ends in the same place, whenever it is begun.
    await expect(Trainer.fromConfig(later.config).train()).rejects.toThrow(`epoch ${trainInfo.epoch + 1}: the`);
  });

  test("a loss of NaN ends the run in the middle of an epoch", async () => {
    const { config } = begin({ ...exploding, epochs: 1 });
    const seen: number[] = [];
    const onProgress = ({
      batches,
      trainLoss,
    }: {
      readonly batches: number;
      readonly trainLoss: number | undefined;
    }) => {
      expect(trainLoss).not.toBeNaN();
      seen.push(batches);
    };
    // 100 batches: the first is trained alone, then up to eight together, so that NaN is there long before the last.
    const trainer = Trainer.fromConfig({ ...config, data: { ...config.data, size: 1600 } });
    await expect(trainer.train({ onProgress })).rejects.toThrow(/^epoch 1: the train loss is NaN/);
    expect(seen[0]).toBe(1);
    expect(seen.at(-1)).toBeLessThan(80);
  });

  test("clipping keeps such a run finite; accumulation and averages are those of the loop", async () => {
    const { config } = begin({ ...exploding, optimizer: { type: "sgd", lr: 0.1 }, clip_norm: 0.5 });
    const clipped = await Trainer.fromConfig(config).train();
    const plain = await Trainer.fromConfig(begin({ ...exploding, optimizer: { type: "sgd", lr: 0.1 } }).config).train();
    expect(lossesOf(clipped.epochs)).not.toEqual(lossesOf(plain.epochs));
    const cut = await Trainer.fromConfig(
      begin({ ...exploding, optimizer: { type: "sgd", lr: 0.1 }, clip_value: 1e-3 }).config,
    ).train();
    expect(lossesOf(cut.epochs)).not.toEqual(lossesOf(plain.epochs));
    const still = { optimizer: { type: "sgd", lr: 0.1 }, epochs: 2, model: { type: "point_net", dropout: 0 } };
    const together = await Trainer.fromConfig(begin({ ...still, accumulate: 3 }).config).train();
    expect(lossesOf(together.epochs)).not.toEqual(lossesOf(plain.epochs).slice(0, 2));
    const averaged = begin({ ...still, average_decay: 0.9 });
    const { best, test: tested } = await Trainer.fromConfig(averaged.config).train();
    const { tensors } = await readSafetensors(join(averaged.run, "best.safetensors"));
    const average = tensors.get("OPTIMIZER_STATE/average/output.weight")?.data;
    expect(average).toBeDefined();
    expect(average).not.toEqual(tensors.get("MODEL_STATE/output.weight")?.data);
    const { model } = await loadSnapshotModel(join(averaged.run, "best.safetensors"));
    expect(model.stateDict().get("output.weight")?.data).toEqual(average);
    expect(tested?.epoch).toBe(best?.epoch);
  });

  test("a last batch that cannot be normalised is found before the first step", async () => {
    const { config, run } = begin({ batch_size: 13, epochs: 3 });
    await expect(Trainer.fromConfig(config).train()).rejects.toThrow(
      /the last batch of an epoch has one of 40 samples, with which the model cannot be trained: .*Take another batch_size/,
    );
    expect(await readdir(run)).not.toContain("last.safetensors");
  });
});

test("data without a type is of the type that calls itself the default, and is written down so", async () => {
  const { config, run } = begin();
  const untyped = { ...config, data: { size: 40 } };
  await expect(Trainer.fromConfig(untyped)).rejects.toThrow("data.type: missing");
  const { Points } = await import("./points/points.ts");
  class Usual extends Points {
    static override readonly aliases = ["usual"];
    static override readonly isDefault = true;
  }
  register(Usual);
  await Trainer.fromConfig(untyped).train();
  expect(readYaml(join(run, "config.yaml")).value).toMatchObject({ data: { type: "usual", size: 40 } });
  BaseData.registered.pop();
});

describe("early stopping", () => {
  const still = { optimizer: { type: "sgd", lr: 1e-30 }, model: { type: "point_net", dropout: 0 }, epochs: 20 };

  test("ends after patience + 1 epochs without improvement; going on changes nothing", async () => {
    const { config, run } = begin({ ...still, early_stopping: { patience: 2, min_delta: 1e3 } });
    const { epochsDone, stoppedEarly } = await Trainer.fromConfig(config).train();
    expect([epochsDone, stoppedEarly]).toEqual([4, true]);
    const before = await resultsOf(run);
    for (const trainer of [Trainer.fromConfig(config), Trainer.fromSnapshot(join(run, "last.safetensors"))]) {
      const again = await trainer.train();
      expect(again).toMatchObject({ epochs: [], epochsDone: 4, stoppedEarly: true });
      expect(await resultsOf(run)).toEqual(before);
    }
  });

  test("remembers how long it has waited", async () => {
    const parts = { ...still, early_stopping: { patience: 2, min_delta: 1e3 } };
    const { config, run } = begin(parts);
    const pause = new AbortController();
    const options = { pause: pause.signal, onEpoch: ({ epoch }: EpochRecord) => void (epoch === 3 && pause.abort()) };
    expect((await Trainer.fromConfig(config).train(options)).paused).toBe(true);
    expect((await Trainer.fromSnapshot(join(run, "last.safetensors")).train()).epochsDone).toBe(4);
  });

  test("may be of one's own", async () => {
    class AfterEpochs extends configurable({ most: schema(float) }, EarlyStopping) {
      static override readonly aliases = ["after_epochs"];
      override build(): StoppingRule {
        return {
          start: { count: 0 },
          next: ({ count = 0 }) => ({ count: count + 1 }),
          stops: ({ count = 0 }) => count >= this.most,
        };
      }
    }
    register(AfterEpochs);
    const { config } = begin({ ...still, early_stopping: { type: "after_epochs", most: 3 } });
    expect((await Trainer.fromConfig(config).train()).epochsDone).toBe(3);
  });
});

describe("the folder of a run", () => {
  test("holds one run: the same configuration goes on, another is refused with what differs", async () => {
    const { config, run } = begin();
    await Trainer.fromConfig(config).train();
    const before = await resultsOf(run);
    expect((await Trainer.fromConfig(config).train()).epochs).toEqual([]);
    const other = { ...config, trainer: { ...config.trainer, epochs: 5, optimizer: { type: "sgd" } } };
    const refused = Trainer.fromConfig(other).train();
    await expect(refused).rejects.toMatchObject({ code: "TRAINING_FOLDER" });
    await expect(refused).rejects.toThrow(
      /run holds a run of another configuration \(.*trainer\.epochs 3 there, 5 here.*\); go on with that run from its last\.safetensors, take another run_name or output_dir, or overwrite it$/,
    );
    await expect(Trainer.fromConfig(config, { existing: "refuse" }).train()).rejects.toThrow("holds this run already");
    expect(await resultsOf(run)).toEqual(before);
  });

  test("is made anew where that is asked for", async () => {
    const { config, run } = begin({ save_interval: 1 });
    await Trainer.fromConfig(config).train();
    await writeFile(join(run, "notes.txt"), "mine");
    const other = { ...config, trainer: { ...config.trainer, epochs: 1, save_interval: null } };
    const trainer = await Trainer.fromConfig(other, { existing: "overwrite" });
    expect((await trainer.train()).epochsDone).toBe(1);
    expect((await readdir(run)).sort()).toEqual([
      "best.safetensors",
      "config.yaml",
      "last.safetensors",
      "logs_train.csv",
      "notes.txt",
      "test_results.csv",
    ]);
    // Once more is not anew once more.
    expect((await trainer.train()).epochs).toEqual([]);
  });

  test("with results of unknown origin is left alone", async () => {
    const { config, run } = begin();
    await mkdir(run, { recursive: true });
    await writeFile(join(run, "best.safetensors"), "");
    await expect(Trainer.fromConfig(config).train()).rejects.toThrow("holds best.safetensors and no config.yaml");
  });

  test("is free again where the data could not be read", async () => {
    const { config } = begin();
    const absent = { ...config, data: { type: "points", size: 0 } };
    await expect(Trainer.fromConfig(absent).train()).rejects.toThrow("the train loader holds no sample");
    expect((await Trainer.fromConfig(config).train()).epochsDone).toBe(3);
  });

  test("is of one split", async () => {
    const { config } = begin();
    const zero = await Trainer.fromConfig(config).train();
    await expect(Trainer.fromConfig(config, { split: 1 }).train()).rejects.toThrow(
      "is of split 0, this run of split 1",
    );
    const overrides = { trainer: { run_name: "one" } };
    const one = await Trainer.fromConfig(config, { split: 1, overrides }).train();
    expect(lossesOf(one.epochs)).not.toEqual(lossesOf(zero.epochs));
    const resumed = await Trainer.fromSnapshot(join(one.folder, "last.safetensors"));
    expect(resumed.split).toBe(1);
    expect((await resumed.train()).test).toEqual(one.test);
  });
});

describe("a snapshot", () => {
  test("rebuilds the whole experiment in an empty folder", async () => {
    const { config, run } = begin({ epochs: 5, save_interval: 2 });
    await Trainer.fromConfig(config).train();
    const empty = join(folder, "empty");
    await mkdir(empty);
    await cp(join(run, "save_2.safetensors"), join(empty, "save_2.safetensors"));
    await Trainer.fromSnapshot(join(empty, "save_2.safetensors")).train();
    // What came before the snapshot is not in it but for its best epoch.
    const [all, rest] = [await resultsOf(run), await resultsOf(empty)];
    expect(rest.last).toEqual(all.last);
    expect(rest.log).toEqual([all.log[0], ...all.log.slice(3)]);
    expect({ ...readYaml(join(empty, "config.yaml")).value, trainer: 0 }).toEqual({
      ...readYaml(join(run, "config.yaml")).value,
      trainer: 0,
    });
  });

  test("is trained further with other settings, where they are given", async () => {
    const { config, run } = begin();
    await Trainer.fromConfig(config).train();
    const path = join(run, "last.safetensors");
    const longer = await Trainer.fromSnapshot(path, { overrides: { trainer: { epochs: 5, metrics: [] } } });
    expect((await longer.train()).epochs.map(({ epoch }) => epoch)).toEqual([4, 5]);
    const whole = begin({ epochs: 5 });
    await Trainer.fromConfig(whole.config).train();
    expect((await snapshotOf(run, "last")).tensors).toEqual((await snapshotOf(whole.run, "last")).tensors);
    const log = await logOf(run);
    expect(log.map((line) => line.split(",").length)).toEqual([5, 5, 5, 5, 5, 5]);
    expect(log.at(-1)).toMatch(/^5,.*,$/);
    expect(readYaml(join(run, "config.yaml")).value).toMatchObject({ trainer: { epochs: 5, metrics: [] } });
  });

  test("from the middle of an epoch keeps its batches", async () => {
    const { config, run } = begin();
    const pause = new AbortController();
    await Trainer.fromConfig(config).train({ pause: pause.signal, onProgress: () => pause.abort() });
    const trainer = Trainer.fromSnapshot(join(run, "last.safetensors"), { overrides: { trainer: { batch_size: 4 } } });
    await expect(trainer.train()).rejects.toThrow("was made in the middle of an epoch of batches of 16");
  });

  test("that is none, or of another model, is refused", async () => {
    const { config, run } = begin();
    const trainer = await Trainer.fromConfig(config);
    await trainer.train();
    await trainer.model.saveModel(join(folder, "weights"));
    await expect(Trainer.fromSnapshot(join(folder, "weights.safetensors"))).rejects.toThrow(
      "has no GLOBAL_CONFIG and MODEL_CONFIG: it was not made by a Trainer",
    );
    await expect(Trainer.fromSnapshot(join(folder, "absent.safetensors"))).rejects.toThrow("cannot read");
    const overrides = { trainer: { model: { width: 9 } } };
    const wider = Trainer.fromSnapshot(join(run, "last.safetensors"), { overrides }).train();
    await expect(wider).rejects.toMatchObject({ code: "TRAINING_SNAPSHOT" });
    await expect(wider).rejects.toThrow(/MODEL_STATE\/hidden\.\w+ has \d+ elements, \d+ are needed/);
  });
});

test("progress goes through all phases, with the time that is left", async () => {
  const { config } = begin({ epochs: 4 });
  const told: TrainerProgress[] = [];
  await Trainer.fromConfig(config).train({ onProgress: (progress) => void told.push(progress) });
  expect([...new Set(told.map(({ phase, epoch }) => `${phase} ${epoch}`))]).toEqual([
    ...[1, 2, 3, 4].flatMap((epoch) => [`train ${epoch}`, `valid ${epoch}`]),
    "test 4",
  ]);
  expect(told.at(-1)).toMatchObject({ phase: "test", batches: 2, of: 2, secondsLeft: 0 });
  const times = told.flatMap(({ secondsLeft }) => secondsLeft ?? []);
  expect(times.length).toBeGreaterThan(8);
  expect(times.every((seconds) => seconds >= 0 && seconds < 10)).toBe(true);
});

describe("trackers", () => {
  test("that fail are warned of, and training goes on", async () => {
    class Broken extends configurable({}, BaseTracker) {
      override start(): void {}
      override epoch(): void {
        throw new Error("the cable is out");
      }
      override end(): void {}
    }
    register(Broken);
    const { config } = begin({ trackers: [{ type: "broken" }, { type: "csv" }] });
    const { epochsDone, warnings } = await Trainer.fromConfig(config).train();
    expect(epochsDone).toBe(3);
    expect(warnings).toEqual(Array(3).fill("the tracker Broken failed: the cable is out. Training goes on."));
  });

  test("MLflow is told of the whole run, also of one that was paused", async () => {
    const server = new MlflowServer();
    await server.open();
    try {
      const { config, run } = begin({ trackers: [{ type: "mlflow", uri: server.uri }] });
      const pause = new AbortController();
      const options = { pause: pause.signal, onEpoch: ({ epoch }: EpochRecord) => void (epoch === 2 && pause.abort()) };
      await Trainer.fromConfig(config).train(options);
      const { test: tested } = await Trainer.fromSnapshot(join(run, "last.safetensors")).train();
      const [told, ...others] = server.runs.values();
      expect(others).toEqual([]);
      expect(told?.status).toBe("FINISHED");
      expect(told?.params.get("trainer.optimizer.lr")).toBe("0.02");
      const rows = (await logOf(run)).slice(1).map((line) => line.split(",").map(Number));
      for (const [column, key] of ["epoch", "lr", "train_loss", "valid_loss", "valid_roc_auc"].entries()) {
        if (column === 0) continue;
        const values = told?.metrics.filter((metric) => metric.key === key);
        expect(values?.map(({ step, value }) => [step, value])).toEqual(rows.map((row) => [row[0], row[column]]));
      }
      expect(told?.metrics.find(({ key }) => key === "test_loss")?.value).toBe(tested?.loss);
    } finally {
      await server.close();
    }
  });
});
