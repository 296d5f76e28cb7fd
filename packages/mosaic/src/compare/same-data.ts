/** Data modules that are said to give the data of others, in another language: all of them count as one data set. */
import { valueText } from "@ml-mosaic/configurable";
import type { ModuleSpec } from "../pipelines/pipeline.ts";

/** @param all the data modules of all pipelines: those of another call may be meant */
export function unifyData(
  all: Iterable<readonly ModuleSpec[]>,
): (data: readonly ModuleSpec[]) => readonly ModuleSpec[] {
  const byKey = Map.groupBy(
    [...all].flat().filter(({ sameDataAs }) => sameDataAs === undefined),
    ({ type, key }) => JSON.stringify([type, key]),
  );
  return (data) =>
    data.map((module) => {
      if (module.sameDataAs === undefined) return module;
      const twins = byKey.get(JSON.stringify([module.type, module.sameDataAs])) ?? [];
      return twins.find((twin) => isVariant(module, twin)) ?? module;
    });
}

/** Whether options that both have say the same: one key may stand for several variants. */
function isVariant(module: ModuleSpec, twin: ModuleSpec): boolean {
  return Object.entries(twin.options).every(([name, text]) => {
    const own = module.options[name];
    return own === undefined || valueText(own) === valueText(text);
  });
}
