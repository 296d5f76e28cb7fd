import { boolean, configurable, register, schema } from "@ml-mosaic/configurable";
import { cat, nn, type Tensor } from "@ml-mosaic/tensor";
import { doubleConvolution } from "./double-convolution.ts";
import { SegmentationModel } from "./segmentation-model.ts";

const options = {
  deep_supervision: schema(boolean, {
    default: true,
    aliases: ["is_ds"],
    help: "Whether each column predicts: the loss is the mean of theirs, and their logits are averaged in evaluation",
  }),
};

/**
 * UNet++ (Zhou et al. 2018): nodes X[depth][column], of which the first column is a U-Net's way down, and each other one
 * sees all nodes of its depth before it and the one below, enlarged. [batch, in_channels, height, width] to logits
 * [batch, out_channels, height, width].
 */
export class UNetPlusPlus extends configurable(options, SegmentationModel) {
  static override readonly aliases = ["unetpp", "unet++"];

  readonly pool = new nn.MaxPool2d(2);
  /** blocks[depth][column] */
  readonly blocks = this.#grid((depth, column) =>
    column > 0
      ? doubleConvolution((column + 1) * this.width(depth), this.width(depth))
      : doubleConvolution(
          depth === 0 ? this.in_channels + this.positionChannels("before") : this.width(depth - 1),
          this.width(depth),
        ),
  );
  /** up[depth][column - 1], from the node below and before */
  readonly up = this.#grid((depth, column) => {
    const isDeepest = depth + column === this.num_blocks;
    const extra = isDeepest && column === 1 ? this.positionChannels("middle") : 0;
    return new nn.ConvTranspose2d(this.width(depth + 1) + extra, this.width(depth), 2, { stride: 2 });
  }, 1);
  /** One for each column but the first, or for the last alone. */
  readonly heads = Array.from(
    { length: this.deep_supervision ? this.num_blocks : 1 },
    () => new nn.Conv2d(this.features + this.positionChannels("after"), this.out_channels, 1),
  );

  /** Something for each node from a column on. */
  #grid<Part>(make: (depth: number, column: number) => Part, firstColumn = 0): readonly (readonly Part[])[] {
    return Array.from({ length: this.num_blocks + 1 - firstColumn }, (_, depth) =>
      Array.from({ length: this.num_blocks + 1 - depth - firstColumn }, (_, index) => make(depth, index + firstColumn)),
    );
  }

  /**
   * @param position of each patch in the map, [batch, 2, 2]; a model without encoder takes no notice of it
   * @returns in training with deep supervision the logits of each column, the last column's last; else one map
   */
  override forward(patch: Tensor, position?: Tensor): Tensor | readonly Tensor[] {
    this.checkInputs(patch, position);
    const logits = this.#columns(patch, position);
    const [first, ...others] = logits;
    if (first === undefined) throw new RangeError("a UNet++ has a head");
    if (this.training && others.length > 0) return logits;
    return others.reduce((sum, each) => sum.add(each), first).mul(1 / logits.length);
  }

  /** The logits of each head. */
  #columns(patch: Tensor, position: Tensor | undefined): readonly Tensor[] {
    /** nodes[depth]: the columns so far */
    const nodes: Tensor[][] = [];
    let x = this.joinPosition("before", patch, position);
    for (const [depth, [block]] of this.blocks.entries()) {
      if (block === undefined) throw new RangeError("every depth has a first node");
      x = block.forward(depth === 0 ? x : this.pool.forward(x));
      nodes.push([depth === this.num_blocks ? this.joinPosition("middle", x, position) : x]);
    }
    for (let column = 1; column <= this.num_blocks; column++) {
      for (let depth = 0; depth + column <= this.num_blocks; depth++) {
        const below = nodes[depth + 1]?.[column - 1];
        const [block, up, before] = [this.blocks[depth]?.[column], this.up[depth]?.[column - 1], nodes[depth]];
        if (below === undefined || block === undefined || up === undefined || before === undefined)
          throw new RangeError("every node has those that it sees");
        before.push(block.forward(cat([...before, up.forward(below)], 1)));
      }
    }
    const columns = (nodes[0] ?? []).slice(-this.heads.length);
    return columns.map((node, index) => {
      const head = this.heads[index];
      if (head === undefined) throw new RangeError("every column has a head");
      return head.forward(this.joinPosition("after", node, position));
    });
  }
}

register(UNetPlusPlus);
