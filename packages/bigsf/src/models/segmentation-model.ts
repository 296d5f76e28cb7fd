import { countText } from "@ml-mosaic/base";
import { component, configurable, int, literal, schema, within } from "@ml-mosaic/configurable";
import { cat, type Tensor } from "@ml-mosaic/tensor";
import { BaseModel } from "@ml-mosaic/training";
import { BigsfError } from "../errors.ts";
import { BaseEncoder } from "./encoders/base-encoder.ts";

const count = within(int, { minimum: 1 });

const options = {
  in_channels: schema(count, { default: 1, help: "Channels of a patch" }),
  out_channels: schema(count, { default: 1, help: "Maps of logits that come out; BigSF's losses take one" }),
  features: schema(count, {
    default: 16,
    aliases: ["init_features"],
    help: "Channels of the first block; each block further down has twice those of the one above",
  }),
  num_blocks: schema(within(int, { minimum: 1, maximum: 10 }), {
    default: 4,
    help: "How often the image is halved; the sides of patches must be multiples of 2^num_blocks",
  }),
  encoder: schema(component(BaseEncoder), {
    optional: true,
    help: "How the patch's position in the map is told to the model; nothing: not at all",
  }),
  encoder_cat_position: schema(literal("before", "middle", "after"), {
    default: "before",
    aliases: ["encoder_pos"],
    help: "Where the encoded position joins the channels: before the first block, after the deepest, after the last",
  }),
};

export type EncoderPlace = "before" | "middle" | "after";

/** What U-Nets share: their options, and the way of a patch's position into them. */
export abstract class SegmentationModel extends configurable(options, BaseModel) {
  /** Channels at a depth; 0 is the patch's own resolution. */
  protected width(depth: number): number {
    return this.features * 2 ** depth;
  }

  /** Channels that the position adds at a place. */
  protected positionChannels(place: EncoderPlace): number {
    return this.encoder !== undefined && place === this.encoder_cat_position ? this.encoder.channels : 0;
  }

  /**
   * Joins the position to the channels, if this is the place.
   *
   * @param x [batch, channels, height, width]
   * @param position [batch, 2, 2]
   */
  protected joinPosition(place: EncoderPlace, x: Tensor, position: Tensor | undefined): Tensor {
    if (this.positionChannels(place) === 0 || this.encoder === undefined || position === undefined) return x;
    const encoded = this.encoder.forward(position);
    const channels = this.positionChannels(place);
    const planes = encoded.reshape([x.size(0), channels, 1, 1]).expand([x.size(0), channels, x.size(2), x.size(3)]);
    return cat([x, planes], 1);
  }

  /** @throws BigsfError where patches, or their positions, are not what the model takes */
  protected checkInputs(patch: Tensor, position: Tensor | undefined): void {
    const { in_channels, num_blocks, encoder } = this;
    const [, channels, height = 0, width = 0] = patch.shape;
    if (patch.ndim !== 4 || channels !== in_channels) {
      throw new BigsfError(
        "MODEL",
        `${this.constructor.name} takes patches [batch, ${in_channels}, height, width] and got [${patch.shape.join(", ")}]: in_channels is ${in_channels}, and patches have ${countText(channels ?? 0, "channel")}`,
      );
    }
    const multiple = 2 ** num_blocks;
    if (height % multiple !== 0 || width % multiple !== 0) {
      throw new BigsfError(
        "MODEL",
        `${this.constructor.name} cannot halve patches of ${height} x ${width} ${num_blocks} times (num_blocks): their sides must be multiples of ${multiple}; ${remedyFor(height, width, multiple)}`,
      );
    }
    if (encoder === undefined) return;
    if (position === undefined) {
      throw new BigsfError(
        "MODEL",
        `${this.constructor.name} has an encoder of positions, but the samples have none: add toEncode: [positions] to the data set, or leave the encoder out`,
      );
    }
    if (position.ndim !== 3 || position.size(1) !== 2 || position.size(2) !== 2) {
      throw new BigsfError(
        "MODEL",
        `${this.constructor.name} takes positions [batch, 2, 2], [[y0, y1], [x0, x1]], and got [${position.shape.join(", ")}]`,
      );
    }
  }
}

function remedyFor(height: number, width: number, multiple: number): string {
  let halvings = 0;
  while (height % 2 ** (halvings + 1) === 0 && width % 2 ** (halvings + 1) === 0) halvings++;
  const next = multiple * Math.ceil(Math.max(height, width) / multiple);
  const fewer = halvings > 0 ? `num_blocks of at most ${halvings}, or ` : "";
  return `choose ${fewer}a patch_size such as ${next}`;
}
