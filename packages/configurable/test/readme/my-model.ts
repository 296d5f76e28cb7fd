import { configurable, int, register, schema } from "@ml-mosaic/configurable";
import { BaseModel } from "./base-model.ts";

class MyModel extends configurable({ layers: schema(int) }, BaseModel) {
  readonly size = 100 * this.layers;
}
register(MyModel);
