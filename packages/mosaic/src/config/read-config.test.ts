// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such references are what is tested

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigurationError, formatProblem } from "@ml-mosaic/configurable";
import { temporaryFolder } from "@ml-mosaic/testing";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { describePipeline } from "../pipelines/pipeline.ts";
import { readExperiment, readMonitor } from "./experiment.ts";
import { generatePipelines } from "./pipelines.ts";
import { openConfig } from "./read-config.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** The values after all, section by section, and what is wrong. */
async function opened(files: Readonly<Record<string, string>>, ...overrides: readonly string[]) {
  await write(files);
  try {
    const { sections, findings } = await openConfig(join(folder, "main.ini"), overrides);
    if (findings.hasProblems) throw findings.failure();
    return Object.fromEntries(
      sections.map(({ name, options }) => [name, Object.fromEntries(options.map((each) => [each.name, each.value]))]),
    );
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map((problem) => formatProblem(problem).replaceAll(`${folder}/`, ""));
  }
}

describe("include", () => {
  test("later values win, in the place of the first; sections and options of both are there", async () => {
    const values = await opened({
      "main.ini": "; what differs\ninclude = base.ini, more.ini\n[A]\ny = 30\n[C]\nv = 1\n",
      "base.ini": "[A]\nx = 1\ny = 2\n[B]\nz = 3\n",
      "more.ini": "[B]\nz = 4\nw = 5\n[A]\nx = 10\n",
    });
    expect(JSON.stringify(values)).toBe('{"A":{"x":"10","y":"30"},"B":{"z":"4","w":"5"},"C":{"v":"1"}}');
  });

  test("is relative to the file that says it, and a file that two include counts once, where it stands first", async () => {
    expect(
      await opened({
        "main.ini": "include = sub/one.ini, sub/two.ini\n",
        "sub/one.ini": "include = ../base.ini\n[A]\nx = one\n",
        "sub/two.ini": "include = ../base.ini\n[A]\ny = two\n",
        "base.ini": "[A]\nx = base\ny = base\n",
      }),
    ).toEqual({ A: { x: "one", y: "two" } });
  });

  test("paths are those of the file that says them", async () => {
    const paths = [
      "path_to_class = mlp.ts",
      "run_files_path = runs",
      "imports = ./losses.ts, some-package, ../other.ts",
      'data = "./my maps/a.fits", /absolute.fits, plain.fits',
      "part = Source(path=./x.csv, other=[../y.csv, ./z.csv])",
      "text = a/./b",
    ].join("\n");
    expect(
      await opened({
        "main.ini": "include = shared/base.ini\n[B]\npath_to_class = net.ts\n",
        "shared/base.ini": `include = deep/own.ini\n[A]\n${paths}\n`,
        "shared/deep/own.ini": "[C]\npath_to_class = ../../mlp.ts\nother = @scope/package\n",
      }),
    ).toEqual({
      C: { path_to_class: "./mlp.ts", other: "@scope/package" },
      A: {
        path_to_class: "./shared/mlp.ts",
        run_files_path: "./shared/runs",
        imports: "./shared/losses.ts, some-package, ./other.ts",
        data: '"./shared/my maps/a.fits", /absolute.fits, plain.fits',
        part: "Source(path=./shared/x.csv, other=[./y.csv, ./shared/z.csv])",
        text: "a/./b",
      },
      B: { path_to_class: "net.ts" },
    });
    expect(await opened({ "main.ini": "include = up/base.ini\n", "up/base.ini": "[A]\nx = ./a, ..\n" })).toEqual({
      A: { x: "./up/a, .." },
    });
  });

  test.each<[string, Readonly<Record<string, string>>, ...string[]]>([
    [
      "a file that is not there",
      { "main.ini": "include = bse.ini\n", "base.ini": "[A]\n" },
      'main.ini:1: include: bse.ini cannot be included: the file does not exist. Did you mean "base.ini"?',
    ],
    [
      "a folder",
      { "main.ini": "include = sub\n", "sub/x.ini": "" },
      "main.ini:1: include: sub cannot be included: this is a folder. Give the configuration file in it, as in config.ini.",
    ],
    [
      "an empty file",
      { "main.ini": "include = base.ini\n", "base.ini": " " },
      "main.ini:1: include: base.ini cannot be included: the file is empty. Write the sections [PROCESS] and [MONITOR] and one for each class into it.",
    ],
    [
      "itself",
      { "main.ini": "include = main.ini\n" },
      "main.ini:1: include: main.ini includes itself. Remove one of these includes.",
    ],
    [
      "what includes it",
      { "main.ini": "include = a.ini\n", "a.ini": "# x\ninclude = b.ini\n", "b.ini": "include = ./main.ini\n" },
      "b.ini:1: include: main.ini includes a.ini, which includes b.ini, which includes main.ini. Remove one of these includes.",
    ],
    [
      "what includes another that includes it",
      { "main.ini": "include = a.ini\n", "a.ini": "include = b.ini\n", "b.ini": "include = a.ini\n" },
      "b.ini:1: include: a.ini includes b.ini, which includes a.ini. Remove one of these includes.",
    ],
    [
      "nothing",
      { "main.ini": "include =\n[A]\n" },
      "main.ini:1: include: It names no file. Name one, as in include = base.ini, or remove the line.",
    ],
    [
      "an empty place",
      { "main.ini": "include = a.ini,\n" },
      'main.ini:1: include: "a.ini," has an empty place in its list. Remove the extra comma, or write "" for an empty text.',
    ],
    [
      "a file twice",
      { "main.ini": "include = a.ini, ./a.ini\n", "a.ini": "[A]\n" },
      'main.ini:1: include: "./a.ini" is there twice. Write it once.',
    ],
    [
      "an unclosed quote",
      { "main.ini": 'include = "a.ini\n' },
      'main.ini:1: include: "a.ini has no closing quote. Write "a.ini" or remove the opening quote.',
    ],
    [
      "in two files what is not there",
      { "main.ini": "include = a.ini, c.ini\n", "a.ini": "\ninclude = b.ini\n" },
      'main.ini:1: include: c.ini cannot be included: the file does not exist. Did you mean "a.ini"?',
      'a.ini:2: include: b.ini cannot be included: the file does not exist. Did you mean "a.ini"?',
    ],
    [
      "bytes that are no text",
      { "main.ini": "include = a.ini\n", "a.ini": "[A]\0" },
      "main.ini:1: include: a.ini cannot be included: the file is not a text file. Check the order of the arguments: the configuration file comes first.",
    ],
  ])("refuses %s", async (_, files, ...messages) => {
    const found = await opened(files);
    expect(JSON.parse(JSON.stringify(found).replaceAll(folder, "/FOLDER"))).toEqual(messages);
  });

  test("what is wrong in an included file is told with its place there", async () => {
    await write({
      "main.ini": "include = sub/base.ini\n[PROCESS]\nepochs = x\n",
      "sub/base.ini": "stray = 1\n[PROCESS]\nlr = fast\nlr = 3\nepochs = 3\ninclude = y.ini\n",
    });
    const failure = await readExperiment(join(folder, "main.ini")).catch((error: unknown) => error);
    expect(String(failure).replaceAll(`${folder}/`, "")).toBe(
      [
        "ConfigurationError: 8 problems:",
        "  main.ini: [MONITOR] The section is missing. Add [MONITOR] with its options.",
        "  main.ini:2: [PROCESS] data_scheme: missing, expected types with commas between them",
        "  main.ini:2: [PROCESS] pipeline_scheme: missing, expected types with commas between them",
        '  main.ini:3: [PROCESS] epochs: expected an integer of at least 1, got "x"',
        "  sub/base.ini:1: stray: The option stands before any section. Put a section such as [PROCESS] above it.",
        '  sub/base.ini:3: [PROCESS] lr: expected a number above 0, got "fast"',
        "  sub/base.ini:4: [PROCESS] lr: The option is already on line 3. Keep one of the two; several values are a list, as in 2, 3, 4.",
        "  sub/base.ini:6: [PROCESS] include: It stands in a section. Write it above all sections, as the first line of the file.",
      ].join("\n"),
    );
    await write({ "main.ini": "include = a.ini\ninclude = b.ini\n", "a.ini": "[A]\n" });
    expect((await openConfig(join(folder, "main.ini"))).sections).toMatchObject([{ name: "A" }]);
    await expect(readMonitor(join(folder, "main.ini"))).rejects.toThrow(
      "main.ini:2: include: Line 1 includes files already. Write all of them there, with commas.",
    );
  });

  test("of [MONITOR] alone is followed too", async () => {
    await write({
      "main.ini": "include = machine.ini\n[MONITOR]\nmultiplicity = 3\n",
      "machine.ini": "[MONITOR]\nneed_gpu = False\ngpu_available = None\nnb_processus = 2\nmultiplicity = 1\n",
    });
    const { monitor } = await readMonitor(join(folder, "main.ini"));
    expect(monitor).toMatchObject({ numProcesses: 2, multiplicity: 3, place: `${join(folder, "main.ini")}:2` });
  });
});

