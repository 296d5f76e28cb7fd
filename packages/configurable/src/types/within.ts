import type { Bounds, Form } from "./form.ts";
import { refine } from "./refine.ts";
import type { Type } from "./type.ts";

/**
 * Numbers between bounds, each of which may be left out.
 *
 * @example
 * const positive = within(int, { minimum: 1 });
 * const share = within(float, { minimum: 0, exclusiveMaximum: 1 });
 */
export function within(type: Type<number>, bounds: Bounds): Type<number> {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum, exclusiveMaximum } = bounds;
  const holds = (value: number) =>
    value >= minimum &&
    value <= maximum &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    (exclusiveMaximum === undefined || value < exclusiveMaximum);
  const form = boundedForm(type, bounds);
  return { ...refine(type, inWords(type.expected, bounds), holds), ...(form === undefined ? {} : { form }) };
}

function boundedForm({ form }: Type<number>, bounds: Bounds): Form | undefined {
  return form?.kind === "int" || form?.kind === "float"
    ? { kind: form.kind, bounds: { ...form.bounds, ...bounds } }
    : form;
}

/** @example "an integer of at least 1 and below 10" */
function inWords(expected: string, { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Bounds): string {
  const parts = [
    minimum === undefined ? undefined : `of at least ${minimum}`,
    exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`,
    maximum === undefined ? undefined : `of at most ${maximum}`,
    exclusiveMaximum === undefined ? undefined : `below ${exclusiveMaximum}`,
  ].filter((part) => part !== undefined);
  return [expected, parts.join(" and ")].join(" ").trimEnd();
}
