/**
 * Denoising diffusion (Ho, Jain and Abbeel 2020) of points on a ring: `npx node examples/ports/ddpm.ts` trains it, and makes
 * points of noise. Times and noise are drawn anew in each step.
 */
import {
  cat,
  compileInference,
  compileTraining,
  fromArray,
  Generator,
  nn,
  optim,
  randint,
  randn,
  randnLike,
  type Tensor,
  tensor,
  zeros,
} from "@ml-mosaic/tensor";

export const times = 50;
/** The noise that each time adds, and what is left of the signal after it. */
export const betas = Array.from({ length: times }, (_, time) => 1e-4 + (0.2 * time) / (times - 1));
export const left = betas.map((_, time) => betas.slice(0, time + 1).reduce((product, beta) => product * (1 - beta), 1));

export class Denoiser extends nn.Module {
  readonly embedding = new nn.Embedding(times, 16);
  readonly net = new nn.Sequential(
    new nn.Linear(2 + 16, 32),
    new nn.SiLU(),
    new nn.Linear(32, 32),
    new nn.SiLU(),
    new nn.Linear(32, 2),
  );

  /** The noise in points [batch, 2] at times [batch]. */
  forward(points: Tensor, time: Tensor): Tensor {
    return this.net.forward(cat([points, this.embedding.forward(time)], 1));
  }

  /** How badly it finds the noise that is added to points [batch, 2]; time and noise are drawn unless they are given. */
  loss(points: Tensor, drawn: { readonly time?: Tensor; readonly noise?: Tensor } = {}): Tensor {
    const { time = randint(0, times, [points.size(0)]), noise = randnLike(points) } = drawn;
    const signal = tensor(left).indexSelect(0, time).unsqueeze(1);
    const noisy = signal.sqrt().mul(points).add(signal.neg().add(1).sqrt().mul(noise));
    return new nn.MSELoss().forward(this.forward(noisy, time), noise);
  }
}

if (import.meta.main) {
  const generator = new Generator(0);
  const model = new Denoiser().initialize(generator.stream("initialization"));
  const [count, batchSize] = [4096, 128];
  const draws = generator.stream("points");
  const points = Float32Array.from({ length: count }, () => draws.uniform(0, 2 * Math.PI)).reduce(
    (flat, angle, index) => {
      flat.set([Math.cos(angle), Math.sin(angle)], 2 * index);
      return flat;
    },
    new Float32Array(2 * count),
  );
  const program = await compileTraining({
    fields: [{ data: points, shape: [count, 2], dtype: "float32" }],
    parameters: model.parameters(),
    optimizer: optim.Adam({ lr: 2e-3 }),
    batchSize,
    step: ([batch = zeros([1, 2])]) => ({ loss: model.loss(batch) }),
  });
  let state = program.initialState;
  for (let epoch = 1; epoch <= 400; epoch++) {
    const rows = generator.stream("shuffle", epoch).permutation(count);
    const result = await program.run(state, { rows, batchSize, lr: 2e-3, generator: generator.stream("noise") });
    state = result.state;
    const losses = Array.from(result.values.loss ?? []);
    if (epoch % 100 === 0)
      console.log(`epoch ${epoch}: loss ${(losses.reduce((a, b) => a + b, 0) / losses.length).toFixed(3)}`);
  }
  program.store(state);
  program.release();

  // From noise, time by time backwards.
  const samples = 500;
  const denoise = await compileInference({
    inputs: { x: { shape: [samples, 2], dtype: "float32" }, time: { shape: [samples], dtype: "int64" } },
    build: (input) => ({ noise: model.forward(input("x"), input("time")) }),
  });
  const noiseSource = generator.stream("samples");
  let x = Float32Array.from(await randn([samples, 2], { generator: noiseSource }).data(), Number);
  for (let time = times - 1; time >= 0; time--) {
    const [beta = 0, signal = 1] = [betas[time], left[time]];
    const { noise } = await denoise.run({
      x: { data: x, shape: [samples, 2], dtype: "float32" },
      time: { data: new BigInt64Array(samples).fill(BigInt(time)), shape: [samples], dtype: "int64" },
    });
    x = x.map((value, index) => {
      const mean = (value - (beta / Math.sqrt(1 - signal)) * Number(noise?.[index])) / Math.sqrt(1 - beta);
      return time > 0 ? mean + Math.sqrt(beta) * noiseSource.normal() : mean;
    });
  }
  denoise.release();
  const radii = await fromArray(x, [samples, 2]).norm(2, 1).data();
  const sorted = Array.from(radii, Number).toSorted((a, b) => a - b);
  console.log(
    `radius of 500 samples: median ${sorted[250]?.toFixed(2)}, 9 of 10 between ${sorted[25]?.toFixed(2)} and ${sorted[475]?.toFixed(2)}`,
  );
}
