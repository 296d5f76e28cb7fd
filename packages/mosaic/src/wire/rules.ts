/** What the fields of a message must be. A rule is told once, and names the field that breaks it. */
import { isPlainObject } from "@ml-mosaic/base";

/** @returns what is wrong, beginning with the field's name; undefined where nothing is */
export type Rule = (value: unknown, name: string) => string | undefined;

function kindOf(what: string, is: (value: unknown) => boolean): Rule {
  return (value, name) => (is(value) ? undefined : `${name} must be ${what}, not ${kindText(value)}`);
}

export const flag = kindOf("true or false", (value) => typeof value === "boolean");
export const text = kindOf("a text", (value) => typeof value === "string");
export const number = kindOf("a number", (value) => typeof value === "number");
/** A whole number of things, or an id. */
export const count = kindOf("a whole number", (value) => Number.isSafeInteger(value) && Number(value) >= 0);

export function oneOf(...texts: readonly string[]): Rule {
  return kindOf(texts.join(" or "), (value) => typeof value === "string" && texts.includes(value));
}

export function optional(rule: Rule): Rule {
  return (value, name) => (value === undefined ? undefined : rule(value, name));
}

export function nullable(rule: Rule): Rule {
  return (value, name) => (value === null ? undefined : rule(value, name));
}

export function listOf(rule: Rule): Rule {
  return (value, name) => {
    if (!Array.isArray(value)) return `${name} must be a list, not ${kindText(value)}`;
    for (let index = 0; index < value.length; index++) {
      const fault = rule(value[index], `${name}[${index}]`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/** An object with any names. */
export function recordOf(rule: Rule): Rule {
  return (value, name) => {
    if (!isPlainObject(value)) return `${name} must be an object, not ${kindText(value)}`;
    for (const field of Object.keys(value)) {
      const fault = rule(value[field], `${name}.${field}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/** An object with these fields; others may stand beside them, which a later version has added. */
export function fields(rules: Readonly<Record<string, Rule>>): Rule {
  const entries = Object.entries(rules);
  return (value, name) => {
    if (!isPlainObject(value)) return `${name} must be an object, not ${kindText(value)}`;
    for (const [field, rule] of entries) {
      const fault = rule(Object.hasOwn(value, field) ? value[field] : undefined, `${name}.${field}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

function kindText(value: unknown): string {
  if (value === undefined) return "left out";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `${JSON.stringify(String(value)).slice(0, 60)}`;
}
