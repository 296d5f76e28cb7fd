/** Programs beside classes in one experiment. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError, formatProblem } from "@ml-mosaic/configurable";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { flatPipeline } from "../pipelines/flat-pipeline.ts";
import { describePipeline } from "../pipelines/pipeline.ts";
import { type Experiment, readExperiment } from "./experiment.ts";
import { countPipelines, generatePipelines } from "./pipelines.ts";
import { processTexts } from "./run-settings.ts";

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(join(folder, "models.ts"), "export class Data {}\nexport class Mlp {}\n");
});

interface Written {
  readonly process?: string;
  readonly data?: string;
  readonly model?: string;
  readonly program?: string;
  readonly command?: string;
}

const dataSection = `[DATA]
type = data
class = Data
path_to_class = ./models.ts
size = 8, 16
key = data_{size}
`;
const modelSection = `[MLP]
type = model
class = Mlp
path_to_class = ./models.ts
width = 2, 3
key = mlp
`;

async function read({ process = "", data = dataSection, model = modelSection, program = "", command }: Written) {
  const file = join(folder, "config.ini");
  const text = `[PROCESS]
epochs = 3
lr = 1e-2, 1e-3
data_scheme = data
pipeline_scheme = model
${process}
[MONITOR]
need_gpu = False
gpu_available = None
nb_processus = 1
multiplicity = 2
${data}${model}
[FOREST]
type = model
class = Program
path_to_class = ml-mosaic
command = ${command ?? "sh train.sh {depth} {size}"}
depth = 1, 2
size = 8, 16
key = forest
${program}`;
  await writeFile(file, text);
  return readExperiment(file);
}

const described = (experiment: Experiment) => [...generatePipelines(experiment)].map(describePipeline);

async function problemsOf(written: Written): Promise<string> {
  const read_ = await read(written).catch((error: unknown) => error);
  if (!(read_ instanceof ConfigurationError)) throw new Error("nothing was wrong");
  return read_.problems.map(formatProblem).join("\n");
}

test("each is a pipeline by itself, once for all that it does not see", async () => {
  const experiment = await read({ program: "same_data_as = DATA\n" });
  const pipelines = described(experiment);
  expect(pipelines).toHaveLength(8 + 4);
  expect(countPipelines(experiment)).toBe(12);
  expect(pipelines.slice(8)).toEqual(["FOREST(1,8)", "FOREST(1,16)", "FOREST(2,8)", "FOREST(2,16)"]);
  const [, second] = [...generatePipelines(experiment)].slice(8);
  expect(second && flatPipeline(second)[0]).toMatchObject({ same_data_as: "data_16" });
  expect(second && processTexts(experiment.process, second)).toEqual({ epochs: "3", pipeline_scheme: "model" });
});

test("what its command names of [PROCESS] it has, in all its values", async () => {
  const experiment = await read({ command: "sh train.sh {depth} {size} {lr}" });
  expect(described(experiment).slice(8)).toHaveLength(8);
  expect(described(experiment)[8]).toBe("FOREST(1,8) | lr=1e-2");
  expect(countPipelines(experiment)).toBe(16);
});

test("what computes TypeScript is no option of Python's runs", async () => {
  await writeFile(join(folder, "models.py"), "class Data: pass\nclass Mlp: pass\n");
  const inPython = [dataSection, modelSection].map((section) => section.replace("models.ts", "models.py"));
  const experiment = await read({ process: "executor = wasm", data: inPython[0] ?? "", model: inPython[1] ?? "" });
  const [first] = generatePipelines(experiment);
  expect(first && Object.keys(processTexts(experiment.process, first))).not.toContain("executor");
});

test("conditions leave out what they mean, and options go together", async () => {
  const excluded = await read({ process: "exclude = lr < 5e-3 or FOREST.depth == 2" });
  expect(described(excluded)).toHaveLength(4 + 2);
  const zipped = await read({ process: "zip = FOREST.depth, FOREST.size" });
  expect(described(zipped).slice(8)).toEqual(["FOREST(1,8)", "FOREST(2,16)"]);
  expect(countPipelines(zipped)).toBe(10);
});

test("says what cannot be", async () => {
  expect(await problemsOf({ model: "" })).toContain("[DATA] type: No class of pipeline_scheme reads its data");
  expect(await problemsOf({ program: "same_data_as = DAT\n" })).toContain(
    '"DAT" is no section of the type "data". Did you mean "DATA"?',
  );
  expect(await problemsOf({ data: dataSection.replace("8, 16", "8"), program: "same_data_as = DATA\n" })).toContain(
    "size is 8 in [DATA], and 8, 16 in [FOREST]: these are not the same data. Write size = 8 in both.",
  );
  const two = dataSection.replace("[DATA]", "[MORE]").replace("type = data", "type = more");
  expect(
    await problemsOf({
      process: "data_scheme = data, more",
      data: dataSection + two,
      program: "same_data_as = DATA\n",
    }),
  ).toContain("data_scheme");
});
