import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONFIG, openFolder, vocabulary } from "../../test/test-config.ts";
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
  const experiment = await readExperiment(file, vocabulary);
  return Promise.all(
    [...generatePipelines(experiment)].map((pipeline) =>
      runSettings(processTexts(experiment.process, pipeline), experiment.folder, vocabulary),
    ),
  );
}

describe("runSettings", () => {
  test("has the defaults", async () => {
    expect(await settings("")).toEqual([
      {
        lr: 0.01,
        epochs: 400,
        loss: { kind: "builtin", name: "MSELoss", options: {} },
        optimizer: { name: "Adam", options: {} },
        scheduler: undefined,
        earlyStopping: undefined,
        seed: 0,
        runFilesPath: folder.path(".runs"),
        artifacts: "all",
      },
    ]);
  });

  test("types the options of components, and gives each optimizer its own", async () => {
    const lines = [
      "optimizer = Adam, SGD",
      "optimizer.momentum = 0.9",
      "optimizer.betas = 0.8, 0.9",
      "scheduler = MultiStepLR, None",
      "scheduler.milestones = 30, {40-60:10}",
      "early_stopping = true",
      "early_stopping.patience = 5",
      "loss_function = HuberLoss",
      "loss_function.delta = .5",
      "seed = 7",
      "run_files_path = out, put",
      "artifacts = none",
    ];
    const all = await settings(lines.join("\n").replace("out, put", '"out, put"'));
    expect(all.map(({ optimizer, scheduler }) => [optimizer.name, scheduler?.name])).toEqual([
      ["Adam", "MultiStepLR"],
      ["Adam", undefined],
      ["SGD", "MultiStepLR"],
      ["SGD", undefined],
    ]);
    expect(all[0]?.optimizer.options).toEqual({ betas: [0.8, 0.9] });
    expect(all[2]?.optimizer.options).toEqual({ momentum: 0.9 });
    expect(all[0]?.scheduler?.options).toEqual({ milestones: [30, 40, 50, 60] });
    expect(all[0]).toMatchObject({
      earlyStopping: { patience: 5 },
      loss: { name: "HuberLoss", options: { delta: 0.5 } },
      seed: 7,
      runFilesPath: folder.path("out, put"),
      artifacts: "none",
    });
  });

  test("knows an own loss class, and the axes of each pipeline", async () => {
    const all = await settings("class_loss_function = MyLoss\npath_to_class_loss_function = mlp.ts", "0.1, 0.2");
    expect(all.map(({ lr }) => lr)).toEqual([0.1, 0.2]);
    expect(all[0]?.loss).toEqual({
      kind: "class",
      className: "MyLoss",
      source: { kind: "file", path: folder.path("mlp.ts") },
    });
  });

  test("checks texts that a user may have edited", async () => {
    const texts = { lr: "1", epochs: "1" };
    await expect(runSettings({ ...texts, epochs: "0" }, "/", vocabulary)).rejects.toThrow("[PROCESS] epochs");
    await expect(runSettings({ lr: "1" }, "/", vocabulary)).rejects.toThrow("missing");
    await expect(runSettings({ ...texts, optimizer: "toString" }, "/", vocabulary)).rejects.toThrow("not known");
    await expect(runSettings({ ...texts, "optimizer.weight_decay": "x" }, "/", vocabulary)).rejects.toThrow(
      "not a number",
    );
  });
});
