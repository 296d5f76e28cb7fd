import { messageOf } from "@ml-mosaic/base";
import { isSchemaMap } from "@ml-mosaic/configurable";
import { checkDevice } from "@ml-mosaic/tensor";
import { constructorOptions } from "../../modules/constructor-options.ts";
import { loadClass, loadClasses, type UserClass } from "../../modules/load-class.ts";
import { engineDevice } from "../../run/device.ts";
import { typescriptWorker } from "../../supervisor/typescript-worker.ts";
import type { ClassOptions, Language } from "../language.ts";
import { checkClasses } from "./check-classes.ts";
import { moduleCode } from "./module-code.ts";
import { openRunChecks } from "./run-checks.ts";

/** Loaded into this process, and carried out by workers of the same Node. */
export const typescript: Language = {
  check: checkClasses,
  async codeOf(classes, { folder }) {
    const codes = [];
    for (const { source } of classes) codes.push(await moduleCode(source, folder));
    return codes;
  },
  // They are recorded of every experiment.
  versions: async () => "",
  async optionsOf(source, className, { folder }) {
    const classes =
      className === undefined
        ? await loadClasses(source, folder)
        : [[className, await loadClass(source, className, folder)] as const];
    return new Map(classes.map(([name, userClass]) => [name, optionsOf(userClass)]));
  },
  workOf: async (order) => ({ order, program: typescriptWorker }),
  openRunChecks,
  async deviceProblems(devices) {
    const problems: string[] = [];
    for (const name of devices)
      await Promise.try(() => checkDevice(engineDevice(name))).catch((error: unknown) =>
        problems.push(`${name}: ${messageOf(error)}`),
      );
    return problems;
  },
};

function optionsOf(userClass: UserClass): ClassOptions {
  const schemas: unknown = Reflect.get(userClass, "configSchema");
  if (isSchemaMap(schemas)) return { kind: "schema", schemas };
  const names = constructorOptions(userClass);
  return names === undefined ? { kind: "unknown" } : { kind: "names", names };
}
