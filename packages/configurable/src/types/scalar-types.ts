import { resolve } from "node:path";
import { booleanFromText, infinityFromText, numberFromText, readText } from "../text/scalars.ts";
import { accept, refuse, type Type } from "./type.ts";

/**
 * A whole number that a float64 holds exactly. As text anything of whole value: `4`, `1e3` and, since `4.0` and `4`
 * are one number in JavaScript and in YAML read by it, `4.0` as well.
 */
export const int: Type<number> = {
  expected: "an integer",
  form: { kind: "int" },
  read: (value, { text = false } = {}) => {
    const number = text && typeof value === "string" ? numberFromText(value) : value;
    // Adding 0 makes 0 of -0, which no integer is.
    return typeof number === "number" && Number.isSafeInteger(number)
      ? accept(number + 0)
      : refuse(value, int.expected);
  },
};

/** Any number, integers and infinities included. NaN is refused: nobody configures it on purpose. */
export const float: Type<number> = {
  expected: "a number",
  form: { kind: "float" },
  read: (value, { text = false } = {}) => {
    const number = text && typeof value === "string" ? (numberFromText(value) ?? infinityFromText(value)) : value;
    return typeof number === "number" && !Number.isNaN(number) ? accept(number) : refuse(value, float.expected);
  },
};

export const string: Type<string> = {
  expected: "a string",
  form: { kind: "string" },
  read: (value) => (typeof value === "string" ? accept(value) : refuse(value, string.expected)),
};

export const boolean: Type<boolean> = {
  expected: "true or false",
  form: { kind: "boolean" },
  read: (value, { text = false } = {}) => {
    const given = text && typeof value === "string" ? booleanFromText(value) : value;
    return typeof given === "boolean" ? accept(given) : refuse(value, boolean.expected);
  },
};

/** A file or folder, which need not exist. It comes back absolute where the reader knows the folder to start from. */
export const path: Type<string> = {
  expected: "a path",
  form: { kind: "path" },
  read: (value, { folder } = {}) => {
    // No operating system has a path with a NUL in it.
    if (typeof value !== "string" || value === "" || value.includes("\0")) return refuse(value, path.expected);
    return accept(folder === undefined ? value : resolve(folder, value));
  },
};

/**
 * A file or a package with code, as a list of `imports` names them: `./my-model.ts`, `some-package`. Relative paths come
 * back absolute where the reader knows the folder, so that a resolved configuration may lie elsewhere.
 */
export const importable: Type<string> = {
  expected: "a path such as ./my-model.ts, or a package",
  form: { kind: "string" },
  read: (value, { folder } = {}) => {
    if (typeof value !== "string" || value === "") return refuse(value, importable.expected);
    return accept(value.startsWith(".") && folder !== undefined ? resolve(folder, value) : value);
  },
};

/** Whatever is given. Text is read as for a class without a schema: numbers and booleans where it looks like them. */
export const any: Type<unknown> = {
  expected: "any value",
  form: { kind: "any" },
  read: (value, { text = false } = {}) => accept(text && typeof value === "string" ? readText(value) : value),
};
