import { ConfigurationError, checkValues, float, type Infer, int, literal, schema } from "@ml-mosaic/configurable";

const options = {
  length: schema(int, { help: "Number of hidden layers" }),
  width: schema(int, { help: "Neurons in each of them" }),
  input_size: schema(int),
  dropout: schema(float, { default: 0, aliases: ["p"] }),
  activation: schema(literal("relu", "sigmoid"), { default: "sigmoid" }),
  seed: schema(int, { optional: true }),
};

class Mlp {
  static readonly configSchema = options;
  readonly title: string;

  constructor({ length, width, input_size, dropout, activation, seed }: Infer<typeof options>) {
    this.title = `${input_size} inputs, ${length} x ${width} ${activation}, dropout ${dropout}, seed ${seed ?? "none"}`;
  }
}

// Text, as a file has it, and what an earlier module says of itself, which is typed already.
const checked = checkValues(
  Mlp.configSchema,
  { length: "4", width: "3", p: "1e-1" },
  { context: "[MLP]", text: true, fallbacks: [{ name: "info() of DATA", values: { input_size: 2, batch_size: 8 } }] },
);
if (checked.ok) console.log(new Mlp(checked.values).title);

const wrong = checkValues(Mlp.configSchema, { lenght: 4, width: 4.5, activation: "rellu" }, { context: "[MLP]" });
if (!wrong.ok) console.log(new ConfigurationError(wrong.problems).message);
