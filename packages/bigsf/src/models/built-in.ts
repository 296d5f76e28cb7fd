/** The models and encoders of positions that configurations can name without importing anything. */
import "./encoders/identity.ts";
import "./encoders/lin.ts";
import "./encoders/sin.ts";
import "./unet.ts";
import "./unetpp.ts";
