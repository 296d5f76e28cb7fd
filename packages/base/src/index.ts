export { bytesText } from "./bytes-text.ts";
export { clockText } from "./clock-text.ts";
export { CodedError } from "./coded-error.ts";
export { countText } from "./count-text.ts";
export { isPlainObject } from "./is-plain-object.ts";
export { messageOf } from "./message-of.ts";
export { nearestName } from "./nearest-name.ts";
