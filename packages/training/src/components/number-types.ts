/** Numbers with limits, so that a wrong one is a problem of its own option. */
import { float, int, type Type } from "@ml-mosaic/configurable";

function limited(type: Type<number>, expected: string, holds: (value: number) => boolean): Type<number> {
  return {
    ...type,
    expected,
    read(value, options) {
      const reading = type.read(value, options);
      if (reading.ok && holds(reading.value)) return reading;
      return { ok: false, problems: [{ kind: "invalid", path: [], value, expected }] };
    },
  };
}

export const count: Type<number> = limited(int, "a whole number above 0", (value) => value > 0);
export const whole: Type<number> = limited(int, "a whole number, 0 or more", (value) => value >= 0);
export const positive: Type<number> = limited(
  float,
  "a number above 0",
  (value) => value > 0 && value < Number.POSITIVE_INFINITY,
);
export const notNegative: Type<number> = limited(
  float,
  "a number, 0 or more",
  (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
);
export const share: Type<number> = limited(float, "a number from 0 to 1", (value) => value >= 0 && value <= 1);
export const belowOne: Type<number> = limited(
  float,
  "a number, 0 or more and below 1",
  (value) => value >= 0 && value < 1,
);
export const shrinking: Type<number> = limited(
  float,
  "a number above 0 and below 1",
  (value) => value > 0 && value < 1,
);
export const fraction: Type<number> = limited(float, "a number above 0, at most 1", (value) => value > 0 && value <= 1);
