import { join } from "node:path";
import { ConfigurationError, formatProblem } from "@ml-mosaic/configurable";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONFIG, edited, openFolder, withProcess } from "../../test/test-config.ts";
import { type Experiment, readExperiment, readMonitor } from "./experiment.ts";

let folder: Awaited<ReturnType<typeof openFolder>>;
beforeAll(async () => {
  folder = await openFolder();
});
afterAll(() => folder.close());

async function read(text: string | Uint8Array): Promise<Experiment> {
  return readExperiment(await folder.write(text));
}

async function refusal(text: string | Uint8Array): Promise<ConfigurationError> {
  const error: unknown = await read(text).catch((reason: unknown) => reason);
  if (error instanceof ConfigurationError) return error;
  throw new Error(`expected a ConfigurationError, got ${error}`);
}

test("the original's example is taken, with what has no effect noted", async () => {
  const empty = "class_loss_function =\npath_to_class_loss_function =\nloss_function = MSELoss\nscheduler =\n";
  const cache = "cache_size = 512M\ncache_database_path = ./c.db\n";
  const text = CONFIG.replace("lr = 1e-2\n", `lr = 1e-2\n${empty}`).replace("[MONITOR]\n", `[MONITOR]\n${cache}`);
  const { notices, process } = await readExperiment(await folder.write(text));
  expect(process.ownLoss).toBeUndefined();
  expect(process.options.map(({ name }) => name)).not.toContain("scheduler");
  expect(notices.map(formatProblem)).toEqual(
    ["class_loss_function", "path_to_class_loss_function", "scheduler", "cache_size", "cache_database_path"].map(
      (name) => expect.stringMatching(new RegExp(`\\] ${name}: The option .*has no effect`)),
    ),
  );
});

test("words of Mosaic's own are taken in any letter case", async () => {
  const words =
    "scheduler = none\noptimizer = ADAM\nearly_stopping = FALSE\nartifacts = None\nloss_function = mseloss\n";
  const text = CONFIG.replace("lr = 1e-2\n", `lr = 1e-2\n${words}`).replace("need_gpu = False", "need_gpu = fAlse");
  const { notices, process, monitor } = await readExperiment(await folder.write(text));
  expect([notices, process.artifacts, monitor.needGpu]).toEqual([[], "none", false]);
});

describe("overrides", () => {
  test("take an option away by giving it no value", async () => {
    const file = await folder.write(CONFIG.replace("lr = 1e-2\n", "lr = 1e-2\nscheduler = StepLR(step_size=3)\n"));
    const { process, sections } = await readExperiment(file, ["PROCESS.scheduler=", "mlp_funnel.length="]);
    expect(process.options.map(({ name }) => name)).not.toContain("scheduler");
    const funnel = sections.find(({ name }) => name === "mlp_funnel");
    expect(funnel?.options.map(({ name }) => name)).toEqual(["width"]);
    expect(funnel?.order).not.toContain("length");
    await expect(readExperiment(file, ["mlp_funnel.class="])).rejects.toThrow("class: The option is missing.");
  });

  test("that are wrong are told all at once", async () => {
    const words = ["PROCES.lr=1", "PROCESS.lrr=2", "MONITOR.multiplicity=none", "mlp_funnel.length=1,,2", "epochs=3"];
    const error = await readExperiment(await folder.write(CONFIG), words).catch((reason: unknown) => reason);
    expect(String(error).match(/argument [^:]*:/g)).toEqual(words.map((word) => `argument ${word}:`));
  });

  test("of a rerun are those of [MONITOR]", async () => {
    const file = await folder.write(CONFIG);
    const { monitor } = await readMonitor(file, ["MONITOR.nb_processus=7"]);
    expect(monitor.numProcesses).toBe(7);
    const error = await readMonitor(file, ["PROCESS.lr=3", "MONITR.x=1"]).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(
      /argument PROCESS.lr=3: Only \[MONITOR\] is read here.*\n.*argument MONITR.x=1: There is no/,
    );
  });
});

