/** What a Python worker is told of a run: paths and training as plain data, so that it reads no configuration text. */
import { unquotedText } from "@ml-mosaic/configurable";
import { readClassSource } from "../../config/class-source.ts";
import type { Project } from "../../config/index.ts";
import { MosaicError } from "../../errors.ts";
import { flatModule } from "../../pipelines/flat-pipeline.ts";
import type { ModuleSpec, Texts } from "../../pipelines/pipeline.ts";
import { stagesOf } from "../../pipelines/run-params.ts";
import type { RunOrder } from "../../run/order.ts";
import { type PythonTraining, pythonTraining } from "./training.ts";

export interface PythonModule {
  readonly stage: "data" | "pipeline";
  readonly type: string;
  /** As messages call it. */
  readonly section: string;
  readonly class: string;
  /** Absolute. */
  readonly path: string;
  /** Those of the class. */
  readonly options: Texts;
  /** Options whose values are texts, even if they look like numbers: they were written in quotes. */
  readonly quoted: readonly string[];
  /** All options of the section, which the class's methods are given. */
  readonly info: Texts;
}

export interface PythonOrder extends RunOrder {
  readonly modules: readonly PythonModule[];
  readonly training: PythonTraining;
}

/** Many runs have the same modules and the same training. */
const trainings = new Map<string, Promise<PythonTraining>>();

export async function pythonOrder(order: RunOrder, project: Project): Promise<PythonOrder> {
  const { data } = stagesOf(order.pipeline, order.process);
  const modules: PythonModule[] = [];
  for (const spec of order.pipeline.modules)
    modules.push(await moduleOf(spec, data.includes(spec) ? "data" : "pipeline", project));
  const key = JSON.stringify([order.process, project.folder, project.start]);
  const training = trainings.get(key) ?? pythonTraining(order.process, project);
  trainings.set(key, training);
  return { ...order, modules, training: await training };
}

async function moduleOf(spec: ModuleSpec, stage: PythonModule["stage"], project: Project): Promise<PythonModule> {
  const { type, className, path, section = type, options } = spec;
  const found = await readClassSource(path, project);
  if (!found.ok || found.source.kind !== "python") {
    const why = found.ok ? `${path} is no Python file.` : `${found.fault.message} ${found.fault.remedy}`;
    throw new MosaicError("BAD_MODULE_SOURCE", `${className}: ${why}`);
  }
  return {
    stage,
    type,
    section,
    class: className,
    path: found.source.path,
    options: unquoted(options),
    quoted: Object.keys(options).filter((name) => options[name] !== unquotedText(options[name] ?? "")),
    info: unquoted(flatModule(spec)),
  };
}

function unquoted(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, unquotedText(text)]));
}
