import { arange, einsum, grad, tensor } from "@ml-mosaic/tensor";

const print = async (name: string, value: { toArray(): Promise<unknown> }) =>
  console.log(name, JSON.stringify(await value.toArray()));

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const y = x.matmul(tensor([[0.5], [0], [-0.5]])).relu();
console.log(String(y)); // a node of a graph: nothing has been computed
await print("values", x.sub(x.mean(0)));
await print("largest", x.topk(2).values);
await print("last column", x.select(1, -1));
await print("whole numbers", arange(4).mul(2));
await print("pairs", einsum("ik,jk->ij", x, x));

// The gradient is a graph too, so it has a gradient in turn: x^3, 3 x^2, 6 x.
const z = tensor([1, 2]);
const [slope] = grad(z.pow(3).sum(), [z]);
const [curvature] = slope === undefined ? [] : grad(slope.sum(), [z]);
if (curvature !== undefined) await print("curvature", curvature);
