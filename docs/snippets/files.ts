import { Generator, randn, readSafetensors } from "@ml-mosaic/tensor";
import { SmallCnn } from "./small-cnn.ts";

const model = new SmallCnn().initialize(new Generator(0)).eval();
await model.saveModel("small"); // small.safetensors

const other = new SmallCnn().eval();
await other.loadModel("small");
const images = randn([3, 1, 8, 8], { generator: new Generator(1) });
const distance = model.forward(images).sub(other.forward(images)).abs().max();
console.log("distance", await distance.item());

// Names, shapes and types are PyTorch's.
const { tensors } = await readSafetensors("small.safetensors");
for (const name of ["blocks.0.conv1.weight", "blocks.0.norm.running_mean", "blocks.0.norm.num_batches_tracked"])
  console.log(name, JSON.stringify(tensors.get(name)?.shape), tensors.get(name)?.dtype);

// One shape for each input; the first size is the batch's, and is left open in the file.
await model.saveOnnx("small.onnx", [1, 1, 8, 8]);
