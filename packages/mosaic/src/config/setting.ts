// Turns the text of one option into a typed value, as its OptionSpec asks.

import { suggestName } from "@ml-mosaic/base";
import type { Fault } from "./problem.ts";
import { parseValue } from "./values.ts";
import type { OptionSpec } from "./vocabulary.ts";

export type SettingValue = number | boolean | string | readonly number[];

export type SettingResult<Value = SettingValue> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly fault: Fault };

export function parseSetting(spec: OptionSpec, text: string): SettingResult {
  switch (spec.type) {
    case "float":
    case "int":
      return parseNumber(spec, text);
    case "floats":
    case "ints":
      return parseNumbers(spec, text);
    case "boolean":
      return parseBoolean(text);
    case "string":
      if (spec.choices === undefined || spec.choices.includes(text)) return { ok: true, value: text };
      return refuse("unknown-name", `"${text}" is not known here.`, suggestName(text, spec.choices));
    default:
      return spec.type satisfies never;
  }
}

export function parseBoolean(text: string): SettingResult<boolean> {
  if (text === "True" || text === "true") return { ok: true, value: true };
  if (text === "False" || text === "false") return { ok: true, value: false };
  return refuse("not-a-boolean", `"${text}" is neither True nor False.`, "Write True or False.");
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

export function parseNumber(spec: OptionSpec, text: string): SettingResult<number> {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  const whole = spec.type === "int" || spec.type === "ints";
  if (!Number.isFinite(value)) {
    const remedy = /\s[#;]/.test(text)
      ? `Write ${describeNumber(spec)} alone; comments have lines of their own.`
      : `Write ${describeNumber(spec)}.`;
    return refuse("not-a-number", `"${text}" is not a number.`, remedy);
  }
  if (whole && !Number.isSafeInteger(value))
    return refuse("not-a-whole-number", `"${text}" is not a whole number.`, `Write ${describeNumber(spec)}.`);
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = spec;
  if (value < minimum || value <= exclusiveMinimum)
    return refuse("number-too-small", `"${text}" is too small.`, `Write ${describeNumber(spec)}.`);
  if (value > maximum || value >= exclusiveMaximum)
    return refuse("number-too-large", `"${text}" is too large.`, `Write ${describeNumber(spec)}.`);
  return { ok: true, value };
}

function parseNumbers(spec: OptionSpec, text: string): SettingResult<readonly number[]> {
  const parsed = parseValue(text);
  if (!parsed.ok) {
    const [fault] = parsed.faults;
    return fault === undefined
      ? refuse("malformed-value", `"${text}" is not a sequence.`, "Write numbers with commas.")
      : { ok: false, fault };
  }
  const numbers: number[] = [];
  for (const element of parsed.value.values) {
    const number = parseNumber(spec, element);
    if (!number.ok) return number;
    numbers.push(number.value);
  }
  return { ok: true, value: numbers };
}

/** @example "a whole number of at least 1" */
function describeNumber({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: OptionSpec): string {
  const kind = type === "int" || type === "ints" ? "a whole number" : "a number";
  const bounds = [
    minimum === undefined ? undefined : `of at least ${minimum}`,
    exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`,
    maximum === undefined ? undefined : `of at most ${maximum}`,
    exclusiveMaximum === undefined ? undefined : `below ${exclusiveMaximum}`,
  ].filter((bound) => bound !== undefined);
  return [kind, bounds.join(" and ")].filter((part) => part !== "").join(" ");
}

function refuse(code: string, message: string, remedy: string): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: { code, message, remedy } };
}
