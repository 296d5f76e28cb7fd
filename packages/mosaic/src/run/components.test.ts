import { full, nn, optim, schedulers, tensor } from "@ml-mosaic/tensor";
import { stopWithoutImprovement } from "@ml-mosaic/training";
import { describe, expect, test } from "vitest";
import { runSettings } from "../config/run-settings.ts";
import { buildLoss, buildOptimizer, buildScheduler, vocabulary } from "./components.ts";

/** The rates of the first steps, or epochs, of what a configuration file says. */
async function rates(texts: Readonly<Record<string, string>>, count: number): Promise<readonly number[]> {
  const settings = await runSettings({ lr: "0.1", epochs: "1", ...texts }, "/", vocabulary);
  if (settings.scheduler === undefined) throw new Error("there is no scheduler");
  return ratesOf(buildScheduler(settings.scheduler), count);
}

function ratesOf(scheduler: schedulers.Scheduler, count: number): readonly number[] {
  let state = scheduler.start;
  return Array.from({ length: count }, () => {
    const rate = scheduler.lr(state, 0.1);
    state = scheduler.next(state, Number.NaN);
    return rate;
  });
}

describe("schedulers of a configuration file", () => {
  test("are all that the engine has, but for those made of others", () => {
    const composed = ["ChainedScheduler", "SequentialLR", "perStep"];
    const known = Object.keys(schedulers).filter((name) => !composed.includes(name));
    expect(Object.keys(vocabulary.schedulers).sort()).toEqual(known.sort());
  });

  test("OneCycleLR has the engine's defaults", async () => {
    const texts = { scheduler: "OneCycleLR", "scheduler.max_lr": "0.2", "scheduler.total_steps": "10" };
    expect(await rates(texts, 10)).toEqual(ratesOf(schedulers.OneCycleLR({ maxLr: 0.2, totalSteps: 10 }), 10));
  });

  test("OneCycleLR takes all of its options", async () => {
    const texts = {
      scheduler: "OneCycleLR",
      "scheduler.max_lr": "0.2",
      "scheduler.total_steps": "12",
      "scheduler.pct_start": "0.25",
      "scheduler.anneal_strategy": "linear",
      "scheduler.div_factor": "10",
      "scheduler.final_div_factor": "100",
      "scheduler.three_phase": "True",
    };
    const wanted = schedulers.OneCycleLR({
      maxLr: 0.2,
      totalSteps: 12,
      pctStart: 0.25,
      annealStrategy: "linear",
      divFactor: 10,
      finalDivFactor: 100,
      threePhase: true,
    });
    expect(await rates(texts, 12)).toEqual(ratesOf(wanted, 12));
  });

  test("OneCycleLR does not go on beyond the steps it was made for", async () => {
    const texts = { scheduler: "OneCycleLR", "scheduler.max_lr": "0.2", "scheduler.total_steps": "3" };
    await expect(rates(texts, 4)).rejects.toThrow("step 4 comes after the 3 steps");
  });
});