describe("readExperiment", () => {
  test("reads the tutorial's file", async () => {
    const experiment = await read(CONFIG);
    expect(experiment.notices).toEqual([]);
    expect(experiment.folder).toBe(folder.folder);
    expect(experiment.process).toMatchObject({
      line: 2,
      axes: [],
      dataScheme: ["dataset"],
      pipelineScheme: ["mlp"],
      seed: 0,
      runFilesPath: join(folder.folder, ".runs"),
      artifacts: "all",
    });
    expect(experiment.process.options.map(({ name, text }) => [name, text])).toEqual([
      ["lr", "1e-2"],
      ["epochs", "400"],
      ["data_scheme", "dataset"],
      ["pipeline_scheme", "mlp"],
    ]);
    expect(experiment.monitor).toMatchObject({ needGpu: false, gpuAvailable: [], numProcesses: 2, multiplicity: 4 });
    expect(experiment.sections).toMatchObject([
      { name: "dataset_OR", line: 14, isExpanded: false, pathToClass: "./dataset.ts" },
      {
        name: "mlp_funnel",
        line: 23,
        type: "mlp",
        className: "MlpFunnel",
        source: { kind: "file", path: join(folder.folder, "mlp.ts") },
        isExpanded: true,
      },
    ]);
    expect(experiment.sections[1]?.options[1]).toEqual({
      name: "width",
      line: 28,
      text: "{2-4}",
      values: ["2", "3", "4"],
    });
  });

  test("takes packages, bare files, devices and sequences", async () => {
    const text = CONFIG.replace("./mlp.ts", "@ml-mosaic/bigsf/models")
      .replace("./dataset.ts", "dataset.ts")
      .replace("need_gpu = False", "need_gpu = true")
      .replace("available = None", "available = cuda:0, cuda:1")
      .replace("data_scheme = dataset", 'data_scheme = dataset, "other"');
    const more = "[other]\ntype = other\nclass = Other\npath_to_class = ./mlp.ts\nkey = o\n%text = 1\n".replace(
      "%text = 1\n",
      "text = 100%\n",
    );
    const { sections, monitor, process } = await read(text + more);
    expect(sections.map(({ source }) => source)).toEqual([
      { kind: "file", path: folder.path("dataset.ts") },
      { kind: "package", name: "@ml-mosaic/bigsf/models" },
      { kind: "file", path: folder.path("mlp.ts") },
    ]);
    expect(monitor).toMatchObject({ needGpu: true, gpuAvailable: ["cuda:0", "cuda:1"] });
    expect(process.dataScheme).toEqual(["dataset", "other"]);
  });

  test("prints a problem on one line", async () => {
    const { message, code, problems } = await refusal(edited("width = {2-4}", "width = {5-2}"));
    const file = folder.path("config.ini");
    expect(message).toBe(
      `${file}:28: [mlp_funnel] width: "{5-2}" is an empty range. Write the smaller bound first: {2-5}.`,
    );
    expect(code).toBe("CONFIGURATION_INVALID");
    expect(problems).toEqual([
      {
        kind: "text",
        file,
        line: 28,
        context: "[mlp_funnel]",
        path: ["width"],
        message: '"{5-2}" is an empty range. Write the smaller bound first: {2-5}.',
      },
    ]);
  });

  test("reports all problems in one go, in the order of lines", async () => {
    const text = CONFIG.replace("lr = 1e-2", "lr = fast")
      .replace("nb_processus = 2", "nb_processus = 0")
      .replace("class = DatasetOr", "klass = DatasetOr")
      .replace("./mlp.ts", "./mpl.ts");
    const { message, problems } = await refusal(text);
    expect(problems.map(({ line, kind, path }) => [line, kind, path])).toEqual([
      [3, "invalid", ["lr"]],
      [11, "invalid", ["nb_processus"]],
      [14, "text", ["class"]],
      [26, "text", ["path_to_class"]],
    ]);
    expect(message).toMatch(/^4 problems:\n/);
  });
});

describe("notices", () => {
  test.each<[string, string, string]>([
    ["cache in PROCESS", withProcess("cache_size = 1, 1"), "cache_size"],
    ["cache in MONITOR", CONFIG.replace("[MONITOR]", "[MONITOR]\ncache_database_path = x"), "cache_database_path"],
    ["an option that one optimizer lacks", withProcess("optimizer = Adam, SGD\noptimizer.momentum = 0.9"), "Adam"],
    ["a comment behind a value", edited("length = 4", "length = 4 # layers"), "# layers"],
    [
      "equal keys",
      `${CONFIG}[b]\ntype = mlp\nclass = MlpFunnel\npath_to_class = ./mlp.ts\nkey = mlp_MlpFunnel\n`,
      "one model",
    ],
    [
      "equal variants",
      `${CONFIG}[b]\ntype = mlp\nclass = MlpFunnel\nwidth = {4-9}\nlength = 4\npath_to_class = ./mlp.ts\nkey = b\n`,
      "same class and options",
    ],
  ])("%s", async (_name, text, words) => {
    const { notices } = await read(text);
    expect(notices).toHaveLength(1);
    expect(JSON.stringify(notices)).toContain(words);
  });

  test("options without effect are no options of the experiment", async () => {
    const { process } = await read(withProcess("cache_size = 1, 2"));
    expect(process.options.map(({ name }) => name)).not.toContain("cache_size");
    expect(process.axes).toEqual([]);
  });
});

describe("readMonitor", () => {
  test("needs MONITOR alone", async () => {
    const file = await folder.write(
      "[MONITOR]\nneed_gpu = False\ngpu_available =\nnb_processus = 3\nmultiplicity = 1\n",
    );
    expect((await readMonitor(file)).monitor).toMatchObject({ numProcesses: 3, gpuAvailable: [] });
    await expect(readMonitor(await folder.write("[X]\n"))).rejects.toThrow("[MONITOR]");
  });
});
