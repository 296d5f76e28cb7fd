import { nearestName } from "@ml-mosaic/base";
import { readText } from "../text/scalars.ts";
import { accept, refuse, type Type } from "./type.ts";

/**
 * One of a few values: `literal("bce", "dice")`. Their letter case counts only where it tells two of them apart; text may spell a
 * number.
 */
export function literal<const Values extends readonly (string | number | boolean)[]>(
  ...values: Values
): Type<Values[number]> {
  const candidates: readonly Values[number][] = values;
  const shown = values.map((value) => JSON.stringify(value));
  const expected = shown.length === 1 ? shown.join() : `one of ${shown.join(", ")}`;
  return {
    expected,
    form: { kind: "literal", values },
    read: (value, { text = false } = {}) => {
      const exact = candidates.find((candidate) => candidate === value);
      if (exact !== undefined) return accept(exact);
      if (typeof value !== "string") return refuse(value, expected);
      const meant = text ? readText(value) : value;
      const found = candidates.find((candidate) => candidate === meant) ?? inAnyCase(value, candidates);
      if (found !== undefined) return accept(found);
      return refuse(value, expected, nearestName(value, values.map(String)));
    },
  };
}

function inAnyCase<Value>(text: string, candidates: readonly Value[]): Value | undefined {
  const [found, ...others] = candidates.filter(
    (candidate) => typeof candidate === "string" && candidate.toLowerCase() === text.toLowerCase(),
  );
  return others.length === 0 ? found : undefined;
}
