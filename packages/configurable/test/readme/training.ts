import {
  component,
  configurable,
  importable,
  int,
  list,
  loadImports,
  path,
  readYaml,
  resolvedConfig,
  schema,
  toYaml,
} from "@ml-mosaic/configurable";
import { BaseModel } from "./base-model.ts";

class EarlyStopping extends configurable({ patience: schema(int, { default: 5 }) }) {}

class Trainer extends configurable({
  imports: schema(list(importable), { default: [] }),
  output_dir: schema(path),
  model: schema(component.later(BaseModel)),
  early_stopping: schema(component(EarlyStopping), { default: {} }),
  epochs: schema(int, { default: 10 }),
}) {
  override preconditions() {
    if (this.early_stopping.patience < this.epochs) return [];
    return [{ option: "early_stopping", message: "can never stop: lower its patience" }];
  }
}

const file = readYaml("training.yaml");
await loadImports(file);
const trainer = Trainer.fromConfig(file);
for (const fold of [1, 2]) console.log(`fold ${fold}: a model of size ${trainer.model().size}`);

const { model, early_stopping, epochs } = resolvedConfig(trainer);
console.log(toYaml({ model, early_stopping, epochs }));

try {
  Trainer.fromConfig({ output_dir: "", model: { type: "mymodle" }, early_stoping: {}, epochs: 2.5 });
} catch (error) {
  if (error instanceof Error) console.log(error.message);
}
