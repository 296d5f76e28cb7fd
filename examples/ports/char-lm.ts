/**
 * A language model of characters, a small GPT (Radford et al. 2019) over one sonnet: `npx node examples/ports/char-lm.ts`
 * trains it, and lets it write.
 */
import { arange, compileInference, compileTraining, Generator, nn, optim, type Tensor, zeros } from "@ml-mosaic/tensor";

export const text = `Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date:
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd;
And every fair from fair sometime declines,
By chance, or nature's changing course, untrimm'd;
But thy eternal summer shall not fade
Nor lose possession of that fair thou owest;
Nor shall Death brag thou wander'st in his shade,
When in eternal lines to time thou growest:
So long as men can breathe or eyes can see,
So long lives this, and this gives life to thee.
`;
export const characters = [...new Set(text)].sort();
export const codes = Array.from(text, (character) => characters.indexOf(character));
export const context = 32;

export class CharacterModel extends nn.Module {
  readonly token = new nn.Embedding(characters.length, 32);
  readonly position = new nn.Embedding(context, 32);
  readonly layers = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(32, 4, {
      dimFeedforward: 64,
      dropout: 0,
      activation: "gelu",
      batchFirst: true,
      normFirst: true,
    }),
    2,
  );
  readonly norm = new nn.LayerNorm(32);
  readonly head = new nn.Linear(32, characters.length);

  /** Scores of what follows each character of [batch, context]: [batch, context, characters]. */
  forward(tokens: Tensor): Tensor {
    const embedded = this.token.forward(tokens).add(this.position.forward(arange(context)));
    // Each character sees those before it, not those behind.
    return this.head.forward(this.norm.forward(this.layers.forward(embedded, { isCausal: true })));
  }

  loss(tokens: Tensor, next: Tensor): Tensor {
    return new nn.CrossEntropyLoss().forward(this.forward(tokens).flatten(0, 1), next.flatten());
  }
}

/** Every piece of the text, and the same one character later: [pieces, context] each. */
export function pieces() {
  const count = codes.length - context;
  const from = (shift: number) => ({
    data: BigInt64Array.from({ length: count * context }, (_, place) =>
      BigInt(codes[Math.floor(place / context) + (place % context) + shift] ?? 0),
    ),
    shape: [count, context],
    dtype: "int64" as const,
  });
  return [from(0), from(1)];
}

if (import.meta.main) {
  const generator = new Generator(0);
  const model = new CharacterModel().initialize(generator.stream("initialization"));
  const fields = pieces();
  const count = codes.length - context;
  const batchSize = 32;
  const program = await compileTraining({
    fields,
    parameters: model.parameters(),
    optimizer: optim.AdamW({ lr: 3e-3 }),
    batchSize,
    step: ([tokens = zeros([1, context], { dtype: "int64" }), next = tokens]) => ({ loss: model.loss(tokens, next) }),
  });
  let state = program.initialState;
  for (let epoch = 1; epoch <= 40; epoch++) {
    const order = generator.stream("shuffle", epoch).permutation(count);
    const rows = order.subarray(0, count - (count % batchSize));
    const result = await program.run(state, { rows, batchSize, lr: 3e-3, generator: generator.stream("noise") });
    state = result.state;
    const losses = Array.from(result.values.loss ?? []);
    if (epoch % 10 === 0)
      console.log(`epoch ${epoch}: loss ${(losses.reduce((a, b) => a + b, 0) / losses.length).toFixed(3)}`);
  }
  program.store(state);
  program.release();

  const predict = await compileInference({
    inputs: { tokens: { shape: [1, context], dtype: "int64" } },
    build: (input) => ({ scores: model.forward(input("tokens")) }),
  });
  const written = codes.slice(0, context);
  for (let place = 0; place < 160; place++) {
    const data = BigInt64Array.from(written.slice(-context), BigInt);
    const { scores } = await predict.run({ tokens: { data, shape: [1, context], dtype: "int64" } });
    const last = Array.from(scores?.slice(-characters.length) ?? [], Number);
    written.push(last.indexOf(Math.max(...last)));
  }
  predict.release();
  console.log(written.map((code) => characters[code]).join(""));
}
