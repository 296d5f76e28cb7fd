import type { Type } from "@ml-mosaic/configurable";

/** A type of numbers from `min` to `max`, both included. */
export function bounded(
  type: Type<number>,
  { min, max }: { readonly min: number; readonly max?: number },
): Type<number> {
  const expected = max === undefined ? `${type.expected}, ${min} or more` : `${type.expected} from ${min} to ${max}`;
  return {
    ...type,
    expected,
    read: (value, options) => {
      const reading = type.read(value, options);
      const { ok } = reading;
      return ok && !(reading.value >= min && reading.value <= (max ?? Number.MAX_VALUE))
        ? { ok: false, problems: [{ kind: "invalid", path: [], value, expected, nearest: undefined }] }
        : reading;
    },
  };
}
