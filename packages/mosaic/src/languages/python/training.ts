/** How a Python run trains: [PROCESS] as plain data with PyTorch's names, so that Python reads no configuration text. */
import { ConfigurationError, describeComponents, resolvedConfig } from "@ml-mosaic/configurable";
import { readClassSource } from "../../config/class-source.ts";
import type { Experiment, Places } from "../../config/index.ts";
import type { Findings } from "../../config/problem.ts";
import { chosenBy, groupComponents, isNothing, loadTextImports, readProcess } from "../../config/process-components.ts";
import { processMetrics } from "../../config/process-metrics.ts";
import { groups, type ProcessValues, processOptions } from "../../config/process-options.ts";
import { MosaicError } from "../../errors.ts";
import type { Texts } from "../../pipelines/pipeline.ts";

export interface PythonComponent {
  readonly class: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface PythonTraining {
  readonly epochs: number;
  readonly lr: number;
  readonly optimizer: PythonComponent;
  readonly scheduler: PythonComponent | null;
  readonly loss: PythonComponent | { readonly class: string; readonly path: string };
  readonly metrics: readonly {
    readonly name: string;
    readonly label: string;
    readonly options: PythonComponent["options"];
  }[];
  readonly earlyStopping: { readonly patience: number; readonly minDelta: number } | null;
  /** The figure of an epoch that early stopping watches. */
  readonly monitor: string | null;
  readonly clipNorm: number | null;
  readonly clipValue: number | null;
  readonly accumulate: number;
  readonly averaging: number | null;
  readonly threads: number;
  readonly deterministic: boolean;
  readonly accuracy: boolean;
}

/** Those of the Trainer, which Python has too; what `imports` registers is TypeScript's. */
const own = new Set([...groups.flatMap(groupComponents), ...metricComponents()].map(({ name }) => name));

/** @throws ConfigurationError where the texts, which a user may have edited, cannot be read */
export async function pythonTraining(texts: Texts, places: Places): Promise<PythonTraining> {
  const { folder } = places;
  await loadTextImports(texts.imports ?? "", folder);
  const checked = readProcess(texts, folder);
  if (!checked.ok) throw new ConfigurationError(checked.problems);
  const {
    epochs,
    lr,
    optimizer,
    scheduler,
    early_stopping: stopping,
    metrics,
    threads,
    deterministic,
  } = checked.values;
  const labels = processMetrics(metrics).map(({ name }) => name);
  return {
    epochs,
    lr,
    optimizer: componentOf(optimizer),
    scheduler: scheduler === undefined ? null : componentOf(scheduler),
    loss: await lossOf(checked.values, places),
    metrics: metrics.map((metric, index) => {
      const { type, label: _, ...options } = resolvedConfig(metric);
      return { name: String(type), label: labels[index] ?? String(type), options };
    }),
    earlyStopping: stopping === undefined ? null : { patience: stopping.patience, minDelta: stopping.min_delta },
    monitor: stopping?.monitor ?? null,
    clipNorm: checked.values.clip_norm ?? null,
    clipValue: checked.values.clip_value ?? null,
    accumulate: checked.values.accumulate,
    averaging: checked.values.average_decay ?? null,
    threads,
    deterministic,
    accuracy: true,
  };
}

async function lossOf(values: ProcessValues, places: Places): Promise<PythonTraining["loss"]> {
  const { loss_function: loss, class_loss_function: className, path_to_class_loss_function: path = "" } = values;
  if (className === undefined) return componentOf(loss);
  const found = await readClassSource(path, places);
  if (found.ok && found.source.kind === "python") return { class: className, path: found.source.path };
  const why = found.ok ? `${path} is no Python file.` : `${found.fault.message} ${found.fault.remedy}`;
  throw new MosaicError("BAD_MODULE_SOURCE", `[PROCESS] path_to_class_loss_function: ${why}`);
}

/** Components inside, as the parts of a sequence of schedules, likewise. */
function componentOf(instance: object): PythonComponent {
  const { type: _, ...options } = resolvedConfig(instance);
  const named = Object.entries(options).map(([name, value]) => {
    const held: unknown = Reflect.get(instance, name);
    const parts = Array.isArray(held) ? held.filter(isComponent) : [];
    return [name, parts.length > 0 ? parts.map(componentOf) : value] as const;
  });
  return { class: instance.constructor.name, options: Object.fromEntries(named) };
}

function isComponent(value: unknown): value is object {
  return typeof value === "object" && value !== null && "configSchema" in value.constructor;
}

/** What [PROCESS] asks for that Python does not have, or that means nothing there. */
export function checkTraining({ process, sections }: Experiment, findings: Findings): void {
  const place = (name: string, line: number) => ({ line, section: "PROCESS", option: name });
  for (const { name, line, values } of process.options) {
    const group = groups.find((each) => each === name);
    const chosen =
      group === undefined ? [] : values.filter((text) => !isNothing(text)).map((text) => chosenBy(group, text));
    for (const component of chosen)
      if (component !== undefined && !own.has(component.name))
        findings.problem({ ...place(name, line), ...unknownToPython(component.name) });
    if (name === "executor")
      findings.notice({
        ...place(name, line),
        message: "PyTorch computes the runs of Python classes: the option does nothing there.",
        remedy: sections.every(({ source }) => source.kind === "python")
          ? "Remove the line."
          : "It holds for TypeScript.",
      });
  }
  const metrics = process.options.find(({ name }) => name === "metrics");
  const reading = processOptions.metrics.type.read(metrics?.text ?? "", { text: true });
  for (const metric of metrics !== undefined && reading.ok ? reading.value : [])
    if (!own.has(metric.constructor.name))
      findings.problem({
        ...place("metrics", metrics?.line ?? process.line),
        ...unknownToPython(metric.constructor.name),
      });
}

function unknownToPython(name: string) {
  return {
    message: `${name} is registered in TypeScript, and Python classes cannot use it.`,
    remedy: `Choose one of PyTorch's, or for a loss a class of your own in Python: class_loss_function with its path.`,
  };
}

function metricComponents() {
  return describeComponents({ name: "metrics", configSchema: { metrics: processOptions.metrics } }).filter(
    ({ base }) => base !== undefined,
  );
}
