import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError, formatProblem } from "@ml-mosaic/configurable";
import { temporaryFolder } from "@ml-mosaic/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { describePipeline } from "../pipelines/pipeline.ts";
import { readExperiment } from "./experiment.ts";
import { countPipelines, generatePipelines } from "./pipelines.ts";

let file: string;
beforeAll(async () => {
  const folder = temporaryFolder();
  file = join(folder, "config.ini");
  await writeFile(join(folder, "models.ts"), "export class Data {}\nexport class Mlp {}\nexport class Cnn {}\n");
});

interface Written {
  readonly process?: string;
  readonly lr?: string;
  readonly size?: string;
  readonly width?: string;
  readonly depth?: string;
  readonly channels?: string;
  readonly more?: string;
}

async function read({ process = "", lr = "1e-2", size = "8", width = "2, 3", depth = "1, 2", ...others }: Written) {
  const { channels = "4", more = "" } = others;
  const text = `[PROCESS]
lr = ${lr}
epochs = 3
data_scheme = data
pipeline_scheme = net, head
${process}
[MONITOR]
need_gpu = False
gpu_available = None
nb_processus = 1
multiplicity = 2
[DATA]
type = data
class = Data
path_to_class = ./models.ts
size = ${size}
key = d
[MLP]
type = net
class = Mlp
path_to_class = ./models.ts
width = ${width}
depth = ${depth}
key = m
[CNN]
type = net
class = Cnn
path_to_class = ./models.ts
channels = ${channels}
depth = 1
key = c
[HEAD]
type = head
class = Mlp
path_to_class = ./models.ts
width = 1
key = h
${more}`;
  await writeFile(file, text);
  return readExperiment(file);
}

async function told(written: Written): Promise<readonly string[]> {
  const experiment = await read(written);
  const pipelines = [...generatePipelines(experiment)];
  expect(pipelines).toHaveLength(countPipelines(experiment));
  return pipelines.map((pipeline) => describePipeline(pipeline).replace(/ \| Mlp\(1\)/, ""));
}

describe("exclude", () => {
  test.each([
    ["MLP.depth > 1", ["Mlp(2,1)", "Mlp(3,1)", "Cnn(4,1)"]],
    ["net.depth = 1", ["Mlp(2,2)", "Mlp(3,2)"]],
    ["net.depth = 1.0 and not channels > 5", ["Mlp(2,1)", "Mlp(2,2)", "Mlp(3,1)", "Mlp(3,2)"]],
    ["MLP.width not in (2, 5)", ["Mlp(2,1)", "Mlp(2,2)", "Cnn(4,1)"]],
    ["net.class = Cnn or MLP.width != 2", ["Mlp(2,1)", "Mlp(2,2)"]],
    ["lr <= 0.01 and PROCESS.epochs = 3 and CNN.channels = 4", ["Mlp(2,1)", "Mlp(2,2)", "Mlp(3,1)", "Mlp(3,2)"]],
    ["net.width = 3 and HEAD.width = 1 and DATA.size = 8", ["Mlp(2,1)", "Mlp(2,2)", "Cnn(4,1)"]],
  ])("%s", async (condition, models) => {
    expect(await told({ process: `exclude = ${condition}` })).toEqual(models.map((model) => `Data(8) | ${model}`));
  });

  test("asks for an option of a component only where the component is chosen", async () => {
    const process = "optimizer = SGD, Adam\noptimizer.momentum = 0.9\nexclude = optimizer.momentum = 0.9";
    expect(await told({ process, width: "2", depth: "1" })).toEqual([
      "Data(8) | Mlp(2,1) | optimizer=Adam",
      "Data(8) | Cnn(4,1) | optimizer=Adam",
    ]);
  });

  test("is told where it changes nothing", async () => {
    const { notices } = await read({ process: "exclude = MLP.width = 4" });
    expect(notices.map(formatProblem)).toEqual([
      `${file}:6: [PROCESS] exclude: The condition holds of none of the 5 pipelines. Compare its values with those of the options, or remove the line.`,
    ]);
  });
});

