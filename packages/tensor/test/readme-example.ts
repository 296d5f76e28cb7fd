import { Generator, grad, nn, tensor } from "@ml-mosaic/tensor";

// Nothing is computed before item(), toArray() or data() asks for it.
const a = tensor([
  [1, 2],
  [3, 4],
]);
const [gradient] = grad(a.mul(a).sum(), [a]);
console.log(JSON.stringify(await gradient?.toArray()));

// The same seed gives the same weights; the state has PyTorch's names and shapes.
const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Sigmoid(), new nn.Linear(3, 1));
model.initialize(new Generator(0));
for (const [name, { shape }] of model.stateDict()) console.log(name, shape.join(" x "));

// One step of gradient descent, by hand.
const loss = () => new nn.MSELoss().forward(model.forward(a), tensor([[0], [1]]));
const before = await loss().item();
const parameters = model.parameters();
const steps = grad(loss(), parameters).map((each, index) => parameters[index]?.sub(each?.mul(0.1) ?? 0));
for (const [index, parameter] of parameters.entries())
  parameter.value = (await steps[index]?.data()) ?? parameter.value;
console.log((await loss().item()) < before ? "the loss went down" : "the loss did not go down");