describe("references", () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ["x = ${y}\ny = 1, 2", { x: "1, 2", y: "1, 2" }],
    ["x = ${B.z}\ny = a${ B.z }b${y2}\ny2 = -", { x: "{2-4}", y: "a{2-4}b-", y2: "-" }],
    ["x = ${opt.rate}\nopt.rate = 3", { x: "3", "opt.rate": "3" }],
    ["x = $${y}, $y, $$, {y}, ${y}\ny = 1", { x: "${y}, $y, $$, {y}, 1", y: "1" }],
    ['x = "a, ${y}"\ny = b', { x: '"a, b"', y: "b" }],
    ["x = ${y}\ny = ${w}\nw = ${B.z}", { x: "{2-4}", y: "{2-4}", w: "{2-4}" }],
    ["x = ${A.y}\ny = 1", { x: "1", y: "1" }],
  ])("%s", async (text, values) => {
    const all = await opened({ "main.ini": `[A]\n${text}\n[B]\nz = {2-4}\n` });
    expect(all).toEqual({ A: values, B: { z: "{2-4}" } });
  });

  test("take what holds after includes and overrides", async () => {
    const files = { "main.ini": "include = base.ini\n[A]\nx = 2\n", "base.ini": "[A]\nx = 1\n[B]\ny = ${A.x}\n" };
    expect(await opened(files)).toEqual({ A: { x: "2" }, B: { y: "2" } });
    expect(await opened(files, "A.x=3")).toEqual({ A: { x: "3" }, B: { y: "3" } });
    expect(await opened(files, "A.x=${B.z}", "B.z=4")).toEqual({ A: { x: "4" }, B: { y: "4", z: "4" } });
  });

  test.each<[string, string]>([
    [
      "${}",
      'main.ini:2: [A] x: "${}" names no option. Write ${SECTION.option}; the text ${ itself is written $${ in quotes.',
    ],
    [
      "${ }",
      'main.ini:2: [A] x: "${ }" names no option. Write ${SECTION.option}; the text ${ itself is written $${ in quotes.',
    ],
    [
      "${y",
      'main.ini:2: [A] x: "${y" has no closing brace. Write ${SECTION.option}; the text ${ itself is written $${ in quotes.',
    ],
    ["${widht}", 'main.ini:2: [A] x: "${widht}" names no option of this configuration. Did you mean "width"?'],
    ["${B.depht}", 'main.ini:2: [A] x: "${B.depht}" names no option of this configuration. Did you mean "B.depth"?'],
    ["${BB.depth}", 'main.ini:2: [A] x: "${BB.depth}" names no option of this configuration. Did you mean "B.depth"?'],
    [
      "${HOME}",
      'main.ini:2: [A] x: "${HOME}" names no option of this configuration. Known: width, empty, long, A.x, A.width, A.empty, A.long, B.depth, B.x, B.y. The text itself is written "$${HOME}".',
    ],
    ["${depth}", 'main.ini:2: [A] x: "${depth}" names no option of this configuration. Did you mean "B.depth"?'],
    ["${x}", 'main.ini:2: [A] x: "${x}" names the option itself. Write a value for one of them.'],
    ["a ${A.x}", 'main.ini:2: [A] x: "${A.x}" names the option itself. Write a value for one of them.'],
    [
      "${B.x}",
      'main.ini:9: [B] y: "${A.x}" leads back to the option: A.x, B.x, B.y, A.x. Write a value for one of them.',
    ],
    ["${empty}", 'main.ini:2: [A] x: "${empty}" names an option without a value. Give it one.'],
  ])("refuses %s", async (value, message) => {
    const others = value === "${B.x}" ? "x = ${y}\ny = ${A.x}\n" : "x = 1\ny = 1\n";
    const text = `[A]\nx = ${value}\nwidth = 2\nempty =\nlong = 1\n[B]\ndepth = 3\n${others}`;
    expect(await opened({ "main.ini": text })).toEqual([message]);
  });

  test("refuses values that grow beyond all measure", async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `x${index} = \${x${index + 1}}\${x${index + 1}}`);
    const found = await opened({ "main.ini": `[A]\n${lines.join("\n")}\nx30 = 12345678\n` });
    expect(found).toEqual([
      expect.stringMatching(/^main.ini:15: \[A\] x13: ".*" grows to 1048576 letters\. Write what is meant\.$/),
    ]);
  });
});

