/** A component in text: `SGD`, or with options in brackets `SGD(momentum=0.9, nesterov=True)`, which may be components too. */
import { isPlainObject } from "@ml-mosaic/base";
import type { ConfigObject } from "../components/component-class.ts";
import type { Refused } from "../types/type.ts";
import { textProblem } from "./range.ts";
import { booleanFromText } from "./scalars.ts";
import { parseValue } from "./values.ts";

export type ComponentText = { readonly ok: true; readonly config: ConfigObject } | Refused;

/** The configuration that a text stands for. `True` is the component that is meant without a type. */
export function parseComponentText(text: string): ComponentText {
  const trimmed = text.trim();
  if (booleanFromText(trimmed) === true) return { ok: true, config: {} };
  const open = trimmed.indexOf("(");
  if (open === -1) return { ok: true, config: { type: trimmed } };
  const type = trimmed.slice(0, open).trim();
  const inner = trimmed.endsWith(")") ? trimmed.slice(open + 1, -1) : undefined;
  const parsed = inner === undefined ? undefined : parseValue(inner, { nested: true, braces: "text" });
  if (type === "" || parsed === undefined)
    return refused(`"${text}" is no component: write name(option=value, option=value)`);
  if (!parsed.ok) return { ok: false, problems: parsed.faults.map(textProblem) };
  const options: [string, string][] = [];
  for (const part of parsed.value.values) {
    const [, name, value] = /^([\p{L}_][\p{L}\p{N}_.-]*)\s*=\s*(.*)$/su.exec(part) ?? [];
    if (name === undefined || value === undefined)
      return refused(`"${part}" is no option: write ${type}(option=value, option=value)`);
    if (options.some(([other]) => other === name)) return refused(`${type}(…) has ${name} twice: keep one of the two`);
    options.push([name, unquoted(value)]);
  }
  return { ok: true, config: { type, ...Object.fromEntries(options) } };
}

/** What a configuration is, where it may be text: an object is one already. */
export function configOfText(value: unknown): ComponentText {
  if (typeof value === "string") return parseComponentText(value);
  if (!isPlainObject(value) || typeof value.type !== "string") return { ok: true, config: Object(value) };
  const parsed = parseComponentText(value.type);
  const { type: _, ...options } = value;
  return parsed.ok ? { ok: true, config: { ...parsed.config, ...options } } : parsed;
}

function unquoted(value: string): string {
  const parsed = value.startsWith('"') ? parseValue(value) : undefined;
  return (parsed?.ok ? parsed.value.values[0] : undefined) ?? value;
}

function refused(message: string): Refused {
  return { ok: false, problems: [{ kind: "text", path: [], message }] };
}
