import { configurable, float, int, schema } from "@ml-mosaic/configurable";

class MyComponent extends configurable({
  learning_rate: schema(float, { default: 0.01, help: "Step size" }),
  batch_size: schema(int, { default: 32, help: "Samples in a step" }),
}) {
  // Fields and methods see the options, typed: both are numbers here.
  readonly ratePerSample = this.learning_rate / this.batch_size;
}

const component = MyComponent.fromConfig({ learning_rate: 0.001, batch_size: 64 });
console.log(component.learning_rate, component.batch_size, component.ratePerSample);
