import { Generator, randn } from "@ml-mosaic/tensor";
import { SmallCnn } from "./small-cnn.ts";

const model = new SmallCnn();
model.initialize(new Generator(0)); // without it the weights are drawn from the default generator
console.log(model.summary([1, 1, 8, 8]));

model.eval(); // no dropout, and the running statistics are used
const scores = model.forward(randn([5, 1, 8, 8]));
console.log(JSON.stringify((await scores.softmax(1).data()).length));