describe("what options are where a file does not say", () => {
  const named = <T>(entries: Readonly<Record<string, readonly T[]>>) =>
    Object.entries(entries).flatMap(([name, specs]) => specs.map((spec) => [name, spec] as const));
  const specs = [...named(vocabulary.lossFunctions), ...named(vocabulary.optimizers), ...named(vocabulary.schedulers)];

  test("and what they mean is known of every one", () => {
    const all = [...specs, ...vocabulary.earlyStopping.map((spec) => ["early_stopping", spec] as const)];
    for (const [name, { name: option, help, default: value, required = false }] of all) {
      expect([name, option, help]).toEqual([name, option, expect.stringMatching(/^[a-z].*[^.]$/)]);
      expect([name, option, value === undefined]).toEqual([name, option, required]);
    }
  });

  test("the engine's defaults: losses", async () => {
    const inputs = {
      prediction: tensor([
        [0.2, 0.7, 0.1, 0.9],
        [0.4, 0.3, 0.8, 0.6],
      ]),
      target: tensor([
        [0, 1, 0.5, 1],
        [1, 0.5, 0, 3],
      ]),
      classes: tensor([3, -100], { dtype: "int32" }),
    };
    const engine: Readonly<Record<string, nn.Loss>> = {
      SmoothL1Loss: new nn.SmoothL1Loss(),
      HuberLoss: new nn.HuberLoss(),
      CrossEntropyLoss: new nn.CrossEntropyLoss(),
      NLLLoss: new nn.NLLLoss(),
      KLDivLoss: new nn.KLDivLoss(),
    };
    const withOptions = Object.keys(vocabulary.lossFunctions).filter((name) => vocabulary.lossFunctions[name]?.length);
    expect(Object.keys(engine)).toEqual(withOptions);
    for (const [name, loss] of Object.entries(engine)) {
      const target = ["CrossEntropyLoss", "NLLLoss"].includes(name) ? inputs.classes : inputs.target;
      const ours = await buildLoss({ name, options: {} }).forward(inputs.prediction, target).data();
      expect([name, ours]).toEqual([name, await loss.forward(inputs.prediction, target).data()]);
    }
  });

  test("the engine's defaults: optimizers", async () => {
    expect(Object.keys(vocabulary.optimizers)).toEqual(Object.keys(optimizers));
    for (const [name, build] of Object.entries(optimizers)) {
      const ours = await stepOf(buildOptimizer({ name, options: {} }, 0.1));
      expect([name, ours]).toEqual([name, await stepOf(build({ lr: 0.1 }))]);
      expect([name, ours]).not.toEqual([name, await stepOf(build({ lr: 0.2 }))]);
    }
  });

  test("the engine's defaults: schedulers", () => {
    const engine: Readonly<Record<string, readonly [SchedulerOptions, schedulers.Scheduler]>> = {
      StepLR: [{ step_size: 2 }, schedulers.StepLR({ stepSize: 2 })],
      MultiStepLR: [{ milestones: [2, 5] }, schedulers.MultiStepLR({ milestones: [2, 5] })],
      ExponentialLR: [{ gamma: 0.5 }, schedulers.ExponentialLR({ gamma: 0.5 })],
      LinearLR: [{}, schedulers.LinearLR()],
      CosineAnnealingLR: [{ T_max: 5 }, schedulers.CosineAnnealingLR({ tMax: 5 })],
      CosineAnnealingWarmRestarts: [{ T_0: 3 }, schedulers.CosineAnnealingWarmRestarts({ t0: 3 })],
      OneCycleLR: [{ max_lr: 1, total_steps: 40 }, schedulers.OneCycleLR({ maxLr: 1, totalSteps: 40 })],
      ReduceLROnPlateau: [{}, schedulers.ReduceLROnPlateau()],
    };
    expect(Object.keys(engine)).toEqual(Object.keys(vocabulary.schedulers));
    for (const [name, [options, scheduler]] of Object.entries(engine))
      expect([name, ratesOf(buildScheduler({ name, options }), 40)]).toEqual([name, ratesOf(scheduler, 40)]);
  });

  test("early stopping waits as long as its rule does by itself", () => {
    const defaults = Object.fromEntries(vocabulary.earlyStopping.map(({ name, default: value }) => [name, value]));
    expect(defaults).toEqual({ patience: 10, min_delta: 0 });
    const { start, next, stops } = stopWithoutImprovement();
    let state = next(start, 1);
    let epochs = 0;
    while (!stops(state)) {
      state = next(state, 1);
      epochs++;
    }
    expect(epochs).toBe(11);
  });
});

type SchedulerOptions = Parameters<typeof buildScheduler>[0]["options"];

const optimizers: Readonly<Record<string, (options: { readonly lr: number }) => optim.Optimizer>> = {
  Adam: optim.Adam,
  AdamW: optim.AdamW,
  SGD: optim.SGD,
  RMSprop: optim.RMSprop,
  Adagrad: optim.Adagrad,
};

/** A parameter after two steps. */
async function stepOf(optimizer: optim.Optimizer): Promise<unknown> {
  let parameter = tensor([0.5, -2, 1e-4]);
  let slots = Object.fromEntries(
    Object.entries(optimizer.slots).map(([name, start]) => [
      name,
      start === "parameter" ? parameter : full([3], start),
    ]),
  );
  for (const step of [0, 1]) {
    const scalars = Object.entries(optimizer.scalars(step, optimizer.lr)).map(
      ([name, value]) => [name, tensor(value)] as const,
    );
    const gradient = tensor([1e-5, 0.3, -4]);
    const update = optimizer.update({ parameter, gradient, slots, scalars: Object.fromEntries(scalars) });
    parameter = update.parameter;
    slots = { ...update.slots };
  }
  return await parameter.data();
}
