import { configurable, register } from "@ml-mosaic/configurable";
import { cat, nn, type Tensor } from "@ml-mosaic/tensor";
import { doubleConvolution } from "./double-convolution.ts";
import { SegmentationModel } from "./segmentation-model.ts";

/**
 * U-Net (Ronneberger, Fischer and Brox 2015) with batch norms and padded convolutions: [batch, in_channels, height,
 * width] to logits [batch, out_channels, height, width].
 */
export class UNet extends configurable({}, SegmentationModel) {
  static override readonly aliases = ["unet"];

  /** One block for each depth on the way down. */
  readonly down = this.#depths().map((depth) =>
    doubleConvolution(
      depth === 0 ? this.in_channels + this.positionChannels("before") : this.width(depth - 1),
      this.width(depth),
    ),
  );
  readonly pool = new nn.MaxPool2d(2);
  readonly bottleneck = doubleConvolution(this.width(this.num_blocks - 1), this.width(this.num_blocks));
  /** To each depth from the one below. */
  readonly up = this.#depths().map(
    (depth) =>
      new nn.ConvTranspose2d(
        this.width(depth + 1) + (depth === this.num_blocks - 1 ? this.positionChannels("middle") : 0),
        this.width(depth),
        2,
        { stride: 2 },
      ),
  );
  /** One block for each depth on the way up. */
  readonly merge = this.#depths().map((depth) => doubleConvolution(2 * this.width(depth), this.width(depth)));
  readonly head = new nn.Conv2d(this.features + this.positionChannels("after"), this.out_channels, 1);

  #depths(): readonly number[] {
    return Array.from({ length: this.num_blocks }, (_, depth) => depth);
  }

  /** @param position of each patch in the map, [batch, 2, 2]; a model without encoder takes no notice of it */
  override forward(patch: Tensor, position?: Tensor): Tensor {
    this.checkInputs(patch, position);
    const skips: Tensor[] = [];
    let x = this.joinPosition("before", patch, position);
    for (const block of this.down) {
      x = block.forward(x);
      skips.push(x);
      x = this.pool.forward(x);
    }
    x = this.joinPosition("middle", this.bottleneck.forward(x), position);
    for (const [depth, skip] of [...skips.entries()].toReversed()) {
      const [up, merge] = [this.up[depth], this.merge[depth]];
      if (up === undefined || merge === undefined) throw new RangeError("every depth has a way up");
      x = merge.forward(cat([skip, up.forward(x)], 1));
    }
    return this.head.forward(this.joinPosition("after", x, position));
  }
}

register(UNet);
