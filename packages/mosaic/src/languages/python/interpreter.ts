/** Which Python carries out the users' Python classes, found before anything runs. */
import { realpathSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { pathExists } from "@ml-mosaic/base";
import type { Project } from "../../config/index.ts";
import type { Fault } from "../../config/problem.ts";
import { askPython, jsonOf } from "./ask-python.ts";

export interface Interpreter {
  /** As it is started. */
  readonly command: string;
  readonly python: string;
  readonly torch: string;
}

export type FoundInterpreter =
  | { readonly ok: true; readonly interpreter: Interpreter }
  | { readonly ok: false; readonly fault: Fault };

/** Answers are the same for as long as a command runs. */
const found = new Map<string, Promise<FoundInterpreter>>();

/** That of `python` in [MONITOR]; else of the active virtual or Conda environment; else the first `python3` on PATH. */
export function findInterpreter({ python, folder }: Pick<Project, "python" | "folder">): Promise<FoundInterpreter> {
  const key = JSON.stringify([python, folder]);
  const known = found.get(key) ?? readInterpreter(python, folder);
  found.set(key, known);
  return known;
}

async function readInterpreter(python: string | undefined, folder: string): Promise<FoundInterpreter> {
  const { command, from } = chooseCommand(python, folder);
  const other = "write python = /path/to/python in [MONITOR]";
  if (command === undefined)
    return refuse(
      "There is no Python: neither an active environment nor python3 on PATH.",
      `Install Python with PyTorch, or ${other}.`,
    );
  const { answer, how } = await probe(command);
  if (answer === undefined)
    return refuse(
      `${command}, ${from}, ${isAbsolute(command) && !pathExists(command) ? "does not exist" : `is no Python that can be run: ${how}`}.`,
      `To choose another one, ${other}.`,
    );
  const { python: version, torch, problem } = answer;
  if (problem === undefined && torch !== undefined)
    return { ok: true, interpreter: { command, python: version, torch } };
  const fitting = (await Promise.all(othersOnPath(command).map(fittingVersion))).filter((each) => each !== undefined);
  const [first] = fitting;
  const named = fitting.map(({ command: path, torch: found }) => `${path} (torch ${found})`);
  return refuse(
    `${command}, ${from}, cannot carry out Python classes: ${problem}.`,
    first === undefined
      ? `Or ${other} where another one has PyTorch.`
      : `Or write python = ${first.command} in [MONITOR]: on PATH, ${new Intl.ListFormat("en-GB").format(named)} would do.`,
  );
}

function chooseCommand(
  python: string | undefined,
  folder: string,
): { readonly command?: string; readonly from: string } {
  if (python !== undefined) {
    const isPath = /[/\\]/.test(python);
    const command = isPath ? resolve(folder, python) : (onPath([python])[0] ?? python);
    return { command, from: "which [MONITOR] names" };
  }
  for (const [name, what] of [
    ["VIRTUAL_ENV", "the active virtual environment's"],
    ["CONDA_PREFIX", "the active Conda environment's"],
  ] as const) {
    const root = process.env[name];
    const command = root === undefined || root === "" ? undefined : join(root, "bin", "python");
    if (command !== undefined && pathExists(command)) return { command, from: what };
  }
  const [command] = onPath(["python3", "python"]);
  return { ...(command === undefined ? {} : { command }), from: "the first on PATH" };
}

/** In the order of PATH for each name. */
function onPath(names: readonly string[]): readonly string[] {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)).filter((path) => pathExists(path)));
}

function othersOnPath(command: string): readonly string[] {
  const seen = new Set([realPath(command)]);
  const versions = Array.from({ length: 12 }, (_, minor) => `python3.${minor + 9}`);
  return onPath(["python3", "python", ...versions.reverse()]).filter((path) => {
    const real = realPath(path);
    const isNew = !seen.has(real);
    seen.add(real);
    return isNew;
  });
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

async function fittingVersion(command: string): Promise<Interpreter | undefined> {
  const { answer } = await probe(command);
  if (answer?.torch === undefined || answer.problem !== undefined) return undefined;
  return { command, python: answer.python, torch: answer.torch };
}

interface Probed {
  readonly python: string;
  readonly torch: string | undefined;
  /** Why it cannot be used. */
  readonly problem: string | undefined;
  /** Where they were asked for. */
  readonly devices: readonly string[];
}

const probeSeconds = 60;

/** The devices that PyTorch has in an interpreter, or why it cannot say. */
export async function probeDevices(
  command: string,
): Promise<{ readonly devices: readonly string[]; readonly problem: string | undefined }> {
  const { answer, how } = await probe(command, ["--devices"]);
  return { devices: answer?.devices ?? [], problem: answer === undefined ? how : answer.problem };
}

/** No answer where it is no Python that can be run. */
async function probe(
  command: string,
  args: readonly string[] = [],
): Promise<{ readonly answer: Probed | undefined; readonly how: string }> {
  const { printed, how } = await askPython(command, "probe", { args, seconds: probeSeconds });
  const said = jsonOf(printed.trimEnd().split("\n").at(-1) ?? "");
  const { python, torch, problem, devices } = Object(said);
  if (typeof python !== "string") return { answer: undefined, how };
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  const list = Array.isArray(devices) ? devices.map(String) : [];
  return { answer: { python, torch: text(torch), problem: text(problem), devices: list }, how };
}

function refuse(message: string, remedy: string): FoundInterpreter {
  return { ok: false, fault: { message, remedy } };
}
