import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { Trainer } from "@ml-mosaic/training";
import { describe, expect, test } from "vitest";
import { logOf, pointsConfig, resultsOf, snapshotOf } from "./points/config.ts";

const folder = temporaryFolder();

type Options = Readonly<Record<string, unknown>>;

/** Pauses within the epoch again and again, each time going on from the file, by a trainer that knows nothing else. */
async function trainInPieces(config: ReturnType<typeof pointsConfig>): Promise<number> {
  const path = join(config.trainer.output_dir, "run", "last.safetensors");
  let [pauses, isDone] = [0, false];
  while (!isDone) {
    const trainer = pauses === 0 ? Trainer.fromConfig(config) : Trainer.fromSnapshot(path);
    const pause = new AbortController();
    // The first call of a process is a single batch.
    const onProgress = ({ phase }: { readonly phase: string }) => void (phase === "train" && pause.abort());
    const { paused } = await trainer.train({ pause: pause.signal, onProgress });
    isDone = !paused;
    if (paused) pauses++;
  }
  return pauses;
}

const optimizers: readonly Options[] = [
  { type: "sgd", lr: 0.1 },
  { type: "sgd", lr: 0.1, momentum: 0.9, dampening: 0.2, weight_decay: 0.01 },
  { type: "sgd", lr: 0.1, momentum: 0.9, nesterov: true },
  { type: "adam", lr: 0.05, amsgrad: true },
  { type: "adamw", lr: 0.05 },
  { type: "rmsprop", lr: 0.02, momentum: 0.5, centered: true },
  { type: "adagrad", lr: 0.1, lr_decay: 0.1, initial_accumulator_value: 0.1 },
];

const schedulers: readonly (Options | null)[] = [
  null,
  { type: "step", step_size: 1 },
  { type: "step", step_size: 2, gamma: 0.5, every: "step" },
  { type: "multi_step", milestones: [1, 2], gamma: 0.2 },
  { type: "exponential", gamma: 0.7 },
  { type: "linear", total_iters: 4, every: "step" },
  { type: "cosine_annealing", T_max: 3 },
  { type: "cosine_annealing_warm_restarts", T_0: 2, eta_min: 0.001 },
  { type: "one_cycle", max_lr: 0.2 },
  { type: "reduce_on_plateau", patience: 0, threshold: 0.3 },
  {
    type: "sequential",
    milestones: [4],
    schedulers: [
      { type: "linear", start_factor: 0.1, total_iters: 4, every: "step" },
      { type: "exponential", gamma: 0.9, every: "step" },
    ],
  },
  {
    type: "chained",
    schedulers: [
      { type: "linear", total_iters: 2 },
      { type: "step", step_size: 2 },
    ],
  },
];

describe.each(optimizers.map((optimizer, index) => [JSON.stringify(optimizer), optimizer, index] as const))(
  "%s",
  (_, optimizer, index) => {
    test.each(schedulers.map((scheduler, place) => [JSON.stringify(scheduler), scheduler, place] as const))(
      "with %s, paused after every batch, ends as if it had not been",
      async (_name, scheduler, place) => {
        const parts = { optimizer, scheduler };
        const [whole, pieces] = ["whole", "pieces"].map((name) => join(folder, `${name}-${index}-${place}`));
        if (whole === undefined || pieces === undefined) throw new Error("two folders are needed");
        await Trainer.fromConfig(pointsConfig(whole, parts)).train();
        expect(await trainInPieces(pointsConfig(pieces, parts))).toBe(9);
        expect(await resultsOf(join(pieces, "run"))).toEqual(await resultsOf(join(whole, "run")));
      },
    );
  },
);

test("the schedules above do something: rates differ from epoch to epoch, or from each other", async () => {
  const rates = await Promise.all(
    schedulers.map(async (_, place) =>
      (await logOf(join(folder, `whole-0-${place}`, "run"))).map((line) => line.split(",")[1]),
    ),
  );
  expect(new Set(rates.map((each) => each.join())).size).toBe(schedulers.length);
});

test("from any snapshot that was kept, also after the run has ended", async () => {
  const whole = join(folder, "kept", "run");
  await Trainer.fromConfig(pointsConfig(join(folder, "kept"), { epochs: 5, save_interval: 2 })).train();
  const expected = await resultsOf(whole);
  for (const name of ["save_2", "save_4", "best", "last"]) {
    const before = (await snapshotOf(whole, name)).trainInfo.epoch;
    const { epochs, epochsDone } = await Trainer.fromSnapshot(join(whole, `${name}.safetensors`)).train();
    expect(epochs).toHaveLength(5 - before);
    expect(epochsDone).toBe(5);
    expect(await resultsOf(whole)).toEqual(expected);
  }
});
