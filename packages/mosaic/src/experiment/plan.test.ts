import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder, temporaryFolderIn } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { readExperiment } from "../config/index.ts";
import { moduleCode } from "../languages/typescript/module-code.ts";
import { earlierForms } from "./earlier-identities.ts";
import type { IdentityForm } from "./identity.ts";
import { planRuns, readExperimentCode } from "./plan.ts";

let folder: string;
beforeEach(async () => {
  folder = temporaryFolderIn(import.meta.dirname);
  await writeFile(join(folder, "data.ts"), "export class Data {}");
  await writeFile(join(folder, "net.ts"), 'import "./shared.ts";\nexport class Net {}');
  await writeFile(join(folder, "shared.ts"), "export const shared = 1;");
});

const text = {
  process: "lr = 1e-2\nepochs = 3\ndata_scheme = data\npipeline_scheme = net",
  net: "width = 2\ndepth = 1",
  key: "k",
};

async function plan(parts: Partial<typeof text> = {}, form?: IdentityForm) {
  const { process, net, key } = { ...text, ...parts };
  const file = join(folder, "config.ini");
  await writeFile(
    file,
    `[PROCESS]\n${process}\n[MONITOR]\nneed_gpu = False\ngpu_available = None\nnb_processus = 1\nmultiplicity = 2
[DATA]\ntype = data\nclass = Data\npath_to_class = ./data.ts\nkey = d
[NET]\ntype = net\nclass = Net\npath_to_class = ./net.ts\n${net}\nkey = ${key}\n`,
  );
  const experiment = await readExperiment(file);
  const code = await readExperimentCode(experiment);
  return [...planRuns(experiment, code, form)];
}
const identities = async (parts?: Partial<typeof text>) => (await plan(parts)).map(({ identity }) => identity);

test("is known as it was written before values counted, so that databases of before go on", async () => {
  const process = [
    "lr = 1e-2, 0.1",
    "epochs = 3",
    "data_scheme = data",
    "pipeline_scheme = net",
    "loss_function = HuberLoss",
    "loss_function.delta = .5",
    "optimizer = SGD, Adam",
    "optimizer.momentum = 0.9",
    "scheduler = MultiStepLR",
    "scheduler.milestones = 1, 2",
    "early_stopping = True",
    "early_stopping.patience = 4",
    "seed = 7",
  ].join("\n");
  const [asWritten] = earlierForms(new Map());
  const runs = (await plan({ process, net: "width = {2-3}", key: "k_{width}" }, asWritten)).filter(
    ({ repetition }) => repetition === 0,
  );
  // Computed before options were read by @ml-mosaic/configurable.
  expect(
    createHash("sha256")
      .update(JSON.stringify(runs.map(({ identity, params }) => [identity, params])))
      .digest("hex"),
  ).toBe("065d9daab164782d8d87348523922f5f2f929715fe8a2be0b086af07e8fa9ec3");
  expect(runs[0]?.identity).toBe("ecec56a5226b83fde7ce9cfc6ce9a6599c55b4eeffe8f4843c6fc60330ec1880");
});