describe("zip", () => {
  test.each<[string, Written, readonly string[]]>([
    ["MLP.width, MLP.depth", {}, ["8 | Mlp(2,1)", "8 | Mlp(3,2)", "8 | Cnn(4,1)"]],
    [
      "DATA.size, MLP.depth",
      { size: "8, 9" },
      ["8 | Mlp(2,1)", "8 | Mlp(3,1)", "8 | Cnn(4,1)", "9 | Mlp(2,2)", "9 | Mlp(3,2)", "9 | Cnn(4,1)"],
    ],
    [
      "lr, net.width, size",
      { lr: "0.1, 0.2", size: "{8-9}", depth: "1" },
      ["8 | Mlp(2,1) | lr=0.1", "8 | Cnn(4,1) | lr=0.1", "9 | Mlp(3,1) | lr=0.2", "9 | Cnn(4,1) | lr=0.2"],
    ],
    [
      "DATA.size, MLP.width, CNN.channels",
      { size: "8, 9", depth: "1", channels: "4, 5" },
      ["8 | Mlp(2,1)", "8 | Cnn(4,1)", "9 | Mlp(3,1)", "9 | Cnn(5,1)"],
    ],
    [
      'lr, size; "MLP.width", MLP.depth',
      { lr: "1, 2", size: "8, 9" },
      [
        "8 | Mlp(2,1) | lr=1",
        "8 | Mlp(3,2) | lr=1",
        "8 | Cnn(4,1) | lr=1",
        "9 | Mlp(2,1) | lr=2",
        "9 | Mlp(3,2) | lr=2",
        "9 | Cnn(4,1) | lr=2",
      ],
    ],
  ])("%s", async (zip, written, pipelines) => {
    expect(await told({ ...written, process: `zip = ${zip}` })).toEqual(
      pipelines.map((pipeline) => `Data(${pipeline.replace(" | ", ") | ")}`),
    );
  });
});

describe("sample", () => {
  const many = { width: "{1-6}", depth: "{1-5}", channels: "{1-9}", lr: "0.1, 0.2" };

  test("takes so many of what is left, in the order of the file, and more of them with the same among them", async () => {
    const all = await told(many);
    expect(all).toHaveLength(78);
    let smaller: readonly string[] = [];
    for (const size of [1, 2, 10, 30, 77, 78]) {
      const taken = await told({ ...many, process: `sample = ${size}` });
      expect(taken).toHaveLength(size);
      expect(taken).toEqual(all.filter((each) => taken.includes(each)));
      expect(taken).toEqual(expect.arrayContaining([...smaller]));
      smaller = taken;
    }
  });

  test("depends on the seed, and on nothing in how and in which order the values are written", async () => {
    const taken = await told({ ...many, process: "sample = 10" });
    expect(await told({ ...many, process: "seed = 0\nsample = 10" })).toEqual(taken);
    expect(await told({ ...many, process: "seed = 1\nsample = 10" })).not.toEqual(taken);
    const other = await told({
      width: "6, 5, 4, 3, 2.0, 1",
      depth: "5, 4, 3, 2, 1e0",
      channels: "{1-9}",
      lr: "2e-1, 1e-1",
      process: "sample = 10",
    });
    const asNumbers = (texts: readonly string[]) =>
      texts.map((text) => text.replaceAll(/[\d.e-]+/g, (number) => String(Number(number)))).toSorted();
    expect(asNumbers(other)).toEqual(asNumbers(taken));
  });

  test("takes equal pipelines in their order", async () => {
    const more = "[TWIN]\ntype = head\nclass = Mlp\npath_to_class = ./models.ts\nwidth = 1\nkey = h\n";
    for (let size = 1; size < 10; size++) expect(await told({ more, process: `sample = ${size}` })).toHaveLength(size);
  });

  test("may be larger than what there is, and says so", async () => {
    const { notices, choice } = await read({ process: "sample = 6" });
    expect(choice).toMatchObject({ excluded: 0, unsampled: 0 });
    expect(notices.map(formatProblem)).toEqual([
      `${file}:6: [PROCESS] sample: There are 5 pipelines, and all of them are taken. Write a smaller number, or remove the line.`,
    ]);
  });
});

