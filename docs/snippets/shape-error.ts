import { nn, TensorError, zeros } from "@ml-mosaic/tensor";
import { Block } from "./small-cnn.ts";

const wrong = new nn.Sequential(new Block(8), new nn.MaxPool2d(2), new Block(16));
try {
  wrong.forward(zeros([4, 8, 8, 8]));
} catch (error) {
  if (error instanceof TensorError) console.log(`${error.code}\n${error.message}`);
}