describe("a run's identity", () => {
  test("differs by repetition alone within a pipeline", async () => {
    const [first, second, ...others] = await plan();
    expect(others).toEqual([]);
    expect(first?.identity).not.toBe(second?.identity);
    expect(first?.seed).not.toBe(second?.seed);
    expect({ ...second, identity: "", seed: 0, repetition: 0 }).toEqual({ ...first, identity: "", seed: 0 });
  });

  test.each([
    ["the key", { key: "other_{class}" }],
    ["the number of epochs", { process: text.process.replace("epochs = 3", "epochs = 9") }],
    ["where files lie", { process: `${text.process}\nrun_files_path = x\nartifacts = none` }],
    ["the order of options", { net: "depth = 1\nwidth = 2" }],
    [
      "what holds anyway",
      { process: `${text.process}\nseed = 00\noptimizer = Adam\nearly_stopping = False\nscheduler = None` },
    ],
    [
      "options that hold anyway",
      { process: `${text.process}\noptimizer = adam(amsgrad=False)\noptimizer.eps = 1e-08` },
    ],
    [
      "options of other components",
      { process: `${text.process}\nscheduler = None\nearly_stopping = False\nearly_stopping.patience = 3` },
    ],
    ["how a number is spelt", { net: "width = 2.0\ndepth = 01", process: text.process.replace("1e-2", "0.010") }],
  ])("does not depend on %s", async (_, parts) => {
    expect(await identities(parts)).toEqual(await identities());
  });

  test("does not depend on how a component is written, nor on options that others of an axis have", async () => {
    const written = async (...lines: readonly string[]) =>
      (await plan({ process: [text.process, ...lines].join("\n") })).map(({ identity }) => identity);
    const first = await written("optimizer = SGD", "optimizer.momentum = 0.9");
    expect(await written("optimizer = sgd( momentum = .90 )")).toEqual(first);
    expect(await written("optimizer = Adam, SGD", "optimizer.momentum = 0.9")).toEqual([
      ...(await identities()),
      ...first,
    ]);
    expect(await written("optimizer = SGD(momentum=0.8)")).not.toEqual(first);
    expect(await written("optimizer = Adam(betas=[0.8, 0.9])")).toEqual(
      await written("optimizer = Adam", "optimizer.betas = 0.8, 0.9"),
    );
    expect(await written("early_stopping = True")).toEqual(
      await written("early_stopping = True", "early_stopping.patience = 10"),
    );
    expect(await written("early_stopping = True")).not.toEqual(await identities());
  });

  test.each([
    ["an option", { net: "width = 3\ndepth = 1" }],
    ["quotes around a number", { net: 'width = "2"\ndepth = 1' }],
    ["the learning rate", { process: text.process.replace("1e-2", "1e-3") }],
    ["the seed", { process: `${text.process}\nseed = 4` }],
    ["an import", { process: `${text.process}\nimports = ./shared.ts` }],
    ["the optimizer", { process: `${text.process}\noptimizer = SGD` }],
  ])("depends on %s", async (_, parts) => {
    const before = await identities();
    for (const identity of await identities(parts)) expect(before).not.toContain(identity);
  });

  test("depends on numbers of epochs that are compared with each other", async () => {
    const compared = await identities({ process: text.process.replace("epochs = 3", "epochs = 3, 9") });
    expect(new Set(compared).size).toBe(4);
  });

  test("depends on the text of a module and of what that imports", async () => {
    const before = await identities();
    await writeFile(join(folder, "shared.ts"), "export const shared = 2;");
    expect(await identities()).not.toEqual(before);
  });
});

test("values of a class with a schema count by its types", async () => {
  const declared = `import { int, schema, string } from "@ml-mosaic/configurable";
export class Net { static configSchema = { width: schema(int), code: schema(string) }; }`;
  await writeFile(join(folder, "net.ts"), declared);
  const first = await identities({ net: "width = 3\ncode = 1" });
  expect(await identities({ net: "width = 3.0\ncode = 1" })).toEqual(first);
  expect(await identities({ net: 'width = "3"\ncode = "1"' })).toEqual(first);
  expect(await identities({ net: "width = 3\ncode = 1.0" })).not.toEqual(first);
});

describe("what a class declares by default", () => {
  const declared = `import { int, list, float, schema } from "@ml-mosaic/configurable";
export class Net { static configSchema = { width: schema(int, { default: 3 }), sizes: schema(list(float), { default: [1, 0.5] }) }; }`;

  test("counts for nothing where it is written; lists count by value", async () => {
    await writeFile(join(folder, "net.ts"), declared);
    const first = await identities({ net: "" });
    expect(await identities({ net: 'width = 3.0\nsizes = "1,0.50"' })).toEqual(first);
    const other = await identities({ net: 'sizes = "[2, 1]"' });
    expect(other).not.toEqual(first);
    expect(await identities({ net: 'sizes = "2.0,1"\nwidth = 3' })).toEqual(other);
  });

  test("but where an earlier module may say otherwise by its info()", async () => {
    await writeFile(join(folder, "net.ts"), declared);
    await writeFile(join(folder, "data.ts"), "export class Data { info() { return { width: 5 }; } }");
    const first = await identities({ net: "" });
    expect(await identities({ net: "width = 3" })).not.toEqual(first);
    expect(await identities({ net: 'sizes = "1,0.5"' })).toEqual(first);
  });
});

describe("a module's digest", () => {
  test("survives imports in a circle and missing files, and does not depend on the place", async () => {
    await writeFile(join(folder, "shared.ts"), 'import "./net.ts"; import { x } from "./nowhere.ts";');
    const { digest: here } = await moduleCode({ kind: "file", path: join(folder, "net.ts") }, folder);
    const other = temporaryFolder();
    await writeFile(join(other, "net.ts"), 'import "./shared.ts";\nexport class Net {}');
    await writeFile(join(other, "shared.ts"), 'import "./net.ts"; import { x } from "./nowhere.ts";');
    expect((await moduleCode({ kind: "file", path: join(other, "net.ts") }, other)).digest).toBe(here);
  });
});