test("exclude, then sample, is the filter of the whole product, whatever is written", async () => {
  const list = fc.integer({ min: 1, max: 4 }).map((size) => `{1-${size}}`);
  const cases = fc.record({
    width: list,
    depth: list,
    channels: list,
    zipped: fc.boolean(),
    limit: fc.integer({ min: 0, max: 3 }),
    seed: fc.integer({ min: 0, max: 5 }),
    sizes: fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ width, depth, channels, zipped, limit, seed, sizes }) => {
      const isZipped = zipped && width === depth && width !== "{1-1}";
      const all = await told({ width, depth, channels });
      const holds = (text: string) => {
        const [, model = "", first = "", second = ""] = /(Mlp|Cnn)\((\d),(\d)\)/.exec(text) ?? [];
        if (model === "Cnn") return !(Number(first) > limit);
        return !(Number(first) > 2 && second === "1") && !(isZipped && first !== second);
      };
      const expected = all.filter(holds);
      const choice = `exclude = MLP.width > 2 and MLP.depth = 1 or CNN.channels > ${limit}\nseed = ${seed}${isZipped ? "\nzip = MLP.width, MLP.depth" : ""}`;
      if (expected.length === 0) {
        await expect(told({ width, depth, channels, process: choice })).rejects.toThrow("none is left");
        return;
      }
      expect(await told({ width, depth, channels, process: choice })).toEqual(expected);
      let smaller: readonly string[] = [];
      for (const size of sizes.toSorted((one, other) => one - other)) {
        const taken = await told({ width, depth, channels, process: `${choice}\nsample = ${size}` });
        expect(taken).toHaveLength(Math.min(size, expected.length));
        expect(taken).toEqual(expected.filter((each) => taken.includes(each)));
        expect(taken).toEqual(expect.arrayContaining([...smaller]));
        smaller = taken;
      }
    }),
    { numRuns: 40 },
  );
});

