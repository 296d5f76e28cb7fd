/**
 * Writes packages/python/wire-cases.json: messages and broken ones as bytes, which the tests of the wire read in both
 * languages. The frames are made here by hand, so that neither side is its own witness.
 */
import { writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";

/**
 * A value told without the wire's spellings: `["double", "NaN"]`, `["integer", "123"]`, `["text", code units of UTF-16]`,
 * `["list", […]]`, `["object", [[name, value], …]]`, `["true"]`, `["false"]`, `["null"]`.
 */
export type Told = readonly [kind: string, what?: string | readonly unknown[]];

export interface ValueCase {
  readonly name: string;
  readonly value: Told;
  /** Hexadecimal digits. */
  readonly frame: string;
  /** Whether both sides write these very bytes; others they only read. */
  readonly written: boolean;
}

export interface BrokenCase {
  readonly name: string;
  readonly bytes: string;
}

const of = (text: string): Told => ["text", Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))];
const double = (text: string): Told => ["double", text];
const integer = (text: string): Told => ["integer", text];
const list = (...values: readonly Told[]): Told => ["list", values];
const object = (...fields: readonly (readonly [string, Told])[]): Told => ["object", fields];

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const nestedValue = (levels: number): Told => (levels === 1 ? list() : list(nestedValue(levels - 1)));

const values: readonly (readonly [name: string, value: Told, body: string | Buffer, written: boolean])[] = [
  ["nothing", ["null"], "null", true],
  ["true", ["true"], "true", true],
  ["false", ["false"], "false", true],
  ["zero", integer("0"), "0", true],
  ["negative", integer("-17"), "-17", true],
  ["largest exact integer", integer("9007199254740991"), "9007199254740991", true],
  ["smallest exact integer", integer("-9007199254740991"), "-9007199254740991", true],
  ["integer past doubles", integer("9007199254740993"), '{"$integer":"9007199254740993"}', true],
  ["first integer that is spelled", integer("9007199254740992"), '{"$integer":"9007199254740992"}', true],
  ["negative integer past doubles", integer("-9007199254740993"), '{"$integer":"-9007199254740993"}', true],
  ["largest of 64 bit", integer("18446744073709551615"), '{"$integer":"18446744073709551615"}', true],
  ["large whole double", double("9007199254740994"), "9007199254740994", false],
  ["half", double("0.5"), "0.5", true],
  ["shortest digits", double("0.30000000000000004"), "0.30000000000000004", true],
  ["smallest double", double("5e-324"), "5e-324", true],
  ["largest double", double("1.7976931348623157e+308"), "1.7976931348623157e+308", true],
  ["exponent", double("1e-7"), "1E-7", false],
  ["NaN", double("NaN"), '{"$number":"NaN"}', true],
  ["infinity", double("Infinity"), '{"$number":"Infinity"}', true],
  ["negative infinity", double("-Infinity"), '{"$number":"-Infinity"}', true],
  ["negative zero", double("-0"), '{"$number":"-0"}', true],
  ["empty text", of(""), '""', true],
  ["text", of('a "b" \\ /\u0000\b\f\n\r\t\u001f'), '"a \\"b\\" \\\\ /\\u0000\\b\\f\\n\\r\\t\\u001f"', true],
  ["text beyond ASCII", of("Łódź ÷ 日本 🎨 \u2028 \u007f"), '"Łódź ÷ 日本 🎨 \u2028 \u007f"', false],
  ["text beyond ASCII, escaped", of("é🎨"), '"\\u00e9\\ud83c\\udfa8"', false],
  ["half of a pair, first", of("\ud800"), '"\\ud800"', true],
  ["half of a pair, second", of("x\udfffy"), '"x\\udfffy"', true],
  ["pair the wrong way round", of("\udc00\ud800"), '"\\udc00\\ud800"', true],
  ["text that begins with a mark of order", of("\ufeffa"), '"\ufeffa"', false],
  ["empty list", list(), "[]", true],
  ["list", list(integer("1"), double("NaN"), ["null"]), '[1,{"$number":"NaN"},null]', true],
  ["empty object", object(), "{}", true],
  ["object", object(["kind", of("done")], ["token", integer("3")]), '{"kind":"done","token":3}', true],
  ["white space", object(["a", list(integer("1"))]), ' { "a" : [ 1 ] }\n', false],
  ["object with a name of the language", object(["__proto__", integer("1")]), '{"__proto__":1}', true],
  ["object that looks like a spelling", object(["$number", of("NaN")]), '{"$object":{"$number":"NaN"}}', true],
  ["object that looks like none that is known", object(["$x", integer("1")]), '{"$object":{"$x":1}}', true],
  ["object that looks like a wrapped one", object(["$object", object()]), '{"$object":{"$object":{}}}', true],
  [
    "object wrapped in others of its kind",
    object(["$a", object(["$b", double("-0")])]),
    '{"$object":{"$a":{"$object":{"$b":{"$number":"-0"}}}}}',
    true,
  ],
  [
    "two names, one with a dollar",
    object(["$number", of("NaN")], ["b", integer("1")]),
    '{"$number":"NaN","b":1}',
    true,
  ],
  ["name that is only a dollar", object(["$", ["null"]]), '{"$object":{"$":null}}', true],
  ["100 levels", nestedValue(100), nested(100), true],
];

