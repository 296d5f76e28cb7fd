/** Numbers with bounds, so that a wrong one is a problem of its own option. */
import { float, int, refine, type Type, within } from "@ml-mosaic/configurable";

export const count: Type<number> = within(int, { minimum: 1 });
export const whole: Type<number> = within(int, { minimum: 0 });
export const positive: Type<number> = finite(within(float, { exclusiveMinimum: 0 }));
export const notNegative: Type<number> = finite(within(float, { minimum: 0 }));
export const share: Type<number> = within(float, { minimum: 0, maximum: 1 });
export const fraction: Type<number> = within(float, { exclusiveMinimum: 0, maximum: 1 });
export const belowOne: Type<number> = within(float, { minimum: 0, exclusiveMaximum: 1 });
export const shrinking: Type<number> = within(float, { exclusiveMinimum: 0, exclusiveMaximum: 1 });

function finite(type: Type<number>): Type<number> {
  return refine(type, type.expected, Number.isFinite);
}
