import { createHash } from "node:crypto";
import { isProgram, programClass, programOptions } from "../../program/options.ts";
import { commandOf } from "../../program/program-run.ts";
import { fileDigest } from "../../run/run-files.ts";
import { typescriptWorker } from "../../supervisor/typescript-worker.ts";
import type { Language, ModuleCode } from "../language.ts";
import { checkPrograms } from "./check-programs.ts";

/** A child of a worker, whatever it is written in. */
export const program: Language = {
  check: checkPrograms,
  async codeOf(classes) {
    const codes = [];
    for (const { source } of classes) codes.push(await codeOf(source.kind === "program" ? source.files : []));
    return codes;
  },
  versions: async () => "",
  optionsOf: async () => new Map([[programClass, { kind: "schema", schemas: programOptions, isOpen: true }]]),
  workOf: async (order) => ({ order, program: typescriptWorker }),
  openRunChecks: () => ({
    async check(order) {
      try {
        for (const module of order.pipeline.modules) if (isProgram(module)) commandOf(order, module);
        return [];
      } catch (error) {
        return [error];
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  }),
  // It is told the name, and knows what to make of it.
  deviceProblems: async () => [],
};

/** By content, not by place: a project that moved is the same project. */
async function codeOf(paths: readonly string[]): Promise<ModuleCode> {
  const files = new Map<string, string>();
  const hash = createHash("sha256");
  for (const path of paths) {
    const digest = await fileDigest(path);
    files.set(path, digest);
    hash.update(`${digest}\n`);
  }
  const digest = hash.digest("hex");
  return { digest, earlierDigest: digest, files };
}
