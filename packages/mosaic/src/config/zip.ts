/** `zip = MLP.width, MLP.depth`: options whose lists go together. */
import { suggestName } from "@ml-mosaic/base";
import { areAlternatives, isAmbiguous, type NamedOption, type OptionNames } from "./option-names.ts";
import type { Varied, Zips } from "./pipelines.ts";
import type { Fault } from "./problem.ts";

export function readZips(
  groups: readonly (readonly string[])[],
  names: OptionNames,
  report: (fault: Fault) => void,
): Zips {
  const zips = new Map<Varied, object>();
  for (const group of groups) {
    const identity = {};
    const before: NamedOption[] = [];
    for (const name of group) {
      const meant = names.get(name) ?? [];
      const fault = faultOf(name, meant, names) ?? faultBeside(name, meant, before, zips);
      if (fault !== undefined) {
        report(fault);
        continue;
      }
      before.push(...meant);
      for (const { option } of meant) zips.set(option, identity);
    }
  }
  return zips;
}

function faultOf(name: string, meant: readonly NamedOption[], names: OptionNames): Fault | undefined {
  if (meant.length === 0) return { message: `"${name}" is no option.`, remedy: suggestName(name, [...names.keys()]) };
  if (isAmbiguous(meant)) return ambiguous(name, meant);
  const single = meant.find(({ option }) => option.values.length === 1);
  if (single === undefined) return undefined;
  return {
    message: `${single.name} has one value, so that nothing can go together with it.`,
    remedy: "Give it a list, or take it out.",
  };
}

export function ambiguous(name: string, meant: readonly NamedOption[]): Fault {
  const qualified = meant.map((each) => each.name);
  return {
    message: `"${name}" may be ${qualified.slice(0, -1).join(", ")} or ${qualified.at(-1)}, which one pipeline has both.`,
    remedy: "Write one of them.",
  };
}

function faultBeside(
  name: string,
  meant: readonly NamedOption[],
  before: readonly NamedOption[],
  zips: Zips,
): Fault | undefined {
  if (meant.some(({ option }) => zips.has(option)))
    return { message: `${name} is there twice.`, remedy: "Write it once." };
  for (const one of meant) {
    if (before.length > 0 && before.every((other) => areAlternatives(one, other)))
      return {
        message: `${one.name} and ${before[0]?.name} are never in one pipeline: their sections have one type.`,
        remedy: "Take one of them out.",
      };
    const other = before.find(({ option }) => option.values.length !== one.option.values.length);
    if (other !== undefined)
      return {
        message: `${one.name} has ${one.option.values.length} values, and ${other.name} has ${other.option.values.length}.`,
        remedy: "Give them equally many, or take one of them out.",
      };
  }
  return undefined;
}
