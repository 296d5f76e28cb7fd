/** Training on samples that other threads read: the same as without them, whatever happens. */
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { Trainer } from "@ml-mosaic/training";
import { expect, test } from "vitest";
import { pointsConfig, resultsOf } from "./points/config.ts";

const folder = temporaryFolder();
type Options = Readonly<Record<string, unknown>>;

function config(name: string, data: Options = {}, train: Options = {}) {
  const { imports, trainer } = pointsConfig(join(folder, name));
  return {
    imports: [...imports, join(import.meta.dirname, "points", "drawn-points.ts")],
    data: {
      type: "datasets",
      train: { type: "drawn_points", size: 90, ...train },
      valid: { type: "drawn_points", size: 20 },
      test: { type: "drawn_points", size: 30 },
      ...data,
    },
    trainer,
  };
}

const threadsNow = () => process.getActiveResourcesInfo().filter((each) => each === "MessagePort").length;

test("equals a training without them, also one that is paused in every epoch and goes on with other threads", async () => {
  const before = threadsNow();
  await Trainer.fromConfig(config("alone")).train();
  const alone = await resultsOf(join(folder, "alone", "run"));
  await Trainer.fromConfig(config("threads", { num_workers: 2, prefetch_factor: 3 })).train();
  expect(await resultsOf(join(folder, "threads", "run"))).toEqual(alone);

  let pauses = 0;
  for (let isDone = false; !isDone; ) {
    const pause = new AbortController();
    const onProgress = ({ phase }: { readonly phase: string }) => void (phase === "train" && pause.abort());
    // Another number of threads is the same run.
    const trainer = Trainer.fromConfig(config("paused", { num_workers: pauses % 3 }));
    const { paused } = await trainer.train({ pause: pause.signal, onProgress });
    isDone = !paused;
    if (paused) pauses++;
  }
  expect(pauses).toBeGreaterThan(5);
  expect(await resultsOf(join(folder, "paused", "run"))).toEqual(alone);
  expect(threadsNow()).toBe(before);
});

test("a sample that cannot be read, and a thread that ends, end it", async () => {
  const before = threadsNow();
  for (const [num_workers, train, message] of [
    [0, { broken: 77 }, /^sample 77 of the data set: stars.fits holds no star 77$/],
    [2, { broken: 77 }, /^sample 77 of the data set: stars.fits holds no star 77$/],
    [
      2,
      { fatal: 77 },
      /^a thread that reads samples has ended with exit code 7, at sample \d+ or one of the \d+ after it$/,
    ],
  ] as const) {
    const trainer = Trainer.fromConfig(config(`fails-${num_workers}-${Object.keys(train)}`, { num_workers }, train));
    await expect(trainer.train()).rejects.toThrow(message);
  }
  expect(threadsNow()).toBe(before);
});

test("wrong numbers are told with all else that is wrong", async () => {
  const wrong = config("wrong", { num_workers: -1, prefetch_factor: 0, shufle: true });
  await expect(Trainer.fromConfig(wrong)).rejects.toThrow(
    /data.num_workers: expected an integer of at least 0, got -1\s+data.prefetch_factor: expected an integer of at least 1, got 0/,
  );
});

test("a class that the program itself registers is refused: threads would run the program", async () => {
  const [, program = ""] = process.argv;
  try {
    process.argv[1] = join(import.meta.dirname, "points", "drawn-points.ts");
    await expect(Trainer.fromConfig(config("program", { num_workers: 1 }))).rejects.toThrow(
      "data.train: the class DrawnPoints is registered by the program itself, which threads cannot load: put it into a file of its own",
    );
    await expect(Trainer.fromConfig(config("program"))).resolves.toBeDefined();
  } finally {
    process.argv[1] = program;
  }
});
