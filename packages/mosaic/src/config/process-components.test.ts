import { full, nn, optim, schedulers, tensor } from "@ml-mosaic/tensor";
import { type StoppingRule, stopWithoutImprovement } from "@ml-mosaic/training";
import { describe, expect, test } from "vitest";
import { groupComponents } from "./process-components.ts";
import { defaultText, type Group, groups } from "./process-options.ts";
import { runSettings } from "./run-settings.ts";

function settingsOf(texts: Readonly<Record<string, string>>) {
  return runSettings({ lr: "0.1", epochs: "1", data_scheme: "data", pipeline_scheme: "mlp", ...texts }, "/");
}

/** The rates of the first steps, or epochs, of what a configuration file says. */
async function rates(texts: Readonly<Record<string, string>>, count: number): Promise<readonly number[]> {
  const { scheduler } = await settingsOf(texts);
  if (scheduler === undefined) throw new Error("there is no scheduler");
  return ratesOf(scheduler, count);
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
  test("are all that the engine has", () => {
    const known = Object.keys(schedulers).filter((name) => name !== "perStep");
    expect(namesOf("scheduler").sort()).toEqual(known.sort());
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
  test("and what they mean is known of every one", () => {
    for (const { name, options } of groups.flatMap(groupComponents))
      for (const { name: option, help, required, default: value } of options) {
        expect([name, option, help]).toEqual([name, option, expect.stringMatching(/^[A-Z].*[^.]$/)]);
        expect([name, option, required && value !== undefined]).toEqual([name, option, false]);
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
      MSELoss: new nn.MSELoss(),
      L1Loss: new nn.L1Loss(),
      SmoothL1Loss: new nn.SmoothL1Loss(),
      HuberLoss: new nn.HuberLoss(),
      BCELoss: new nn.BCELoss(),
      BCEWithLogitsLoss: new nn.BCEWithLogitsLoss(),
      CrossEntropyLoss: new nn.CrossEntropyLoss(),
      NLLLoss: new nn.NLLLoss(),
      KLDivLoss: new nn.KLDivLoss(),
    };
    expect(["SumLoss", ...Object.keys(engine)]).toEqual(namesOf("loss_function"));
    for (const [name, loss] of Object.entries(engine)) {
      const target = ["CrossEntropyLoss", "NLLLoss"].includes(name) ? inputs.classes : inputs.target;
      const settings = await settingsOf({ loss_function: name });
      if (settings.loss.kind !== "registered") throw new Error("it is a class of one's own");
      const ours = await settings.loss.loss.forward(inputs.prediction, target).data();
      expect([name, ours]).toEqual([name, await loss.forward(inputs.prediction, target).data()]);
    }
  });

  test("a sum of losses is written in one line", async () => {
    const { loss } = await settingsOf({ loss_function: "SumLoss(losses=[MSELoss, L1Loss], weights=[1, 0.5])" });
    if (loss.kind !== "registered") throw new Error("it is a class of one's own");
    // 2² + 2 / 2
    expect(await loss.loss.forward(tensor([1, 5]), tensor([3, 3])).item()).toBe(5);
  });

  test("the engine's defaults: optimizers", async () => {
    expect(namesOf("optimizer").sort()).toEqual(Object.keys(optimizers).sort());
    expect(defaultText("optimizer")).toBe("Adam");
    for (const [name, build] of Object.entries(optimizers)) {
      const ours = await stepOf((await settingsOf({ optimizer: name })).optimizer);
      expect([name, ours]).toEqual([name, await stepOf(build({ lr: 0.1 }))]);
      expect([name, ours]).not.toEqual([name, await stepOf(build({ lr: 0.2 }))]);
    }
  });

  test("the engine's defaults: schedulers", async () => {
    const engine: Readonly<Record<string, readonly [Readonly<Record<string, string>>, schedulers.Scheduler]>> = {
      StepLR: [{ step_size: "2" }, schedulers.StepLR({ stepSize: 2 })],
      MultiStepLR: [{ milestones: "2, 5" }, schedulers.MultiStepLR({ milestones: [2, 5] })],
      ExponentialLR: [{ gamma: "0.5" }, schedulers.ExponentialLR({ gamma: 0.5 })],
      LinearLR: [{}, schedulers.LinearLR()],
      CosineAnnealingLR: [{ T_max: "5" }, schedulers.CosineAnnealingLR({ tMax: 5 })],
      CosineAnnealingWarmRestarts: [{ T_0: "3" }, schedulers.CosineAnnealingWarmRestarts({ t0: 3 })],
      OneCycleLR: [{ max_lr: "1", total_steps: "40" }, schedulers.OneCycleLR({ maxLr: 1, totalSteps: 40 })],
      ReduceLROnPlateau: [{}, schedulers.ReduceLROnPlateau()],
    };
    expect([...Object.keys(engine), "SequentialLR", "ChainedScheduler"]).toEqual(namesOf("scheduler"));
    for (const [name, [options, scheduler]] of Object.entries(engine)) {
      const dotted = Object.entries(options).map(([option, text]) => [`scheduler.${option}`, text]);
      const texts = { scheduler: name, ...Object.fromEntries(dotted) };
      expect([name, await rates(texts, 40)]).toEqual([name, ratesOf(scheduler, 40)]);
    }
  });

  test("early stopping waits as long as its rule does by itself", async () => {
    const epochsOf = ({ start, next, stops }: StoppingRule) => {
      let state = next(start, 1);
      let epochs = 0;
      for (; !stops(state); epochs++) state = next(state, 1);
      return epochs;
    };
    const { earlyStopping } = await settingsOf({ early_stopping: "True" });
    if (earlyStopping === undefined) throw new Error("there is no early stopping");
    expect(epochsOf(earlyStopping)).toBe(epochsOf(stopWithoutImprovement()));
    expect(epochsOf(earlyStopping)).toBe(11);
  });
});

function namesOf(group: Group): string[] {
  return groupComponents(group).map(({ name }) => name);
}

const optimizers: Readonly<Record<string, (options: { readonly lr: number }) => optim.Optimizer>> = {
  Adam: optim.Adam,
  AdamW: optim.AdamW,
  SGD: optim.SGD,
  RMSprop: optim.RMSprop,
  Adagrad: optim.Adagrad,
  Adadelta: optim.Adadelta,
  NAdam: optim.NAdam,
  RAdam: optim.RAdam,
  SparseAdam: optim.SparseAdam,
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
    const rows = { index: tensor([0, 1, 2], { dtype: "int64" }), rows: gradient };
    const update = optimizer.update({ parameter, gradient, rows, slots, scalars: Object.fromEntries(scalars) });
    parameter = update.parameter;
    slots = { ...update.slots };
  }
  return await parameter.data();
}
