import {
  configurable,
  type Infer,
  int,
  register,
  schema,
  string,
  TypedConfigurable,
  typedConfigurable,
} from "@ml-mosaic/configurable";

// Options of the base are options of all its subclasses.
abstract class BaseModel extends typedConfigurable({ in_channels: schema(int, { default: 1 }) }) {}

class CNNModel extends configurable(
  { filters: schema(int, { default: 32 }), kernel_size: schema(int, { default: 3 }) },
  BaseModel,
) {
  static override readonly aliases = ["cnn"];
}
register(CNNModel);

const model = BaseModel.fromConfig({ type: "cnn", filters: 64, kernel_size: 5 });
if (model instanceof CNNModel) console.log(model.filters, model.kernel_size, model.in_channels);

// Where there is no base of one's own, TypedConfigurable is one.
class NewComponent extends configurable(
  { param1: schema(string, { default: "default" }), param2: schema(int, { default: 10 }) },
  TypedConfigurable,
) {}

const negative = { param1: schema(string, { default: "Neg" }), param2: schema(int, { default: -10 }) };

class NewComponentNeg extends configurable(negative, TypedConfigurable) {
  constructor(values: Infer<typeof negative>) {
    super(values);
    console.log(this.param1);
    console.log(this.param2);
  }
}
register(NewComponent, NewComponentNeg);

TypedConfigurable.fromConfig({ type: "NewComponentNeg", param1: "example" });
