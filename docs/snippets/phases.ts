import { compileTraining, Generator, nn, optim, randn, type Tensor } from "@ml-mosaic/tensor";
import { moons } from "./moons.ts";

/** Half moons from noise, and what tells them from true ones. */
const generator = new nn.Sequential(new nn.Linear(4, 32), new nn.ReLU(), new nn.Linear(32, 2));
const critic = new nn.Sequential(new nn.Linear(2, 32), new nn.LeakyReLU(0.2), new nn.Linear(32, 1));
for (const [index, module] of [generator, critic].entries()) module.initialize(new Generator(index));

const loss = new nn.BCEWithLogitsLoss();
const made = (points: Tensor) => generator.forward(randn([points.size(0), 4])); // other noise in each step and phase
const { fields, rows } = await moons(512, new Generator(2)).samples();

const program = await compileTraining({
  fields,
  batchSize: 64,
  phases: {
    critic: {
      parameters: critic.parameters(),
      optimizer: optim.Adam({ lr: 2e-3, betas: [0.5, 0.999] }),
      step([points]) {
        if (points === undefined) throw new Error("a batch has points");
        const [real, fake] = [critic.forward(points), critic.forward(made(points).detach())];
        return { loss: loss.forward(real, real.onesLike()).add(loss.forward(fake, fake.zerosLike())) };
      },
    },
    generator: {
      parameters: generator.parameters(),
      optimizer: optim.Adam({ lr: 1e-3, betas: [0.5, 0.999] }),
      step([points]) {
        if (points === undefined) throw new Error("a batch has points");
        const score = critic.forward(made(points)); // of the critic as the phase before left it
        return { loss: loss.forward(score, score.onesLike()) };
      },
    },
  },
});

const noise = new Generator(3);
const chunk = { rows, batchSize: 64, generator: noise };
let { state } = await program.run(program.initialState, { ...chunk, phases: ["critic"] }); // it begins alone
for (let epoch = 0; epoch < 10; epoch++) ({ state } = await program.run(state, chunk)); // both, on each minibatch
const { values } = await program.run(state, { ...chunk, phases: ["critic", "critic", "generator"] });
console.log(JSON.stringify(state.phases), Object.keys(values).join(" "));
program.store(state);
program.release();
