/** Data that are said to be those of a data module, in another language or read by a program: all count as one data set. */
import { valueText } from "@ml-mosaic/configurable";
import { type ModuleSpec, withoutOptions } from "../pipelines/pipeline.ts";
import type { Stages } from "../pipelines/run-params.ts";
import { isProgram } from "../program/options.ts";

/** @param all the data modules of all pipelines: those of another call may be meant */
export function unifyData(all: Iterable<readonly ModuleSpec[]>): <Parts extends Stages>(parts: Parts) => Parts {
  const byKey = Map.groupBy(
    [...all].flat().filter(({ sameDataAs }) => sameDataAs === undefined),
    ({ key }) => key,
  );
  const twinOf = (module: ModuleSpec) =>
    byKey
      .get(module.sameDataAs ?? "")
      ?.find((twin) => (twin.type === module.type || isProgram(module)) && isVariant(module, twin));
  return (parts) => {
    const { data, model } = parts;
    const [program] = model;
    const twin = program === undefined || data.length > 0 ? undefined : twinOf(program);
    // What says which data they are tells no models apart.
    if (twin !== undefined) return { ...parts, data: [twin], model: withoutOptions(model, Object.keys(twin.options)) };
    return data.every(({ sameDataAs }) => sameDataAs === undefined)
      ? parts
      : { ...parts, data: data.map((module) => twinOf(module) ?? module) };
  };
}

/** Whether options that both have say the same: one key may stand for several variants. */
function isVariant(module: ModuleSpec, twin: ModuleSpec): boolean {
  return Object.entries(twin.options).every(([name, text]) => {
    const own = module.options[name];
    return own === undefined || valueText(own) === valueText(text);
  });
}
