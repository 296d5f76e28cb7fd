import { buffer, compileTraining, Generator, nn, optim } from "@ml-mosaic/tensor";

/** Predicts the next of 8 letters; goes through two texts at once, 16 letters a step. */
const [texts, length, letters] = [2, 16, 8];
class Writer extends nn.Module {
  readonly embedding = new nn.Embedding(letters, 8);
  readonly rnn = new nn.GRU(8, 16, { batchFirst: true });
  readonly head = new nn.Linear(16, letters);
  readonly hidden = buffer(new Float32Array(texts * 16), [1, texts, 16]); // of a module: a part of its files too
}
const model = new Writer().initialize(new Generator(0));

// Rows are the texts' pieces: the first of each text, then the second of each…
const steps = 60;
const text = BigInt64Array.from({ length: texts * steps * (length + 1) }, (_, index) => {
  const [letter, row] = [index % (length + 1), Math.floor(index / (length + 1))];
  return BigInt((Math.floor(row / texts) * length + letter + row) % letters);
});

const program = await compileTraining({
  fields: [{ data: text, shape: [texts * steps, length + 1], dtype: "int64" }],
  parameters: model.parameters(),
  optimizer: optim.Adam({ lr: 1e-2 }),
  batchSize: texts,
  step([piece]) {
    if (piece === undefined) throw new Error("a batch has pieces");
    const { output, hidden } = model.rnn.forward(model.embedding.forward(piece.slice(1, 0, -1)), {
      hidden: model.hidden,
    });
    const scores = model.head.forward(output).reshape([-1, letters]);
    return {
      loss: new nn.CrossEntropyLoss().forward(scores, piece.slice(1, 1).reshape([-1])),
      carry: new Map([[model.hidden, hidden.detach()]]), // what the next step starts from
    };
  },
});
const rows = Int32Array.from({ length: texts * steps }, (_, index) => index);
const { state, values } = await program.run(program.initialState, {
  rows,
  batchSize: texts,
  generator: new Generator(1),
});
console.log("less at the end:", (values.loss?.at(-1) ?? 1) < 0.3 * (values.loss?.[0] ?? 0));
console.log("carried:", state.buffers[0]?.length, "numbers");
program.release();
