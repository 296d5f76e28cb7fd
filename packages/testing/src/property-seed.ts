/** Vitest runs this before each file of tests: properties are tried on the same cases each time, or on new ones of a seed that is given. */
import { configureGlobal } from "fast-check";

const seed = Number(process.env.PROPERTY_SEED ?? 20_261_129);
if (!Number.isInteger(seed))
  throw new RangeError(`PROPERTY_SEED is ${process.env.PROPERTY_SEED}; it must be an integer`);
configureGlobal({ seed });
