/** What can be known to be wrong with Python classes before the first run. */
import { readFileSync } from "node:fs";
import { nearestName } from "@ml-mosaic/base";
import type { ClassSection, Experiment } from "../../config/index.ts";
import type { Findings } from "../../config/problem.ts";
import { projectOf } from "../language.ts";
import { type AskedClass, askedOf, type DescribedClass, type Description, describeClasses } from "./describe.ts";
import { findInterpreter } from "./interpreter.ts";
import { checkTraining } from "./training.ts";

const dataMethods = ["prepare", "info"];
const pipelineMethods = ["forward", "info", "save_model", "load_model"];

export async function checkClasses(
  experiment: Experiment,
  sections: readonly ClassSection[],
  findings: Findings,
): Promise<void> {
  const { process, monitor } = experiment;
  const [first] = sections;
  checkTraining(experiment, findings);
  const project = projectOf(experiment);
  const found = await findInterpreter(project);
  if (!found.ok && first !== undefined) {
    const ofClass = { line: first.line, section: first.name, option: "path_to_class" };
    const place = monitor.python === undefined ? ofClass : { section: "MONITOR", option: "python" };
    findings.problem({ ...place, ...found.fault });
  }
  if (!found.ok) return;
  const { ownLoss } = process;
  const loss: readonly AskedClass[] = ownLoss?.source.kind === "python" ? [askedOf(ownLoss)] : [];
  const described = await describeClasses([...sections.map(askedOf), ...loss], project);
  const firstStage = process.dataScheme[0];
  for (const [index, section] of sections.entries()) {
    const description = described[index];
    if (description === undefined) continue;
    const place = { line: section.classLine, section: section.name, option: "class" };
    if (description.kind === "problem") findings.problem({ ...place, ...faultOf(description, section.className) });
    else {
      const isData = process.dataScheme.includes(section.type);
      checkMethods(section, description, isData, findings);
      if (section.type === firstStage) checkValues(section, description, findings);
      checkNames(section, description, findings);
    }
  }
  const ofLoss = described[sections.length];
  if (ownLoss === undefined || ofLoss === undefined) return;
  const place = { line: process.line, section: "PROCESS", option: "class_loss_function" };
  if (ofLoss.kind === "problem") findings.problem({ ...place, ...faultOf(ofLoss, ownLoss.className) });
}

function faultOf({ message, place, names }: Description & { readonly kind: "problem" }, className: string) {
  const near = nearestName(className, names);
  const remedy = near !== undefined ? `Did you mean ${near}?` : "Correct class or path_to_class, or the file.";
  const isPlaced = place === undefined || message.includes(place);
  return { message: `${message}${isPlaced ? "" : ` (${place})`}.`, remedy };
}

function checkMethods(section: ClassSection, { methods }: DescribedClass, isData: boolean, findings: Findings): void {
  const needed = isData ? dataMethods : pipelineMethods;
  const missing = needed.filter((name) => !methods.includes(name));
  if (missing.length === 0) return;
  findings.problem({
    line: section.classLine,
    section: section.name,
    option: "class",
    message: `${section.className} has no method ${missing.join(", ")}, which every class of ${isData ? "data_scheme" : "pipeline_scheme"} needs.`,
    remedy: `Write ${missing.length === 1 ? "it" : "them"}.`,
  });
}

/** Of the first stage, before which no info() can have given anything. */
function checkValues(section: ClassSection, { parameters }: DescribedClass, findings: Findings): void {
  const given = new Set(section.options.map(({ name }) => name));
  const missing = parameters.filter(({ name, required }) => required && !given.has(name)).map(({ name }) => name);
  if (missing.length === 0) return;
  findings.problem({
    line: section.line,
    section: section.name,
    message: `The constructor of ${section.className} takes ${missing.join(", ")}, which ${missing.length === 1 ? "has no value" : "have no values"} here.`,
    remedy: `Add ${missing.map((name) => `${name} = …`).join(", ")}, or give the ${missing.length === 1 ? "parameter a default" : "parameters defaults"}.`,
  });
}

/** Options that nothing can read: neither a parameter nor module_info nor key. */
function checkNames(section: ClassSection, description: DescribedClass, findings: Findings): void {
  if (description.takesAny) return;
  const taken = description.parameters.map(({ name }) => name);
  const inKey = section.key.flatMap((part) => ("option" in part ? [part.option] : []));
  for (const { name, line } of section.options) {
    if (taken.includes(name) || inKey.includes(name) || readsOption(description, name)) continue;
    const near = nearestName(name, taken);
    findings.problem({
      line,
      section: section.name,
      option: name,
      message: `The constructor of ${section.className} does not take it, and nothing in its file asks module_info or key for it.`,
      remedy:
        near !== undefined
          ? `Did you mean ${near}?`
          : taken.length === 0
            ? "Remove it."
            : `It takes ${taken.join(", ")}.`,
    });
  }
}

/** Whether a class may read an option from `module_info`: by its name, or in a way that takes every name. */
export function readsOption({ files }: DescribedClass, name: string): boolean {
  const text = [...files.keys()].map(textOf).join("\n");
  const body = text.replaceAll(/\bdef\s+\w+\s*\([^)]*\)/g, "");
  if (!/\bmodule_info\b/.test(body)) return !/\bmodule_info\b/.test(text);
  if (new RegExp(`["']${name.replaceAll(/[^\w]/g, "\\$&")}["']`).test(body)) return true;
  return /\bmodule_info\b(?!\s*(?:\[\s*["']|\.get\s*\(\s*["']))/.test(body);
}

export function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // What cannot be read has been reported by Python.
    return "module_info = {}";
  }
}
