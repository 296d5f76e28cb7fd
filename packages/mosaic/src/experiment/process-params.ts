import { GROUPS, PROCESS_OPTION_NAMES } from "../config/process-options.ts";
import type { Param } from "../store/index.ts";

/** The PROCESS options of a run, found again among its params: `params` lists them after those of the modules. */
export function processParams(params: readonly Param[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    params.filter(
      ([name]) => PROCESS_OPTION_NAMES.includes(name) || GROUPS.some((group) => name.startsWith(`${group}.`)),
    ),
  );
}
