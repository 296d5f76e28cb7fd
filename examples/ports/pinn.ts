/**
 * A physics-informed network for Burgers' equation (Raissi, Perdikaris and Karniadakis 2019): `npx node
 * examples/ports/pinn.ts` trains it. The loss holds derivatives of the network's output, of which training takes gradients.
 */
import { cat, compileTraining, Generator, grad, nn, optim, type Tensor, tensor, zeros } from "@ml-mosaic/tensor";

const viscosity = 0.05;

export class Burgers extends nn.Module {
  readonly net = new nn.Sequential(
    new nn.Linear(2, 16),
    new nn.Tanh(),
    new nn.Linear(16, 16),
    new nn.Tanh(),
    new nn.Linear(16, 1),
  );

  /** u at positions and times [points, 1]. */
  forward(x: Tensor, t: Tensor): Tensor {
    return this.net.forward(cat([x, t], 1));
  }

  /** What the equation leaves at these points, u_t + u u_x - v u_xx, which is 0 for a solution. */
  residual(x: Tensor, t: Tensor): Tensor {
    const u = this.forward(x, t);
    const [ux, ut] = derivatives(u, [x, t]);
    const [uxx] = derivatives(ux, [x]);
    return ut.add(u.mul(ux)).sub(uxx.mul(viscosity));
  }

  /** Mean squares of the residual, and of the distance to u(x, 0) = -sin(pi x) and u(-1, t) = u(1, t) = 0. */
  loss(x: Tensor, t: Tensor): Tensor {
    const none = x.zerosLike();
    const start = this.forward(x, none).add(x.mul(Math.PI).sin());
    const edges = cat([this.forward(none.sub(1), t), this.forward(none.add(1), t)], 0);
    return [this.residual(x, t), start, edges].map((each) => each.pow(2).mean()).reduce((sum, each) => sum.add(each));
  }
}

/** Each point's derivative: points do not depend on each other, so that it is the gradient of their sum. */
function derivatives<const Inputs extends readonly Tensor[]>(
  u: Tensor,
  inputs: Inputs,
): { [Index in keyof Inputs]: Tensor };
function derivatives(u: Tensor, inputs: readonly Tensor[]): readonly Tensor[] {
  return grad(u.sum(), inputs).map((gradient, index) => gradient ?? (inputs[index] ?? u).zerosLike());
}

if (import.meta.main) {
  const generator = new Generator(0);
  const model = new Burgers().initialize(generator.stream("initialization"));
  const count = 2048;
  const points = generator.stream("points");
  const data = (low: number) => Float32Array.from({ length: count }, () => points.uniform(low, 1));
  const program = await compileTraining({
    fields: [-1, 0].map((low) => ({ data: data(low), shape: [count, 1], dtype: "float32" })),
    parameters: model.parameters(),
    optimizer: optim.Adam({ lr: 1e-2 }),
    batchSize: 256,
    step: ([x = zeros([1, 1]), t = x]) => ({ loss: model.loss(x, t) }),
  });
  let state = program.initialState;
  for (let epoch = 1; epoch <= 600; epoch++) {
    const rows = generator.stream("shuffle", epoch).permutation(count);
    const result = await program.run(state, { rows, batchSize: 256, lr: 1e-2 * 0.995 ** epoch, generator });
    state = result.state;
    const losses = Array.from(result.values.loss ?? []);
    if (epoch % 100 === 0)
      console.log(`epoch ${epoch}: loss ${(losses.reduce((a, b) => a + b, 0) / losses.length).toExponential(2)}`);
  }
  program.store(state);
  program.release();
  // A shock forms at x = 0.
  const x = tensor([[-0.5], [-0.1], [0.1], [0.5]]);
  const u = await model.forward(x, x.onesLike().mul(0.5)).toArray();
  console.log("u(x, 0.5) at -0.5, -0.1, 0.1, 0.5:", JSON.stringify(u));
}
