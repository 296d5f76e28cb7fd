import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@ml-mosaic/base";
import { temporaryFolder } from "@ml-mosaic/testing";
import { describe, expect, test, vi } from "vitest";
import { hasPython, python } from "../../../test/python-for-test.ts";
import { readExperiment } from "../../config/index.ts";
import { checkModules } from "../../experiment/check-modules.ts";
import { readExperimentCode } from "../../experiment/plan.ts";

const data = `class Data:
\tdef __init__(self, size, batch_size=4):
\t\tself.batch_size = int(batch_size)

\tdef prepare(self, data, run_info, module_info):
\t\treturn None

\tdef info(self):
\t\treturn {"batch_size": self.batch_size}
`;

const net = `import torch
from parts import helper

class Base(torch.nn.Module):
    def info(self):
        return {}
    def save_model(self, path):
        pass
    def load_model(self, path):
        pass

class Net(Base):
    def __init__(self, width: int, depth: int = 2):
        super().__init__()
    def forward(self, data, run_info, module_info):
        return data * float(module_info["scale"])

class Plain:
    def forward(self, data, run_info, module_info):
        return data
    def info(self):
        return {}
    def save_mode(self, path):
        pass
    def load_model(self, path):
        pass

class Open(Base):
    def __init__(self, **options):
        super().__init__()
    def forward(self, data, run_info, module_info):
        return data

class Closed(Base):
    def forward(self, data, run_info, module_info):
        return data
`;

function section(name: string, type: string, className: string, path: string, ...options: readonly string[]): string {
  return `[${name}]\ntype = ${type}\nclass = ${className}\npath_to_class = ${path}\nkey = ${name}\n${options.join("\n")}\n`;
}

function config(process: string, ...sections: readonly string[]): string {
  return `[PROCESS]
lr = 0.1
epochs = 1
data_scheme = data
pipeline_scheme = model
${process}

[MONITOR]
need_gpu = False
gpu_available = None
nb_processus = 1
multiplicity = 1
python = ${python}

${sections.join("\n")}`;
}

async function project(text: string) {
  const folder = temporaryFolder();
  const write = (name: string, content: string) => writeFile(join(folder, name), content);
  await write("data.py", data);
  await write("net.py", net);
  await write("parts.py", "helper = 1\n");
  await write("broken.py", "class Net:\n    def (self):\n        pass\n");
  await write("config.ini", text);
  return { folder, file: join(folder, "config.ini") };
}

describe.skipIf(!hasPython)("Python classes before the first run", () => {
  test("all that is wrong is said at once, each with its place and remedy", async () => {
    const { file, folder } = await project(
      config(
        "executor = wasm",
        section("data", "data", "Data", "./data.py", "batch_size = 2"),
        section("misspelt", "model", "Nat", "./net.py"),
        section("broken", "model", "Net", "./broken.py"),
        section("plain", "model", "Plain", "./net.py"),
        section("unread", "model", "Net", "./net.py", "widht = 3", "scale = 2"),
        section("open", "model", "Open", "./net.py", "anything = 3"),
        section("closed", "model", "Closed", "./net.py", "anything = 3"),
      ),
    );
    const experiment = await readExperiment(file);
    const failure = await checkModules(experiment).then(() => "", messageOf);
    const said = (...parts: readonly string[]) => {
      const line = failure.split("\n").find((each) => parts.every((part) => each.includes(part)));
      expect(line, `${parts.join(" … ")} in\n${failure}`).toBeDefined();
    };
    expect(failure).toContain("6 problems");
    said("[data]", "takes size", "Add size = …");
    said("[misspelt] class", "Nat", "Did you mean Net?");
    said("[broken] class", `${join(folder, "broken.py")}:2`);
    said("[plain] class", "no method save_model,", "Write it.");
    said("[unread] widht", "Did you mean width?");
    said("[closed] anything", "Remove it.");
    expect(failure).not.toContain("[open]");
  });

  test("a run is of the texts that its classes import", async () => {
    const text = config(
      "",
      section("data", "data", "Data", "./data.py", "size = 2"),
      section("net", "model", "Net", "./net.py", "width = 3", "scale = 1"),
    );
    const { file, folder } = await project(text);
    const experiment = await readExperiment(file);
    expect(await checkModules(experiment)).toEqual([]);
    const { files, digests, versions } = await readExperimentCode(experiment);
    expect([...files.keys()].sort()).toEqual(["data.py", "net.py", "parts.py"].map((name) => join(folder, name)));
    expect(digests.get("./net.py")).not.toBe(digests.get("./data.py"));
    expect(versions).toMatch(/^python 3\.\d+\.\d+, torch \d/);
  });
});

test("an interpreter without PyTorch is named, and what would help", async () => {
  const text = config(
    "",
    section("data", "data", "Data", "./data.py", "size = 2"),
    section("net", "model", "Net", "./net.py"),
  );
  const { file, folder } = await project(text.replace(`python = ${python}\n`, "python = ./bare/bin/python\n"));
  await makeBareEnvironment(folder);
  const failure = await checkModules(await readExperiment(file)).then(() => "", messageOf);
  expect(failure).toContain(`[MONITOR] python: ${join(folder, "bare/bin/python")}, which [MONITOR] names,`);
  expect(failure).toContain("-m pip install torch");
  if (hasPython) expect(failure).toMatch(/would do|write python = /);
  const other = await readExperiment(file, ["MONITOR.python=./nowhere"]);
  expect(await checkModules(other).then(() => "", messageOf)).toContain(
    `${join(folder, "nowhere")}, which [MONITOR] names, does not exist`,
  );
});

test("PyTorch is found by PYTHONPATH, and what keeps it from being imported is told", async () => {
  const text = config(
    "",
    section("data", "data", "Data", "./data.py", "size = 2"),
    section("net", "model", "Net", "./net.py"),
  );
  const { file, folder } = await project(text.replace(`python = ${python}\n`, "python = ./bare/bin/python\n"));
  await makeBareEnvironment(folder);
  const packages = join(folder, "packages");
  await mkdir(join(packages, "torch"), { recursive: true });
  await writeFile(join(packages, "torch/__init__.py"), "raise ImportError('no libcudart.so.11')");
  await mkdir(join(packages, "torch-2.1.0.dist-info"));
  await writeFile(join(packages, "torch-2.1.0.dist-info/METADATA"), "Name: torch\nVersion: 2.1.0\n");
  vi.stubEnv("PYTHONPATH", packages);
  try {
    expect(await checkModules(await readExperiment(file)).then(() => "", messageOf)).toContain(
      `torch of ${join(folder, "bare/bin/python")} cannot be imported: ImportError: no libcudart.so.11.`,
    );
  } finally {
    vi.unstubAllEnvs();
  }
});

/** A virtual environment sees nothing that is installed outside it. */
async function makeBareEnvironment(folder: string): Promise<void> {
  await mkdir(join(folder, "bare/bin"), { recursive: true });
  await writeFile(join(folder, "bare/pyvenv.cfg"), "home = /usr/bin\ninclude-system-site-packages = false\n");
  await symlink(python, join(folder, "bare/bin/python"));
}
