/** What other packages compute with. */
export { tInterval } from "./mean-interval.ts";
export { deviationOf, type Interval, meanOf } from "./sample.ts";
