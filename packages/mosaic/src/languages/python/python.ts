import { createHash } from "node:crypto";
import type { Project } from "../../config/index.ts";
import type { RunOrder } from "../../run/order.ts";
import type { WorkerProgram } from "../../supervisor/spawned-worker.ts";
import type { Work } from "../../supervisor/worker-process.ts";
import type { ClassOptions, Language, ModuleCode } from "../language.ts";
import { pythonCommand } from "./ask-python.ts";
import { checkClasses } from "./check-classes.ts";
import {
  askedOf,
  classNotFound,
  type DescribedClass,
  type Description,
  describeClasses,
  interpreterOf,
} from "./describe.ts";
import { probeDevices } from "./interpreter.ts";
import { pythonOrder } from "./order.ts";
import { openRunChecks } from "./run-checks.ts";

/** Described by the Python that the user has, and carried out by workers of it. */
export const python: Language = {
  check: checkClasses,
  async codeOf(classes, project) {
    return (await describeClasses(classes.map(askedOf), project)).map((found) => codeOf(classOf(found)));
  },
  async versions(project) {
    const { python: version, torch } = await interpreterOf(project);
    return `python ${version}, torch ${torch}`;
  },
  async optionsOf(source, className, project) {
    const found = await describeClasses([askedOf({ source, className: className ?? null })], project);
    return new Map(found.map((each) => optionsOf(classOf(each))));
  },
  workOf,
  openRunChecks: (project) => openRunChecks((order) => workOf(order, project)),
  async deviceProblems(devices, project) {
    const { command } = await interpreterOf(project);
    const found = await probeDevices(command);
    // The processor, and shares of it, are there always.
    const missing = devices.filter((name) => !/^cpu(:\d+)?$/.test(name) && !found.devices.includes(name));
    const why = found.problem ?? `torch of ${command} has ${found.devices.join(", ")}`;
    return missing.map((name) => `${name}: ${why}`);
  },
};

function classOf(found: Description): DescribedClass {
  if (found.kind === "class") return found;
  throw classNotFound(found);
}

async function workOf(order: RunOrder, project: Project): Promise<Work> {
  return { order: await pythonOrder(order, project), program: await pythonWorker(project) };
}

/** One for all runs of a project. */
const workers = new Map<string, WorkerProgram>();

async function pythonWorker(project: Project): Promise<WorkerProgram> {
  const { command } = await interpreterOf(project);
  const folder = project.start;
  const key = JSON.stringify([command, folder]);
  const program = workers.get(key) ?? { ...pythonCommand(command), folder };
  workers.set(key, program);
  return program;
}

/** By content, not by place: a project that moved is the same project. */
function codeOf({ files }: DescribedClass): ModuleCode {
  const hash = createHash("sha256");
  for (const path of [...files.keys()].sort()) hash.update(`${files.get(path)}\n`);
  const digest = hash.digest("hex");
  return { digest, earlierDigest: digest, files };
}

function optionsOf({ name, parameters, takesAny }: DescribedClass): readonly [string, ClassOptions] {
  if (takesAny) return [name, { kind: "unknown" }];
  const names = (required: boolean) => parameters.filter((each) => each.required === required).map((each) => each.name);
  return [name, { kind: "names", names: { required: names(true), optional: names(false) } }];
}
