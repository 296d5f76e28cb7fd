import { nn } from "@ml-mosaic/tensor";

/** Plain JavaScript, without a schema. */
export class Linear extends nn.Module {
  constructor({ input_size, output_size, bias = true }) {
    super();
    this.layer = new nn.Linear(input_size, output_size, { bias });
  }

  forward(data) {
    return this.layer.forward(data);
  }

  info() {
    return {};
  }
}
