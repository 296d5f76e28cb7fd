/**
 * TensorFlow.js' side of the benchmarks, on WebAssembly: reads one case a line, answers as the others do. It is no
 * dependency of this repository; to have it: npm install --no-save @tensorflow/tfjs @tensorflow/tfjs-backend-wasm
 */
import { createInterface } from "node:readline";
import * as tf from "@tensorflow/tfjs";
import * as wasm from "@tensorflow/tfjs-backend-wasm";

wasm.setThreadsCount(1);
await tf.setBackend("wasm");
await tf.ready();

function mlp({ sizes, activation }) {
  const layers = sizes.slice(1).map((size, index) => ({
    weight: tf.variable(tf.randomNormal([sizes[index], size], 0, 1 / Math.sqrt(sizes[index]))),
    bias: tf.variable(tf.zeros([size])),
  }));
  const forward = (x) =>
    layers.reduce((value, { weight, bias }, index) => {
      const sum = tf.add(tf.matMul(value, weight), bias);
      if (activation === "sigmoid") return tf.sigmoid(sum);
      return index < layers.length - 1 ? tf.relu(sum) : sum;
    }, x);
  return forward;
}

function cnn({ sizes }) {
  const layers = sizes.slice(1).map((size, index) => ({
    weight: tf.variable(tf.randomNormal([3, 3, sizes[index], size], 0, 1 / Math.sqrt(9 * sizes[index]))),
    bias: tf.variable(tf.zeros([size])),
  }));
  // Its layout is [batch, height, width, channels].
  return (x) => {
    let value = tf.transpose(x, [0, 2, 3, 1]);
    for (const [index, { weight, bias }] of layers.entries()) {
      value = tf.add(tf.conv2d(value, weight, 1, "same"), bias);
      if (index < layers.length - 1) value = tf.relu(value);
    }
    return tf.transpose(value, [0, 3, 1, 2]);
  };
}

const builders = { mlp, cnn };

console.log(JSON.stringify({ version: tf.version_core ?? tf.version.tfjs }));
for await (const line of createInterface({ input: process.stdin })) {
  const training = JSON.parse(line);
  let microseconds = Number.NaN;
  const build = builders[training.model];
  if (build !== undefined) {
    try {
      const forward = build(training);
      const x = tf.randomNormal(training.input);
      const y = tf.randomNormal(training.target);
      const optimizer = training.optimizer === "Adam" ? tf.train.adam(1e-3) : tf.train.sgd(1e-3);
      const rows = tf.range(0, training.input[0], 1, "int32");
      const loss = () => tf.mean(tf.square(tf.sub(forward(tf.gather(x, rows)), tf.gather(y, rows))));
      const step = () => optimizer.minimize(loss);
      // A step of it may take a hundred times as long as ours: fewer of them are timed.
      const steps = Math.max(1, Math.floor(training.steps / 10));
      step();
      const start = performance.now();
      for (let index = 0; index < steps; index++) step();
      microseconds = ((performance.now() - start) / steps) * 1000;
    } catch (error) {
      console.error(`TensorFlow.js cannot train ${training.name}: ${error.message}`);
    }
  }
  console.log(JSON.stringify({ microseconds, megabytes: process.resourceUsage().maxRSS / 1024 }));
}
