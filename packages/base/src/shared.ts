/** What of the ground floor is the same in browsers. */
export { CodedError } from "./coded-error.ts";
export { countText, wholeText } from "./count-text.ts";
export { isPlainObject } from "./is-plain-object.ts";
export { Latest } from "./latest.ts";
export { messageOf } from "./message-of.ts";
export { nearestNames } from "./nearest-name.ts";
export { take } from "./take.ts";
