// One table row for every mistake that a configuration file can have: it is found, alone, with line, option and remedy.

import { mkdir, writeFile } from "node:fs/promises";
import { ConfigurationError } from "@ml-mosaic/configurable";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONFIG, edited, openFolder, withProcess } from "../../test/test-config.ts";
import { readExperiment } from "./experiment.ts";

let folder: Awaited<ReturnType<typeof openFolder>>;
beforeAll(async () => {
  folder = await openFolder();
  await mkdir(folder.path("models"));
  await mkdir(folder.path("folder.ts"));
  await writeFile(folder.path("old.py"), "class Old: pass\n");
});
afterAll(() => folder.close());

async function refusal(text: string): Promise<ConfigurationError> {
  const file = await folder.write(text);
  const error: unknown = await readExperiment(file).catch((reason: unknown) => reason);
  if (error instanceof ConfigurationError) return error;
  throw new Error(`expected a ConfigurationError, got ${error}`);
}

const without = (line: string) => edited(line, "");
const section = (start: string, end?: string) => {
  const from = CONFIG.indexOf(start);
  return CONFIG.slice(0, from) + (end === undefined ? "" : CONFIG.slice(CONFIG.indexOf(end)));
};

/** What is wrong, the file, and the line, option and remedy that the message must have. */
const MISTAKES: readonly (readonly [name: string, text: string, line: number, option: string, remedy: string])[] = [
  // The file's form
  ["option before any section", `x = 1\n${CONFIG}`, 1, "x", "Put a section"],
  [
    "line that is neither",
    edited("lr = 1e-2", "lr = 1e-2\nnonsense here"),
    4,
    "nonsense here",
    "start the line with #",
  ],
  ["colon for equals sign", edited("epochs = 400", "epochs: 400"), 4, "epochs", "epochs = 400"],
  ["no option name", edited("epochs = 400", "epochs = 400\n= 3"), 5, "= 3", "Write a name"],
  ["empty section name", `${CONFIG}[]\n`, 30, "", "Write a name between the brackets"],
  ["unclosed section", CONFIG.replace("[mlp_funnel]", "[mlp_funnel"), 23, "[mlp_funnel", "Write [mlp_funnel]."],
  ["text after a section", CONFIG.replace("[MONITOR]", "[MONITOR] # x"), 8, "[MONITOR]", "lines of their own"],
  ["repeated section", `${CONFIG}[mlp_funnel]\ntype = mlp\n`, 30, "[mlp_funnel]", "another name"],
  ["repeated option", edited("length = 4", "length = 4\nlength = 5"), 28, "length", "several values are a list"],
  ["continued line", edited("length = 4", "length = 4,\n  5"), 28, "5", "one line"],
  ["indented option", edited("length = 4", "  length = 4"), 27, "length = 4", "remove the spaces"],
  // Sections
  ["missing PROCESS", section("[PROCESS]", "[MONITOR]"), 0, "[PROCESS]", "Add [PROCESS]"],
  ["missing MONITOR", section("[MONITOR]", "[dataset_OR]"), 0, "[MONITOR]", "Add [MONITOR]"],
  ["PROCESS in another case", CONFIG.replace("[PROCESS]", "[Process]"), 2, "[Process]", "Write [PROCESS]."],
  ["MONITOR misspelt", CONFIG.replace("[MONITOR]", "[MONITR]"), 8, "[MONITR]", "Write [MONITOR]."],
  // PROCESS
  ["missing lr", without("lr = 1e-2"), 2, "lr", "missing, expected a number above 0"],
  ["missing epochs", without("epochs = 400"), 2, "epochs", "missing, expected an integer of at least 1"],
  ["missing data_scheme", without("data_scheme = dataset"), 2, "data_scheme", "missing, expected types"],
  ["missing pipeline_scheme", without("pipeline_scheme = mlp"), 2, "pipeline_scheme", "missing, expected types"],
  ["unknown option in PROCESS", withProcess("epoch = 3"), 4, "epoch", 'did you mean "epochs"?'],
  ["quite unknown option in PROCESS", withProcess("elephant = 3"), 4, "elephant", "expected lr, epochs,"],
  ["MONITOR option in PROCESS", withProcess("multiplicity = 3"), 4, "multiplicity", "Move it to [MONITOR]."],
  ["lr that is no number", edited("lr = 1e-2", "lr = fast"), 3, "lr", 'expected a number above 0, got "fast"'],
  ["lr zero", edited("lr = 1e-2", "lr = 0"), 3, "lr", "above 0"],
  ["lr negative", edited("lr = 1e-2", "lr = -1e-3"), 3, "lr", "above 0"],
  ["lr beyond numbers", edited("lr = 1e-2", "lr = 1e999"), 3, "lr", "above 0"],
  ["lr with a comment behind", edited("lr = 1e-2", "lr = 1e-2 # slow"), 3, "lr", "comments have lines of their own"],
  ["lr empty", edited("lr = 1e-2", "lr ="), 3, "lr", "expected a number above 0"],
  ["lr twice the same", edited("lr = 1e-2", "lr = 1e-2, 0.01"), 3, "lr", "Write it once"],
  ["one lr of several wrong", edited("lr = 1e-2", "lr = 1e-2, x"), 3, "lr", "above 0"],
  ["epochs zero", edited("epochs = 400", "epochs = 0"), 4, "epochs", "an integer of at least 1"],
  ["epochs fractional", edited("epochs = 400", "epochs = 2.5"), 4, "epochs", "an integer of at least 1"],
  ["seed negative", withProcess("seed = -1"), 4, "seed", "at least 0"],
  ["seed list", withProcess("seed = 1, 2"), 4, "seed", "Write one value"],
  ["artifacts unknown", withProcess("artifacts = al"), 4, "artifacts", 'did you mean "all"?'],
  ["run_files_path list", withProcess("run_files_path = a, b"), 4, "run_files_path", '"a, b"'],
  ["loss unknown", withProcess("loss_function = MSELos"), 4, "loss_function", 'did you mean "MSELoss"?'],
  [
    "two losses",
    withProcess("loss_function = MSELoss\nclass_loss_function = A\npath_to_class_loss_function = mlp.ts"),
    4,
    "loss_function",
    "Keep loss_function, or",
  ],
  [
    "own loss without path",
    withProcess("class_loss_function = A"),
    4,
    "class_loss_function",
    "Add a line path_to_class_loss_function",
  ],
  [
    "own loss without name",
    withProcess("path_to_class_loss_function = mlp.ts"),
    4,
    "path_to_class_loss_function",
    "Add a line class_loss_function",
  ],
  [
    "own loss in no file",
    withProcess("class_loss_function = A\npath_to_class_loss_function = mlq.ts"),
    5,
    "path_to_class_loss_function",
    'Did you mean "mlp.ts"?',
  ],
  ["an optimizer twice", withProcess("optimizer = Adam, adam(eps=1e-8)"), 4, "optimizer", "multiplicity repeats runs"],
  ["no optimizer", withProcess("optimizer = Adam, none"), 4, "optimizer", "leave the option out for Adam"],
  ["no loss", withProcess("loss_function = None"), 4, "loss_function", "leave the option out for MSELoss"],
  ["no scheduler twice", withProcess("scheduler = None, none"), 4, "scheduler", "multiplicity repeats runs"],
  [
    "an optimizer twice through its options",
    withProcess("optimizer = SGD, sgd(nesterov=False)\noptimizer.momentum = 0.5"),
    4,
    "optimizer",
    "multiplicity repeats runs",
  ],
  [
    "an option of an optimizer twice",
    withProcess("optimizer = SGD\noptimizer.momentum = 0.5, .50"),
    5,
    "optimizer.momentum",
    "multiplicity repeats runs",
  ],
  [
    "an option in brackets and behind a dot",
    withProcess("optimizer = Adam, SGD(momentum=0.9)\noptimizer.momentum = 0.5"),
    5,
    "optimizer.momentum",
    "optimizer = SGD(momentum=0.9) has momentum too. Keep one of the two.",
  ],
  ["a reference's letters in a text", edited("length = 4", "length = a$${b}"), 27, "length", 'need quotes: "a$${b}"'],
  ["optimizer unknown", withProcess("optimizer = adm"), 4, "optimizer", 'did you mean "adam"?'],
  [
    "optimizer named like a property",
    withProcess("optimizer = constructor"),
    4,
    "optimizer",
    'expected one of "sgd", "adam",',
  ],
  [
    "option of another optimizer",
    withProcess("optimizer.momentum = 0.9"),
    4,
    "optimizer.momentum",
    "(sgd, rmsprop have it)",
  ],
  [
    "optimizer option misspelt",
    withProcess("optimizer.weight_decy = 0"),
    4,
    "optimizer.weight_decy",
    'did you mean "weight_decay"?',
  ],
  [
    "optimizer option that is no number",
    withProcess("optimizer.weight_decay = much"),
    4,
    "optimizer.weight_decay",
    "of at least 0",
  ],
  ["optimizer option out of bounds", withProcess("optimizer.betas = 0.9, 1"), 4, "optimizer.betas", "below 1"],
  [
    "optimizer boolean",
    withProcess("optimizer = SGD\noptimizer.nesterov = yes"),
    5,
    "optimizer.nesterov",
    "expected true or false",
  ],
  [
    "axis without effect",
    withProcess("optimizer = Adam, SGD\noptimizer.momentum = 0, 0.9"),
    5,
    "optimizer.momentum",
    "Write one value",
  ],
  [
    "scheduler unknown",
    withProcess("scheduler = StepRL\nscheduler.step_size = 3"),
    4,
    "scheduler",
    'did you mean "StepLR"?',
  ],
  [
    "scheduler option without scheduler",
    withProcess("scheduler.gamma = 0.1"),
    4,
    "scheduler.gamma",
    "Add a line scheduler =",
  ],
  [
    "scheduler without its required option",
    withProcess("scheduler = StepLR"),
    4,
    "scheduler",
    "scheduler.step_size: missing, expected an integer of at least 1",
  ],
  [
    "scheduler option fractional",
    withProcess("scheduler = StepLR\nscheduler.step_size = 0.5"),
    5,
    "scheduler.step_size",
    "an integer of at least 1",
  ],
  [
    "scheduler choice",
    withProcess(
      "scheduler = OneCycleLR\nscheduler.max_lr = 1\nscheduler.total_steps = 9\nscheduler.anneal_strategy = liner",
    ),
    7,
    "scheduler.anneal_strategy",
    'did you mean "linear"?',
  ],
  [
    "early stopping that is no boolean",
    withProcess("early_stopping = 5"),
    4,
    "early_stopping",
    'expected True, False or "patience", got "5"',
  ],
  [
    "early stopping option alone",
    withProcess("early_stopping.patience = 5"),
    4,
    "early_stopping.patience",
    "early_stopping = True",
  ],
  [
    "early stopping option unknown",
    withProcess("early_stopping = True\nearly_stopping.patient = 5"),
    5,
    "early_stopping.patient",
    'did you mean "patience"?',
  ],
  [
    "early stopping off with an axis",
    withProcess("early_stopping = False\nearly_stopping.patience = 5, 6"),
    5,
    "early_stopping.patience",
    "Write one value",
  ],
  [
    "dotted option of nothing",
    withProcess("optimiser.weight_decay = 0"),
    4,
    "optimiser.weight_decay",
    'did you mean "optimizer.weight_decay"?',
  ],
  [
    "option of an own loss",
    withProcess("class_loss_function = A\npath_to_class_loss_function = mlp.ts\nloss_function.delta = 1"),
    6,
    "loss_function.delta",
    "Remove the line",
  ],
  // Schemes
  [
    "scheme without section",
    edited("data_scheme = dataset", "data_scheme = dataset, elephant"),
    5,
    "data_scheme",
    "Known: dataset, mlp.",
  ],
  ["scheme misspelt", edited("pipeline_scheme = mlp", "pipeline_scheme = mpl"), 24, "type", 'Did you mean "mpl"?'],
  [
    "scheme empty",
    edited("pipeline_scheme = mlp", "pipeline_scheme ="),
    6,
    "pipeline_scheme",
    "expected types with commas",
  ],
  ["scheme malformed", edited("pipeline_scheme = mlp", "pipeline_scheme = mlp,"), 6, "pipeline_scheme", "extra comma"],
  [
    "type in both schemes",
    edited("pipeline_scheme = mlp", "pipeline_scheme = mlp, dataset"),
    6,
    "pipeline_scheme",
    "a type of its own",
  ],
  [
    "type twice in a scheme",
    edited("pipeline_scheme = mlp", "pipeline_scheme = mlp, mlp"),
    6,
    "pipeline_scheme",
    "a type of its own",
  ],
  [
    "type in no scheme",
    `${CONFIG}[cnn]\ntype = elephant\nclass = Cnn\npath_to_class = ./mlp.ts\nkey = cnn\n`,
    31,
    "type",
    "Add it to data_scheme or pipeline_scheme",
  ],
  // MONITOR
  ["missing need_gpu", without("need_gpu = False"), 8, "need_gpu", "missing, expected true or false"],
  ["missing gpu_available", without("gpu_available = None"), 8, "gpu_available", "missing, expected devices"],
  [
    "missing nb_processus",
    without("nb_processus = 2"),
    8,
    "nb_processus",
    "missing, expected an integer of at least 1",
  ],
  [
    "missing multiplicity",
    without("multiplicity = 4"),
    8,
    "multiplicity",
    "missing, expected an integer of at least 1",
  ],
  [
    "unknown option in MONITOR",
    edited("nb_processus = 2", "nb_processus = 2\nnb_process = 2"),
    12,
    "nb_process",
    'did you mean "nb_processus"?',
  ],
  [
    "PROCESS option in MONITOR",
    edited("nb_processus = 2", "nb_processus = 2\nseed = 2"),
    12,
    "seed",
    "Move it to [PROCESS].",
  ],
  ["bad boolean", edited("need_gpu = False", "need_gpu = no"), 9, "need_gpu", "expected true or false"],
  ["GPU needed, none there", edited("need_gpu = False", "need_gpu = True"), 10, "gpu_available", "need_gpu = False"],
  ["device twice", edited("gpu_available = None", "gpu_available = a, a"), 10, "gpu_available", "each once"],
  ["devices malformed", edited("gpu_available = None", "gpu_available = a,"), 10, "gpu_available", "extra comma"],
  ["nb_processus zero", edited("nb_processus = 2", "nb_processus = 0"), 11, "nb_processus", "at least 1"],
  ["nb_processus list", edited("nb_processus = 2", "nb_processus = 1, 2"), 11, "nb_processus", "takes one value"],
  ["multiplicity zero", edited("multiplicity = 4", "multiplicity = 0"), 12, "multiplicity", "at least 1"],
  [
    "multiplicity fractional",
    edited("multiplicity = 4", "multiplicity = 1.5"),
    12,
    "multiplicity",
    "an integer of at least 1",
  ],
  // Class sections
  ["missing type", without("type = mlp"), 23, "type", "type = mlp"],
  ["missing class", without("class = MlpFunnel"), 23, "class", "class = MlpFunnel"],
  ["missing path_to_class", without("path_to_class = ./mlp.ts"), 23, "path_to_class", "path_to_class = ./mlp.ts"],
  ["missing key", without("key = mlp_{class}"), 23, "key", "key = {type}_{class}"],
  [
    "misspelt path_to_class",
    edited("path_to_class = ./mlp.ts", "path_to_clas = ./mlp.ts"),
    23,
    "path_to_class",
    'Did you mean it by "path_to_clas"?',
  ],
  ["type list", edited("type = mlp", "type = mlp, cnn"), 24, "type", "Write a section for each"],
  ["class list", edited("class = MlpFunnel", "class = A, B"), 25, "class", "Write a section for each"],
  [
    "path list",
    edited("path_to_class = ./mlp.ts", "path_to_class = ./mlp.ts, ./b.ts"),
    26,
    "path_to_class",
    "Write a section for each",
  ],
  ["key list", edited("key = mlp_{class}", "key = a, b"), 29, "key", "Write a section for each"],
  ["key of an unknown option", edited("key = mlp_{class}", "key = mlp_{widht}"), 29, "key", "Did you mean {width}?"],
  ["key of itself", edited("key = mlp_{class}", "key = {key}"), 29, "key", "Name another option"],
  ["key with half a brace", edited("key = mlp_{class}", "key = mlp_{class"), 29, "key", "both braces"],
  [
    "class file missing",
    edited("path_to_class = ./mlp.ts", "path_to_class = ./mlpp.ts"),
    26,
    "path_to_class",
    'Did you mean "mlp.ts"?',
  ],
  [
    "class folder missing",
    edited("path_to_class = ./mlp.ts", "path_to_class = no/mlp.ts"),
    26,
    "path_to_class",
    "check the path",
  ],
  [
    "class file is a folder",
    edited("path_to_class = ./mlp.ts", "path_to_class = ./folder.ts"),
    26,
    "path_to_class",
    "Give the file in it",
  ],
  [
    "folder without ending",
    edited("path_to_class = ./mlp.ts", "path_to_class = ./models"),
    26,
    "path_to_class",
    "Write a path such as ./mlp.ts",
  ],
  [
    "Python file that is not there",
    edited("path_to_class = ./mlp.ts", "path_to_class = ./absent.py"),
    26,
    "path_to_class",
    "old.py",
  ],
  [
    "data as no section",
    edited("data_size = 200", "data_size = 200\nsame_data_as = data_OR"),
    20,
    "same_data_as",
    "Remove the line.",
  ],
  [
    "data of a model",
    edited("length = 4", "length = 4\nsame_data_as = dataset_OR"),
    28,
    "same_data_as",
    "Remove the line.",
  ],
  [
    "data as other data of several sizes",
    `${CONFIG.replace("data_size = 200", "data_size = 100, 200")}
[other]
type = dataset
class = DatasetOr
path_to_class = ./dataset.ts
same_data_as = dataset_OR
batch_size = 1
data_size = 200
key = other
`,
    35,
    "same_data_as",
    "Write data_size = 100, 200 in both.",
  ],
  [
    "languages that have no pipeline",
    edited("path_to_class = ./mlp.ts", "path_to_class = ./old.py"),
    6,
    "dataset has TypeScript, mlp has Python",
    "in the same language",
  ],
  [
    "declarations only",
    edited("path_to_class = ./mlp.ts", "path_to_class = ./mlp.d.ts"),
    26,
    "path_to_class",
    "Write a path such as",
  ],
  ["class that cannot be a name", edited("class = MlpFunnel", "class = Mlp Funnel"), 25, "class", "as it is exported"],
  ["reserved type", edited("type = mlp", "type = process"), 24, "type", "Choose another type"],
  ["reserved option", edited("length = 4", "name = x"), 27, "name", "Choose another name"],
  ["bad option name", edited("length = 4", "my length = 4"), 27, "my length", "batch_size"],
  ["prototype option", edited("length = 4", "__proto__ = 4"), 27, "__proto__", "batch_size"],
  ["empty value", edited("length = 4", "length ="), 27, "length", 'an empty text is written ""'],
  ["repeated value", edited("length = 4", "length = 1, 2, {2-4}"), 27, "length", "multiplicity repeats runs"],
  ["empty range", edited("length = 4", "length = {5-2}"), 27, "length", "{2-5}"],
  ["malformed range", edited("length = 4", "length = {a-b}"), 27, "length", "{smallest-largest}"],
  ["half a range", edited("length = 4", "length = {1-}"), 27, "length", "{smallest-largest}"],
  ["range of decimals", edited("length = 4", "length = {0.1-0.3}"), 27, "length", "{0.1-0.3:0.1}"],
  ["step zero", edited("length = 4", "length = {1-9:0}"), 27, "length", "{1-9:1}"],
  ["endless range", edited("length = 4", "length = {1-1000000000}"), 27, "length", "a step thins"],
  ["unclosed quote", edited("length = 4", 'length = "a, b'), 27, "length", '"a, b"'],
  ["empty list place", edited("length = 4", "length = 1,, 2"), 27, "length", "extra comma"],
  [
    "endless scheme",
    edited("pipeline_scheme = mlp", "pipeline_scheme = {1-1000000}"),
    6,
    "pipeline_scheme",
    "Write at most 1000",
  ],
  ["too many runs", edited("length = 4", "length = {1-1000000}"), 0, "", "Shorten a list"],
];

