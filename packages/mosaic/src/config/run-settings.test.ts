import { nn, optim, schedulers, tensor } from "@ml-mosaic/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONFIG, openFolder } from "../../test/test-config.ts";
import { readExperiment } from "./experiment.ts";
import { generatePipelines } from "./pipelines.ts";
import { processTexts, runSettings } from "./run-settings.ts";

let folder: Awaited<ReturnType<typeof openFolder>>;
beforeAll(async () => {
  folder = await openFolder();
});
afterAll(() => folder.close());

async function settings(process: string, lr = "1e-2") {
  const file = await folder.write(CONFIG.replace("lr = 1e-2\n", `lr = ${lr}\n${process}\n`).replace("{2-4}", "2"));
  const experiment = await readExperiment(file);
  return Promise.all(
    [...generatePipelines(experiment)].map((pipeline) =>
      runSettings(processTexts(experiment.process, pipeline), experiment.folder),
    ),
  );
}

describe("runSettings", () => {
  test("has the defaults", async () => {
    const [only, ...others] = await settings("");
    expect(others).toEqual([]);
    expect(only).toMatchObject({ epochs: 400, optimizer: { name: "Adam", lr: 0.01 } });
    expect(only?.scheduler).toBeUndefined();
    expect(only?.earlyStopping).toBeUndefined();
    expect(only?.loss).toEqual({ kind: "registered", loss: new nn.MSELoss() });
  });

  test("types the options of components, and gives each optimizer its own", async () => {
    const lines = [
      "optimizer = Adam, SGD",
      "optimizer.momentum = 0.9",
      "optimizer.betas = 0.8, 0.9",
      "scheduler = MultiStepLR, None",
      "scheduler.milestones = 30, {40-60:10}",
      "early_stopping = true",
      "early_stopping.patience = 1",
      "loss_function = HuberLoss",
      "loss_function.delta = .5",
    ];
    const all = await settings(lines.join("\n"));
    expect(all.map(({ optimizer, scheduler }) => [optimizer.name, scheduler?.name])).toEqual([
      ["Adam", "MultiStepLR"],
      ["Adam", undefined],
      ["SGD", "MultiStepLR"],
      ["SGD", undefined],
    ]);
    const [adam, , sgd] = all;
    // (1 - beta1) / (1 - beta1), times the root of the same of beta2
    expect(adam?.optimizer.scalars(0, 1)).toEqual(optim.Adam({ betas: [0.8, 0.9] }).scalars(0, 1));
    expect(adam?.optimizer.scalars(3, 1)).not.toEqual(optim.Adam().scalars(3, 1));
    expect(Object.keys(sgd?.optimizer.slots ?? {})).toEqual(Object.keys(optim.SGD({ lr: 1, momentum: 0.9 }).slots));
    expect(Object.keys(sgd?.optimizer.slots ?? {})).not.toEqual(Object.keys(optim.SGD({ lr: 1 }).slots));
    expect([29, 30, 40, 50, 60].map((epoch) => adam?.scheduler?.lr({ epoch }, 1))).toEqual(
      [29, 30, 40, 50, 60].map((epoch) => schedulers.MultiStepLR({ milestones: [30, 40, 50, 60] }).lr({ epoch }, 1)),
    );
    expect(adam?.loss).toEqual({ kind: "registered", loss: new nn.HuberLoss({ delta: 0.5 }) });
    const rule = adam?.earlyStopping;
    if (rule === undefined) throw new Error("there is no early stopping");
    expect(rule.stops(rule.next(rule.next(rule.next(rule.start, 1), 1), 1))).toBe(true);
  });

  test("components may have their options in brackets, and be made of others", async () => {
    const lines = [
      "optimizer = SGD(momentum=0.9, nesterov=True), Adam(betas=[0.8, 0.9])",
      "scheduler = SequentialLR(schedulers=[LinearLR(total_iters=2), ExponentialLR(gamma=0.5)], milestones=[2])",
    ];
    const all = await settings(lines.join("\n"));
    expect(all.map(({ optimizer }) => optimizer.name)).toEqual(["SGD", "Adam"]);
    const parts = [schedulers.LinearLR({ totalIters: 2 }), schedulers.ExponentialLR({ gamma: 0.5 })];
    expect(all[1]?.scheduler?.start).toEqual(schedulers.SequentialLR(parts, { milestones: [2] }).start);
    expect(all[0]?.scheduler?.name).toBe("SequentialLR");
    expect((await settings("loss_function = BCEWithLogitsLoss\nloss_function.pos_weight = 3"))[0]?.loss).toEqual({
      kind: "registered",
      loss: new nn.BCEWithLogitsLoss({ posWeight: tensor(3) }),
    });
    expect((await settings("scheduler = StepLR(step_size=5, every=step)"))[0]?.scheduler?.name).toBe("StepLR");
  });

  test("knows an own loss class, and the axes of each pipeline", async () => {
    const all = await settings("class_loss_function = MyLoss\npath_to_class_loss_function = mlp.ts", "0.1, 0.2");
    expect(all.map(({ optimizer }) => optimizer.lr)).toEqual([0.1, 0.2]);
    expect(all[0]?.loss).toEqual({
      kind: "class",
      className: "MyLoss",
      source: { kind: "file", path: folder.path("mlp.ts") },
    });
  });

  test("remembers what texts mean, and nothing that runs could share", async () => {
    const texts = { epochs: "1", data_scheme: "data", pipeline_scheme: "mlp", metrics: "mae", optimizer: "SGD" };
    const first = await runSettings({ lr: "0.1", ...texts }, "/");
    const second = await runSettings({ lr: "0.2", ...texts }, "/");
    const momentum = await runSettings({ lr: "0.2", ...texts, "optimizer.momentum": "0.9" }, "/");
    expect([first, second, momentum].map(({ optimizer }) => [optimizer.lr, Object.keys(optimizer.slots)])).toEqual([
      [0.1, []],
      [0.2, []],
      [0.2, ["momentum_buffer"]],
    ]);
    expect(second.epochs).toBe(1);
    expect((await runSettings({ lr: "0.2", ...texts, epochs: "3" }, "/")).epochs).toBe(3);
    expect(second.optimizer).not.toBe(first.optimizer);
    const [loss, other] = [first.loss, second.loss].map((each) => (each.kind === "registered" ? each.loss : undefined));
    expect(other).not.toBe(loss);
  });

  test("checks texts that a user may have edited", async () => {
    const texts = { lr: "1", epochs: "1", data_scheme: "data", pipeline_scheme: "mlp" };
    const refused = (more: Readonly<Record<string, string>>) => expect(runSettings({ ...texts, ...more }, "/")).rejects;
    await refused({ epochs: "0" }).toThrow("[PROCESS] epochs: expected an integer of at least 1");
    await refused({ optimizer: "toString" }).toThrow('got "toString"');
    await refused({ "optimizer.weight_decay": "x" }).toThrow("expected a number of at least 0");
    await refused({ optimizer: "SGD", "optimizer.nesterov": "True" }).toThrow("nesterov: needs a momentum above 0");
    await refused({ "optimizer.elephant": "1" }).toThrow("unknown option");
    await expect(runSettings({ ...texts, lr: "" }, "/")).rejects.toThrow("[PROCESS] lr");
  });
});
