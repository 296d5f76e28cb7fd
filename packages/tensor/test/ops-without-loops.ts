import { readdirSync } from "node:fs";

const folder = new URL("../src/ops/", import.meta.url);

/** Names of the ops that say no loops: programs with them are ONNX Runtime's alone. */
export async function opsWithoutLoops(): Promise<readonly string[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  const modules: object[] = await Promise.all(files.map((file) => import(new URL(file, folder).href)));
  return modules
    .flatMap((module): unknown[] => Object.values(module))
    .flatMap((value) => {
      const isOp =
        typeof value === "object" && value !== null && "name" in value && "infer" in value && "emit" in value;
      return isOp && !("loops" in value || "composed" in value) ? [String(value.name)] : [];
    })
    .toSorted();
}
