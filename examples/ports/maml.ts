/**
 * Model-agnostic meta-learning of sine waves (Finn, Abbeel and Levine 2017): `npx node examples/ports/maml.ts` trains weights
 * from which two steps of gradient descent on five points learn a wave. The gradient goes through these steps.
 */
import { compileTraining, functional, Generator, grad, nn, optim, stack, type Tensor, zeros } from "@ml-mosaic/tensor";

export const shots = 5;
const innerRate = 0.1;

export class Learner extends nn.Module {
  readonly net = [new nn.Linear(1, 20), new nn.Linear(20, 20), new nn.Linear(20, 1)];

  /** With these weights instead of the module's own: [points, 1] to [points, 1]. */
  predict(x: Tensor, weights: readonly Tensor[]): Tensor {
    return this.net.reduce((hidden, layer, index) => {
      const [weight = layer.weight, bias] = weights.slice(2 * index, 2 * index + 2);
      const output = functional.linear(hidden, weight, bias);
      return index < this.net.length - 1 ? output.tanh() : output;
    }, x);
  }

  /** Weights after some steps of gradient descent on a task's points. */
  adapted(x: Tensor, y: Tensor, steps = 2): readonly Tensor[] {
    let weights: readonly Tensor[] = this.parameters();
    for (let step = 0; step < steps; step++) {
      const slopes = grad(functional.mseLoss(this.predict(x, weights), y), weights);
      weights = weights.map((weight, index) => weight.sub(slopes[index]?.mul(innerRate) ?? 0));
    }
    return weights;
  }

  /** Mean over tasks [tasks, points, 1]: what is left on the query points after learning from the support points. */
  loss([xs, ys, xq, yq]: readonly [Tensor, Tensor, Tensor, Tensor], steps = 2): Tensor {
    const losses = Array.from({ length: xs.size(0) }, (_, task) => {
      const [x, y, query, wanted] = [xs, ys, xq, yq].map((each) => each.select(0, task));
      if (x === undefined || y === undefined || query === undefined || wanted === undefined) return zeros([]);
      return functional.mseLoss(this.predict(query, this.adapted(x, y, steps)), wanted);
    });
    return stack(losses).mean();
  }
}

if (import.meta.main) {
  const generator = new Generator(0);
  const model = new Learner().initialize(generator.stream("initialization"));
  const [tasks, batchSize] = [1000, 8];
  const draws = generator.stream("tasks");
  const points = () => ({ data: new Float32Array(tasks * shots), shape: [tasks, shots, 1], dtype: "float32" as const });
  const fields = [points(), points(), points(), points()] as const;
  for (let task = 0; task < tasks; task++) {
    const [amplitude, phase] = [draws.uniform(0.5, 2), draws.uniform(0, Math.PI)];
    for (const [x, y] of [fields.slice(0, 2), fields.slice(2)]) {
      for (let point = task * shots; point < (task + 1) * shots; point++) {
        const at = draws.uniform(-3, 3);
        if (x !== undefined) x.data[point] = at;
        if (y !== undefined) y.data[point] = amplitude * Math.sin(at + phase);
      }
    }
  }
  const none = zeros([1, shots, 1]);
  const program = await compileTraining({
    fields,
    parameters: model.parameters(),
    optimizer: optim.Adam({ lr: 3e-3 }),
    batchSize,
    step: ([xs = none, ys = none, xq = none, yq = none]) => ({
      loss: model.loss([xs, ys, xq, yq]),
      metrics: { unadapted: model.loss([xs, ys, xq, yq], 0) },
    }),
  });
  let state = program.initialState;
  const mean = (values: ArrayLike<number> = []) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
  for (let epoch = 1; epoch <= 30; epoch++) {
    const rows = generator.stream("shuffle", epoch).permutation(tasks);
    const result = await program.run(state, { rows, batchSize, lr: 3e-3, generator });
    state = result.state;
    const { loss, unadapted } = result.values;
    if (epoch % 10 === 0)
      console.log(
        `epoch ${epoch}: loss ${mean(unadapted).toFixed(3)} before two steps, ${mean(loss).toFixed(3)} after them`,
      );
  }
  program.store(state);
  program.release();
}