describe("arguments", () => {
  const main = "[PROCESS]\nlr = 1\noptimizer.momentum = 0\n[My MLP]\nwidth = 2\ndepth = 1\n[CNN]\ndepth = 3\n";

  test("stand for values of the file, or are added to it", async () => {
    expect(
      await opened({ "main.ini": main }, "PROCESS.lr=1e-3, 2", "PROCESS.optimizer.momentum=0.9", "My MLP.new = a=b"),
    ).toEqual({
      PROCESS: { lr: "1e-3, 2", "optimizer.momentum": "0.9" },
      "My MLP": { width: "2", depth: "1", new: "a=b" },
      CNN: { depth: "3" },
    });
  });

  test.each<[string, string]>([
    ["lr=3", 'argument lr=3: "lr" names no section. Write PROCESS.lr=3.'],
    ["depth=3", 'argument depth=3: "depth" names no section. Write My MLP.depth=3 or CNN.depth=3.'],
    ["widht=3", 'argument widht=3: "widht" names no section. Did you mean My MLP.width=3?'],
    ["zzzzzz=3", 'argument zzzzzz=3: "zzzzzz" names no section. Write one before a dot, as in PROCESS.lr=1e-3.'],
    ["PROCES.lr=3", 'argument PROCES.lr=3: There is no section "PROCES". Did you mean "PROCESS"?'],
    ["MLP.width=3", 'argument MLP.width=3: There is no section "MLP". Known: PROCESS, My MLP, CNN.'],
    ["PROCESS.=3", 'argument PROCESS.=3: "PROCESS." names no option. Write PROCESS.option=3.'],
    [
      "other.db",
      'argument other.db: "other.db" changes no option. Write SECTION.option=value without spaces, as in PROCESS.lr=1e-3.',
    ],
    [
      "PROCESS.lr",
      'argument PROCESS.lr: "PROCESS.lr" changes no option. Write SECTION.option=value without spaces, as in PROCESS.lr=1e-3.',
    ],
    ["=3", 'argument =3: "=3" changes no option. Write SECTION.option=value without spaces, as in PROCESS.lr=1e-3.'],
    ["", 'argument : "" changes no option. Write SECTION.option=value without spaces, as in PROCESS.lr=1e-3.'],
    ["CNN.depth=1\n2", "argument CNN.depth=1\n2: The value has several lines. Write it on one line."],
    [
      "CNN.depth=${x}",
      'argument CNN.depth=${x}: [CNN] depth: "${x}" names no option of this configuration. Known: PROCESS.lr, PROCESS.optimizer.momentum, My MLP.width, My MLP.depth, CNN.depth. The text itself is written "$${x}".',
    ],
  ])("refuses %s", async (word, message) => {
    expect(await opened({ "main.ini": main }, word)).toEqual([message]);
  });

  test("refuses all that are wrong, and one that is given twice", async () => {
    expect(await opened({ "main.ini": main }, "CNN.depth=1", "lr=2", "CNN.depth=2")).toEqual([
      'argument lr=2: "lr" names no section. Write PROCESS.lr=2.',
      "argument CNN.depth=2: [CNN] depth: It is given twice. Keep one of the two; several values are a list, as in 2,3,4.",
    ]);
  });
});

