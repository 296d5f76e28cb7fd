import { compileTraining, Generator, nn, optim } from "@ml-mosaic/tensor";
import { moons } from "./moons.ts";

const model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 2)).initialize(new Generator(0));
const loss = new nn.CrossEntropyLoss();
const { fields, rows } = await moons(256, new Generator(1)).samples();

const program = await compileTraining({
  fields,
  parameters: model.parameters(),
  optimizer: optim.Adam({ lr: 1e-2 }),
  batchSize: 32,
  // Called to build the graph, not for each batch.
  step([points, sides]) {
    if (points === undefined || sides === undefined) throw new Error("a batch has points and sides");
    const scores = model.forward(points);
    return { loss: loss.forward(scores, sides), metrics: { right: scores.argmax(1).eq(sides).sum().to("float32") } };
  },
});

const generator = new Generator(2); // for dropout, which this model does not have
let state = program.initialState;
const rights: number[] = [];
for (let epoch = 0; epoch < 20; epoch++) {
  // One call makes all eight steps.
  const result = await program.run(state, { rows, batchSize: 32, lr: 1e-2, generator });
  state = result.state;
  rights.push(result.values.right?.reduce((sum, right) => sum + right, 0) ?? 0);
}
program.store(state); // into the model's parameters
program.release();
console.log(state.step, "steps; more are right at the end:", (rights.at(-1) ?? 0) > (rights[0] ?? 0));
