import { nn, type Tensor } from "@ml-mosaic/tensor";

/** Two convolutions with a shortcut around them: [batch, channels, height, width] to the same. */
export class Block extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly norm: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;

  constructor(channels: number) {
    super();
    this.conv1 = new nn.Conv2d(channels, channels, 3, { padding: "same" });
    this.norm = new nn.BatchNorm2d(channels);
    this.conv2 = new nn.Conv2d(channels, channels, 3, { padding: "same" });
  }

  forward(x: Tensor): Tensor {
    const hidden = this.norm.forward(this.conv1.forward(x)).relu();
    return this.conv2.forward(hidden).add(x).relu();
  }
}

/** Scores of ten classes for grey images: [batch, 1, height, width] to [batch, 10]. */
export class SmallCnn extends nn.Module {
  readonly stem = new nn.Conv2d(1, 8, 3, { padding: 1 });
  readonly blocks = new nn.Sequential(new Block(8), new nn.MaxPool2d(2), new Block(8));
  readonly dropout = new nn.Dropout(0.1);
  readonly head = new nn.Linear(8, 10);

  forward(images: Tensor): Tensor {
    const features = this.blocks.forward(this.stem.forward(images)).mean([2, 3]);
    return this.head.forward(this.dropout.forward(features));
  }
}
