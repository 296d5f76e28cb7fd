/**
 * What messages say, as text: JSON, in which also what JSON cannot say has a spelling. NaN, the infinities and negative
 * zero are `{"$number": "NaN"}`, an integer beyond doubles' exact ones is `{"$integer": "9007199254740993"}`, and an object
 * of the sender's own that looks like a spelling is `{"$object": {…}}`.
 */
import { isPlainObject } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";

/** Lists and objects in each other; no message needs a tenth of it. */
export const mostLevels = 100;

const numbers: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/**
 * Fields that are undefined are left out.
 *
 * @throws MosaicError that names what is no plain data
 */
export function writeValue(value: unknown): string {
  return written(value, "", 0);
}

/** Looks up no method of the values: in a worker modules may have changed those. */
function written(value: unknown, path: string, level: number): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return String(value);
      return `{"$number":"${Object.is(value, -0) ? "-0" : value}"}`;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? String(value) : `{"$integer":"${value}"}`;
    case "object":
      if (value === null) return "null";
      if (level === mostLevels) throw noMessage(path, `is nested more than ${mostLevels} levels deep`);
      if (Array.isArray(value)) return writtenList(value, path, level + 1);
      if (isPlainObject(value)) return writtenObject(value, path, level + 1);
      throw noMessage(path, "is an object of a class");
    default:
      throw noMessage(path, `is of type ${typeof value}`);
  }
}

function writtenList(list: readonly unknown[], path: string, level: number): string {
  let text = "";
  for (let index = 0; index < list.length; index++)
    text += `${index === 0 ? "" : ","}${written(list[index], `${path}[${index}]`, level)}`;
  return `[${text}]`;
}

function writtenObject(object: Readonly<Record<string, unknown>>, path: string, level: number): string {
  let text = "";
  let fields = 0;
  let looksLikeSpelling = false;
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value === undefined) continue;
    text += `${fields === 0 ? "" : ","}${JSON.stringify(name)}:${written(value, `${path}.${name}`, level)}`;
    fields++;
    looksLikeSpelling = name.startsWith("$");
  }
  return fields === 1 && looksLikeSpelling ? `{"$object":{${text}}}` : `{${text}}`;
}

function noMessage(path: string, what: string): MosaicError {
  return new MosaicError("BAD_MESSAGE", `a message cannot be sent: ${path.replace(/^\./, "") || "it"} ${what}`);
}

/** @throws MosaicError that says what is no message in the text */
export function readValue(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable("it is no JSON", error);
  }
  return restored(value, 0);
}

/** In place, where something is spelled. */
function restored(value: unknown, level: number): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw unreadable("a number is larger than any double");
  if (typeof value !== "object" || value === null) return value;
  if (level === mostLevels) throw unreadable(`it is nested more than ${mostLevels} levels deep`);
  const names = Object.keys(value);
  const [only] = names;
  if (names.length === 1 && only?.startsWith("$") && !Array.isArray(value))
    return spelled(only, Reflect.get(value, only), level);
  return restoredFields(value, names, level + 1);
}

function restoredFields(value: object, names: readonly string[], level: number): object {
  const fields: Record<string, unknown> = Object(value);
  for (const name of names) {
    const field = fields[name];
    const now = restored(field, level);
    if (now !== field) fields[name] = now;
  }
  return fields;
}

function spelled(kind: string, said: unknown, level: number): unknown {
  if (kind === "$number" && typeof said === "string" && Object.hasOwn(numbers, said)) return numbers[said];
  if (kind === "$integer" && typeof said === "string" && /^-?[1-9]\d{15,999}$/.test(said)) {
    const integer = BigInt(said);
    if (!Number.isSafeInteger(Number(integer))) return integer;
  }
  if (kind === "$object" && isPlainObject(said)) return restoredFields(said, Object.keys(said), level + 1);
  throw unreadable(`${kind} is spelled in a way that nobody writes`);
}

function unreadable(what: string, cause?: unknown): MosaicError {
  return new MosaicError("BAD_MESSAGE", what, { cause });
}
