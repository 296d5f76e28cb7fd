import { TensorError } from "../../errors.ts";
import type { Dataset } from "../dataset.ts";
import type { DatasetOrigin } from "./thread-messages.ts";

/** Makes a data set anew, as in another thread. What makes it is given this too, for data sets that are made of others. */
export async function openDataset({ module, name, options }: DatasetOrigin): Promise<Dataset> {
  const exported: Readonly<Record<string, unknown>> = await import(module);
  const open = exported[name];
  if (typeof open !== "function") {
    const what = `${module} exports no function ${name}, by which a thread could make the data set`;
    throw new TensorError("TENSOR_VALUE", what);
  }
  return open(options, openDataset);
}
