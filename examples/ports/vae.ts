/** A variational autoencoder of handwritten digits (Kingma and Welling 2014): `npx node examples/ports/vae.ts` trains it. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { compileTraining, evaluate, fromArray, Generator, nn, optim, randnLike, type Tensor } from "@ml-mosaic/tensor";

const pixels = 64;
const latent = 4;

export class Vae extends nn.Module {
  readonly encoder = new nn.Sequential(new nn.Linear(pixels, 32), new nn.Tanh());
  readonly mean = new nn.Linear(32, latent);
  readonly log_variance = new nn.Linear(32, latent);
  readonly decoder = new nn.Sequential(new nn.Linear(latent, 32), new nn.Tanh(), new nn.Linear(32, pixels));

  /** The loss of images [batch, 64]; noise [batch, 4] is drawn anew in each step, unless it is given. */
  forward(images: Tensor, noise?: Tensor): Tensor {
    const hidden = this.encoder.forward(images);
    const [mean, logVariance] = [this.mean.forward(hidden), this.log_variance.forward(hidden)];
    const code = mean.add(
      logVariance
        .mul(0.5)
        .exp()
        .mul(noise ?? randnLike(mean)),
    );
    const reconstruction = new nn.BCEWithLogitsLoss({ reduction: "sum" }).forward(this.decoder.forward(code), images);
    const divergence = mean.pow(2).add(logVariance.exp()).sub(logVariance).sub(1).sum().mul(0.5);
    return reconstruction.add(divergence).div(images.size(0));
  }
}

/** Images [1797, 64] with values from 0 to 1. */
export function digits(): Tensor {
  const text = gunzipSync(readFileSync(new URL("../digits/digits.csv.gz", import.meta.url))).toString();
  const rows = text.trim().split("\n");
  const values = rows.flatMap((line) => line.split(",").slice(0, pixels));
  return fromArray(
    Float32Array.from(values, (value) => Number(value) / 16),
    [rows.length, pixels],
  );
}

if (import.meta.main) {
  const generator = new Generator(0);
  const model = new Vae().initialize(generator.stream("initialization"));
  const images = digits();
  const [data = new Float32Array()] = await evaluate([images]);
  const program = await compileTraining({
    fields: [{ data, shape: images.shape, dtype: "float32" }],
    parameters: model.parameters(),
    optimizer: optim.Adam({ lr: 3e-3 }),
    batchSize: 64,
    step: ([batch = images]) => ({ loss: model.forward(batch) }),
  });
  let state = program.initialState;
  for (let epoch = 1; epoch <= 20; epoch++) {
    const rows = generator.stream("shuffle", epoch).permutation(images.size(0)).subarray(0, 1792);
    const result = await program.run(state, { rows, batchSize: 64, lr: 3e-3, generator: generator.stream("noise") });
    state = result.state;
    const losses = Array.from(result.values.loss ?? []);
    console.log(`epoch ${epoch}: loss ${(losses.reduce((a, b) => a + b, 0) / losses.length).toFixed(2)}`);
  }
  program.store(state);
  program.release();
}
