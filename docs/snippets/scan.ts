import { Generator, grad, parameter, randn, scan, zeros } from "@ml-mosaic/tensor";

const generator = new Generator(0);
const [steps, batch, size] = [10_000, 2, 3];
const weight = parameter(
  Float32Array.from({ length: size * size }, () => generator.normal(0, 0.3)),
  [size, size],
);
const x = randn([steps, batch, size], { generator });

const { carry, ys } = scan(
  ({ h, smooth }, slice) => {
    const next = slice.add(h.matmul(weight)).tanh();
    return { carry: { h: next, smooth: smooth.mul(0.9).add(next.mul(0.1)) }, y: next };
  },
  { h: zeros([batch, size]), smooth: zeros([batch, size]) }, // what the first step gets
  x, // gone over along its first axis
);
const [slope] = grad(ys.pow(2).mean(), [weight]);
console.log(JSON.stringify(Object.keys(carry)), JSON.stringify(carry.h.shape), JSON.stringify(ys.shape));
console.log("of the first weight:", Math.abs(Number((await slope?.data())?.[0])) > 0);
