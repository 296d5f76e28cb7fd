/** `api/predict/ID`: what the page's form asks of a run's model. */
import { join } from "node:path";
import { readRunReport, type StoreReader } from "ml-mosaic/reading";
import type { Prediction } from "../../wire/prediction.ts";
import { readModelFile } from "../model-file.ts";
import { nothingToSay, Refused } from "../refused.ts";
import { inputValues } from "./input-values.ts";
import { withModelSlot } from "./model-slots.ts";
import { runModel } from "./run-model.ts";

export function predict(reader: StoreReader, runId: number, form: URLSearchParams): Promise<Prediction> {
  return withModelSlot(() => predictNow(reader, runId, form));
}

async function predictNow(reader: StoreReader, runId: number, form: URLSearchParams): Promise<Prediction> {
  const { path, layers } = await readModelFile(reader, runId);
  const { filesFolder } = await readRunReport(reader, runId);
  const model = join(filesFolder ?? "", path);
  const sample = form.get("sample");
  if (sample !== null) {
    if (!/^\d{1,9}$/.test(sample.trim()))
      throw new Refused(nothingToSay, {
        message: `${JSON.stringify(sample.slice(0, 40))} is no sample: they count from 0`,
      });
    const { inputs, outputs, target } = await runModel({
      model,
      inputs: { database: reader.location, runId, sample: Number(sample) },
    });
    return { inputs, outputs, target };
  }
  const given = layers.inputs.map((input) => inputValues(input, form.get(`input.${input.name}`) ?? ""));
  const { inputs, outputs } = await runModel({ model, inputs: given });
  return { inputs, outputs, target: null };
}