describe("refuses", () => {
  test.each<[string, Written, ...string[]]>([
    ["exclude = MLP.dept > 1", {}, '"MLP.dept" at character 1 is not known. Did you mean "MLP.depth"?'],
    [
      "exclude = batch > 1 and widht = 2",
      {},
      '"batch" at character 1 is not known. Known: lr, epochs, data_scheme, pipeline_scheme, DATA.size, MLP.width, MLP.depth, CNN.channels, CNN.depth, HEAD.width, PROCESS.lr, PROCESS.epochs, PROCESS.data_scheme, PROCESS.pipeline_scheme, data.size, size, DATA.type, data.type, type, DATA.class and 27 more.',
      '"widht" at character 15 is not known. Did you mean "width"?',
    ],
    [
      "exclude = width = 2",
      {},
      '"width" may be MLP.width or HEAD.width, which one pipeline has both. Write one of them.',
    ],
    ["exclude = MLP.width >", {}, '">" at character 11 has no value behind it. Write one; an empty text is "".'],
    [
      "exclude = MLP.width > 2, MLP.depth > 2",
      {},
      '"," at character 14 follows a condition that has ended. Write several values as in MLP.width in (64, 128).',
    ],
    ["exclude =", {}],
    [
      "exclude = lr = 1e-2",
      {},
      "The condition holds of all 5 pipelines, so that none is left. Write one that holds of some of them.",
    ],
    [
      "exclude = MLP.depth = CNN.depth",
      {},
      '"CNN.depth" at character 13 is a name, where a value belongs. Names are compared with values, not with each other; put it in quotes if it is a text: "CNN.depth".',
    ],
    ["exclude = sample = 3", {}, /^"sample" at character 1 is not known\. /.source],
    ["zip = MLP.width", {}, '"MLP.width" stands alone. Write what it goes together with, as in MLP.width, MLP.depth.'],
    [
      "zip = MLP.width, MLP.depth;",
      {},
      "A group of options is empty. Remove the extra semicolon, or write options as in MLP.width, MLP.depth.",
    ],
    [
      "zip = MLP.width,, MLP.depth",
      {},
      '"MLP.width,, MLP.depth" has an empty place in its list. Remove the extra comma, or write "" for an empty text.',
    ],
    ["zip = MLP.width, MLP.dpeth", {}, '"MLP.dpeth" is no option. Did you mean "MLP.depth"?'],
    [
      "zip = MLP.width, MLP.depth",
      { width: "1, 2, 3" },
      "MLP.depth has 2 values, and MLP.width has 3. Give them equally many, or take one of them out.",
    ],
    [
      "zip = MLP.width, CNN.channels",
      { channels: "1, 2" },
      "CNN.channels and MLP.width are never in one pipeline: their sections have one type. Take one of them out.",
    ],
    [
      "zip = MLP.width, DATA.size",
      {},
      "DATA.size has one value, so that nothing can go together with it. Give it a list, or take it out.",
    ],
    [
      "zip = MLP.width, MLP.class",
      {},
      "MLP.class has one value, so that nothing can go together with it. Give it a list, or take it out.",
    ],
    [
      "zip = width, lr",
      { lr: "1, 2" },
      '"width" may be MLP.width or HEAD.width, which one pipeline has both. Write one of them.',
    ],
    ["zip = MLP.width, MLP.width", {}, "MLP.width is there twice. Write it once."],
    ["zip = MLP.width, MLP.depth; lr, MLP.width", { lr: "1, 2" }, "MLP.width is there twice. Write it once."],
    ["sample = 0", {}, 'expected an integer of at least 1, got "0"'],
    ["sample = -3", {}, 'expected an integer of at least 1, got "-3"'],
    ["sample = 2.5", {}, 'expected an integer of at least 1, got "2.5"'],
    ["sample = 10%", {}, 'expected an integer of at least 1, got "10%"'],
    [
      "sample = 2, 3",
      {},
      '"2, 3" is a list, and sample takes one value. Write one value; commas and braces that are part of it need quotes: "2, 3".',
    ],
    ["sample = MLP.width", {}, 'expected an integer of at least 1, got "MLP.width"'],
  ])("%s", async (line, written, ...messages) => {
    const [option] = line.split(" ");
    const failure = await read({ ...written, process: line }).then(
      () => [],
      (error: unknown) => (error instanceof ConfigurationError ? error.problems.map(formatProblem) : [String(error)]),
    );
    const found = failure.map((problem) => problem.replace(`${file}:6: [PROCESS] ${option}: `, ""));
    if (messages[0]?.startsWith("^")) expect(found).toEqual([expect.stringMatching(messages[0])]);
    else expect(found).toEqual(messages);
  });

  test("misspelt names of the options, with the nearest one", async () => {
    await expect(read({ process: "exlude = MLP.depth > 1" })).rejects.toThrow('did you mean "exclude"?');
    await expect(read({ process: "smaple = 3" })).rejects.toThrow('did you mean "sample"?');
  });

  test("too many pipelines to choose from, and too many runs of those that are chosen", async () => {
    const lists = { width: "{1-4000}", depth: "{1-4000}" };
    await expect(read({ ...lists, process: "sample = 5" })).rejects.toThrow("multiply to 16000001 pipelines");
    const zipped = await read({ ...lists, process: "zip = MLP.width, MLP.depth\nsample = 5" });
    expect(countPipelines(zipped)).toBe(5);
  });
});