describe("mistakes", () => {
  test.each(MISTAKES)("%s", async (_name, text, line, option, remedy) => {
    const { message, problems } = await refusal(text);
    expect(problems, message).toHaveLength(1);
    const file = folder.path("config.ini");
    expect(message).toContain(line === 0 ? `${file}: ` : `${file}:${line}: `);
    expect(message).toContain(option);
    expect(message).toContain(remedy);
  });

  test.each<[string, () => string | Promise<string>, string]>([
    ["missing file", () => folder.path("confg.ini"), 'Did you mean "config.ini"?'],
    ["missing folder", () => folder.path("none/config.ini"), "check the path"],
    ["folder", () => folder.folder, "Give the configuration file in it"],
    ["empty file", () => folder.write(" \n\n", "empty.ini"), "Write the sections [PROCESS] and [MONITOR]"],
    [
      "not UTF-8",
      () => folder.write(Buffer.from("[A]\nx = caf\xe9\n", "latin1"), "latin.ini"),
      "latin.ini:2: The line has",
    ],
    ["UTF-16", () => folder.write(Buffer.from("\uFEFF[A]", "utf16le"), "utf16.ini"), "Save it as UTF-8"],
    ["a database", () => folder.write("SQLite format 3\0", "runs.db"), "order of the arguments"],
    ["huge file", () => folder.write(Buffer.alloc(20 * 1024 * 1024, "#"), "huge.ini"), "configuration files are small"],
    ["comments only", () => folder.write("# nothing\n", "comments.ini"), "Add [PROCESS]"],
  ])("%s", async (_name, path, remedy) => {
    await folder.write(CONFIG);
    const error: unknown = await readExperiment(await path()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(remedy);
  });

  test("what is wrong with who trains does not hide what is wrong with what is trained", async () => {
    const text = withProcess("exclude = nothing == 3").replace("nb_processus = 2", "nb_processus = 0");
    const error = await refusal(`${text}[SLURM]\nworkers = 0\ntime = x\nfoo = 1\n`);
    expect(error.problems.map(({ path }) => path.join("."))).toEqual([
      "exclude",
      "nb_processus",
      "workers",
      "time",
      "foo",
    ]);
  });

  test("a message of thousands of problems is cut, the problems are not", async () => {
    const { message, problems } = await refusal(`[PROCESS]\n${"nonsense\n".repeat(5000)}`);
    expect(problems.length).toBeGreaterThan(5000);
    expect(message.split("\n").length).toBeLessThan(210);
    expect(message).toMatch(/and \d+ more$/);
  });
});