const broken: readonly (readonly [name: string, bytes: Buffer])[] = [
  ["wrong checksum", changed(frame("[1]"), 4)],
  ["a bit of the body turned", changed(frame("[1]"), 9)],
  ["a length one too long", Buffer.concat([changed(frame("[1]"), 3, 7), frame("[2]")])],
  ["a length one too short", changed(frame("[1]"), 3, 1)],
  ["a length past the bound", head(64 * 1024 * 1024 + 1, 0)],
  ["the largest length", Buffer.alloc(8, 0xff)],
  ["no frame at all", Buffer.from("Hello, world\n")],
  ["an empty body", frame("")],
  ["no JSON", frame("hello")],
  ["JSON that is cut", frame('{"a":')],
  ["two values", frame("1 2")],
  ["NaN as a name", frame("NaN")],
  ["infinity as a name", frame("[-Infinity]")],
  ["a number past doubles", frame("1e999")],
  ["a name without quotes", frame("{a:1}")],
  ["a comma at the end", frame("[1,]")],
  ["a line end in a text", frame('"\n"')],
  ["a mark of order before", frame("\ufeff1")],
  ["no UTF-8", frame(Buffer.from([0x22, 0xff, 0x22]))],
  ["half of a pair as UTF-8", frame(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))],
  ["a letter in too many bytes", frame(Buffer.from([0x22, 0xc1, 0x81, 0x22]))],
  ["101 levels", frame(nested(101))],
  ["3,000 levels", frame(nested(3000))],
  ["101 levels of wrapped objects", frame(`${'{"$object":{"$a":'.repeat(101)}0${"}}".repeat(101)}`)],
  ["an unknown spelling", frame('{"$date":"2026"}')],
  ["a number in an unknown spelling", frame('{"$number":"nan"}')],
  ["a number that needs no spelling", frame('{"$number":"1"}')],
  ["a number that is no text", frame('{"$number":0}')],
  ["an integer that needs no spelling", frame('{"$integer":"9007199254740991"}')],
  ["an integer with a zero before", frame('{"$integer":"09007199254740993"}')],
  ["an integer of letters", frame('{"$integer":"9007199254740993n"}')],
  ["an integer that is no text", frame('{"$integer":9007199254740993}')],
  ["an integer of 1001 digits", frame(`{"$integer":"${"9".repeat(1001)}"}`)],
  ["a wrapped list", frame('{"$object":[]}')],
  ["a name of the language as a spelling", frame('{"$number":"constructor"}')],
];

function head(length: number, checksum: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(checksum, 4);
  return bytes;
}

function frame(body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([head(bytes.length, crc32(bytes)), bytes]);
}

function changed(bytes: Buffer, at: number, by = 1): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ by, at);
  return bytes;
}

export const wireCases: { readonly values: readonly ValueCase[]; readonly broken: readonly BrokenCase[] } = {
  values: values.map(([name, value, body, written]) => ({ name, value, frame: frame(body).toString("hex"), written })),
  broken: broken.map(([name, bytes]) => ({ name, bytes: bytes.toString("hex") })),
};

const lines = (cases: readonly unknown[]) => cases.map((each) => `  ${JSON.stringify(each)}`).join(",\n");

/** The file's text, with a case a line. */
export const wireCasesText = `{\n "values": [\n${lines(wireCases.values)}\n ],\n "broken": [\n${lines(wireCases.broken)}\n ]\n}\n`;

if (import.meta.main) writeFileSync(new URL("../packages/python/wire-cases.json", import.meta.url), wireCasesText);
