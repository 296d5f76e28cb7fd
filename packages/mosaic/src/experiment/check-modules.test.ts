import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolderIn } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { readExperiment } from "../config/index.ts";
import { checkModules } from "./check-modules.ts";

let folder: string;
beforeAll(async () => {
  folder = temporaryFolderIn(import.meta.dirname);
  await writeFile(
    join(folder, "models.ts"),
    `import { configurable, int, schema } from "@ml-mosaic/configurable";
export class Data {}
export class Net extends configurable({ size: schema(int), depth: schema(int) }) {
  override preconditions() {
    return this.size < 2 ** this.depth ? { option: "depth", message: "too deep for the size" } : undefined;
  }
}
`,
  );
});

async function check(choice: string, more = ""): Promise<void> {
  const file = join(folder, "config.ini");
  await writeFile(
    file,
    `[PROCESS]\nlr = 1\nepochs = 1\ndata_scheme = data\npipeline_scheme = net\n${choice}
[MONITOR]\nneed_gpu = False\ngpu_available = None\nnb_processus = 1\nmultiplicity = 1
[DATA]\ntype = data\nclass = Data\npath_to_class = ./models.ts\nkey = d
[NET]\ntype = net\nclass = Net\npath_to_class = ./models.ts\nsize = 8, 16\ndepth = 3, 4\nkey = n\n${more}`,
  );
  await checkModules(await readExperiment(file));
}

describe("options that do not go together are told", () => {
  test.each(["", "exclude = size = 16", "exclude = depth = 3"])("with %j, which leaves some such", (choice) =>
    expect(check(choice)).rejects.toThrow("[NET] depth: too deep for the size"),
  );

  test.each(["zip = NET.size, NET.depth", "exclude = size = 8 and depth = 4"])("but not with %j", (choice) =>
    expect(check(choice)).resolves.toBeUndefined(),
  );
});

const fitting = "exclude = size = 8 and depth = 4";

test("a loss in Python is refused where there are no Python classes", async () => {
  await writeFile(join(folder, "loss.py"), "class Loss:\n    pass\n");
  await expect(
    check(`${fitting}\nclass_loss_function = Loss\npath_to_class_loss_function = ./loss.py`),
  ).rejects.toThrow(
    "[PROCESS] class_loss_function: Loss is Python, and [DATA] is not: a pipeline's classes are all of one language.",
  );
});

test("a program stands beside classes, and gives no data", async () => {
  const program = (type: string) =>
    `[SCRIPT]\ntype = ${type}\nclass = Program\npath_to_class = ml-mosaic\ncommand = sh\nkey = s\n`;
  await expect(check(fitting, program("net"))).resolves.toBeUndefined();
  await expect(check(fitting, program("data"))).rejects.toThrow(
    '[SCRIPT] type: "data" is in data_scheme, and a program is a model. Move it to pipeline_scheme.',
  );
});
