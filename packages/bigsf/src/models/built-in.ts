/** The models and encoders of positions that configurations can name without importing anything. */
import { register } from "@ml-mosaic/configurable";
import { IdentityEncoder } from "./encoders/identity.ts";
import { LinEncoder } from "./encoders/lin.ts";
import { SinEncoder } from "./encoders/sin.ts";
import { UNet } from "./unet.ts";
import { UNetPlusPlus } from "./unetpp.ts";

register(UNet, UNetPlusPlus, LinEncoder, SinEncoder, IdentityEncoder);