describe("an experiment", () => {
  const rest = `data_scheme = data\npipeline_scheme = net
[MONITOR]\nneed_gpu = False\ngpu_available = None\nnb_processus = 1\nmultiplicity = 1
[DATA]\ntype = data\nclass = Data\npath_to_class = ./models.ts\nkey = d
[NET]\ntype = net\nclass = Net\npath_to_class = ./models.ts\nkey = n\n`;
  const files = { "models.ts": "export class Data {}\nexport class Net {}\n" };
  const told = async (...overrides: readonly string[]) => {
    const experiment = await readExperiment(join(folder, "main.ini"), overrides);
    return [...generatePipelines(experiment)].map((pipeline) => [pipeline, describePipeline(pipeline)]);
  };

  test("is the same however its values come together, whatever they are", async () => {
    const value = fc.constantFrom("1", "2, 3", "{1-3}", "0.5");
    const layer = fc.record({ lr: value, width: value, depth: value }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(layer, layer, layer, async (base, own, overrides) => {
        const lines = ({ lr, ...net }: typeof base) => {
          const options = Object.entries(net).map(([name, text]) => `${name} = ${text}\n`);
          return `[PROCESS]\n${lr === undefined ? "" : `lr = ${lr}\n`}[NET]\n${options.join("")}`;
        };
        const first = { lr: "1", width: "9", depth: "8", ...base };
        const whole = { ...first, ...own, ...overrides };
        await write({
          ...files,
          "main.ini": `[PROCESS]\nlr = ${whole.lr}\nepochs = 1\n${rest}width = ${whole.width}\ndepth = ${whole.depth}\n`,
        });
        const expected = await told();
        await write({
          "base.ini": `[PROCESS]\nlr = ${first.lr}\nepochs = 1\n${rest}width = ${first.width}\ndepth = ${first.depth}\n`,
          "main.ini": `include = base.ini\n${lines(own)}`,
        });
        const words = Object.entries(overrides).map(
          ([name, text]) => `${name === "lr" ? "PROCESS" : "NET"}.${name}=${text}`,
        );
        expect(await told(...words)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test("an empty value takes away the one in whose place it stands, and is told where there is none", async () => {
    const lines = `[PROCESS]\nlr = 1\nepochs = 1\nexclude = NET.width > 1\n${rest}width = 1, 2\n`;
    await write({ ...files, "base.ini": lines, "main.ini": "include = base.ini\n[PROCESS]\nsample = 1\n" });
    const noticed = async (...overrides: readonly string[]) => {
      const experiment = await readExperiment(join(folder, "main.ini"), overrides);
      return [[...generatePipelines(experiment)].length, ...experiment.notices.map(formatProblem)];
    };
    expect(await noticed("PROCESS.sample=")).toEqual([1]);
    expect(await noticed("PROCESS.sample=", "PROCESS.exclude=")).toEqual([2]);
    await write({ "main.ini": "include = base.ini\n[PROCESS]\nexclude =\n" });
    expect(await noticed()).toEqual([2]);
    expect(await noticed("PROCESS.zip=")).toEqual([
      2,
      "argument PROCESS.zip=: [PROCESS] zip: The option is empty and has no effect. Leave it out.",
    ]);
  });

  test("tells what is wrong with an argument as with a line, and keeps what was read", async () => {
    await write({ ...files, "sub/base.ini": `[PROCESS]\nepochs = 1\n${rest}`.replaceAll("./models", "../models") });
    await write({ "main.ini": "include = sub/base.ini\n[PROCESS]\nlr = 1\n" });
    const problems = (...words: readonly string[]) =>
      told(...words).then(
        () => [],
        (error: unknown) => (error instanceof ConfigurationError ? error.problems.map(formatProblem) : [String(error)]),
      );
    expect(await problems("PROCESS.lr=fast", "PROCESS.epoch=3", "MONITOR.multiplicity=0", "NET.width=")).toEqual([
      'argument PROCESS.lr=fast: [PROCESS] lr: expected a number above 0, got "fast"',
      'argument PROCESS.epoch=3: [PROCESS] epoch: unknown option; did you mean "epochs"?',
      'argument MONITOR.multiplicity=0: [MONITOR] multiplicity: expected an integer of at least 1, got "0"',
      'argument NET.width=: [NET] width: The option has no value. Give it one, or remove the line; an empty text is written "".',
    ]);
    expect(await problems("PROCESS.exclude=NET.width>3", "NET.width=1,2")).toEqual([]);
    expect(await problems("PROCESS.exclude=NET.with>3", "NET.width=1,2")).toEqual([
      'argument PROCESS.exclude=NET.with>3: [PROCESS] exclude: "NET.with" at character 1 is not known. Did you mean "NET.width"?',
    ]);
    const experiment = await readExperiment(join(folder, "main.ini"), ["NET.width=1,2"]);
    expect(experiment).toMatchObject({
      overrides: ["NET.width=1,2"],
      included: { "sub/base.ini": expect.stringContaining("[MONITOR]") },
    });
  });
});
