/**
 * A generative adversarial network of handwritten digits (Goodfellow et al. 2014): `npx node examples/ports/gan.ts` trains it.
 * Two phases over one state: the generator's batch norm moves in both, and each sees what the other has learned.
 */
import {
  compileTraining,
  evaluate,
  Generator,
  nn,
  optim,
  randn,
  type Tensor,
  type TrainingPhase,
} from "@ml-mosaic/tensor";
import { digits } from "./vae.ts";

const pixels = 64;
const latent = 8;
const adam = optim.Adam({ lr: 2e-3, betas: [0.5, 0.999] });

export class Gan extends nn.Module {
  readonly generator = new nn.Sequential(
    new nn.Linear(latent, 64, { bias: false }),
    new nn.BatchNorm1d(64),
    new nn.ReLU(),
    new nn.Linear(64, pixels),
    new nn.Sigmoid(),
  );
  readonly discriminator = new nn.Sequential(new nn.Linear(pixels, 64), new nn.LeakyReLU(0.2), new nn.Linear(64, 1));
  readonly #loss = new nn.BCEWithLogitsLoss();

  /** Of images [batch, 64]; noise [batch, 8] is drawn anew in each phase of each step, unless it is given. */
  phases(): Readonly<Record<"discriminator" | "generator", TrainingPhase>> {
    const made = (images: Tensor, noise?: Tensor) => this.generator.forward(noise ?? randn([images.size(0), latent]));
    return {
      discriminator: {
        parameters: this.discriminator.parameters(),
        optimizer: adam,
        step: ([images = randn([1, pixels]), noise]) => {
          const real = this.discriminator.forward(images);
          const fake = this.discriminator.forward(made(images, noise).detach());
          return { loss: this.#loss.forward(real, real.onesLike()).add(this.#loss.forward(fake, fake.zerosLike())) };
        },
      },
      generator: {
        parameters: this.generator.parameters(),
        optimizer: adam,
        step: ([images = randn([1, pixels]), noise]) => {
          const score = this.discriminator.forward(made(images, noise));
          return { loss: this.#loss.forward(score, score.onesLike()) };
        },
      },
    };
  }
}

if (import.meta.main) {
  const generator = new Generator(0);
  const model = new Gan().initialize(generator.stream("initialization"));
  const images = digits();
  const [data = new Float32Array()] = await evaluate([images]);
  const program = await compileTraining({
    fields: [{ data, shape: images.shape, dtype: "float32" }],
    phases: model.phases(),
    batchSize: 64,
  });
  let state = program.initialState;
  for (let epoch = 1; epoch <= 50; epoch++) {
    const rows = generator.stream("shuffle", epoch).permutation(images.size(0)).subarray(0, 1792);
    const result = await program.run(state, { rows, batchSize: 64, generator: generator.stream("noise") });
    state = result.state;
    const last = (name: string) => result.values[name]?.at(-1)?.toFixed(2);
    console.log(`epoch ${epoch}: discriminator ${last("discriminator.loss")}, generator ${last("generator.loss")}`);
  }
  program.store(state);
  program.release();
  model.eval();
  const shades = " .:-=+*#%@";
  const [digit = new Float32Array()] = await evaluate([model.generator.forward(randn([1, latent]))]);
  for (let row = 0; row < 8; row++) {
    const shade = (column: number) => shades[Math.floor(9.99 * Number(digit[8 * row + column]))];
    console.log(Array.from({ length: 8 }, (_, column) => shade(column)).join(""));
  }
}
