/** What may be typed next in a condition: a name, a sign, a value of that column, `and` or `or`. */
import { quotedName } from "./brush.ts";

export interface Completion {
  readonly text: string;
  /** What it is, for people. */
  readonly note: string;
  /** The part of the condition whose place it takes. */
  readonly from: number;
  readonly to: number;
}

export interface KnownColumn {
  readonly name: string;
  readonly note: string;
  /** Values that occur, of columns that have few. */
  values(): readonly string[];
}

const most = 12;

export function completionsAt(where: string, caret: number, columns: readonly KnownColumn[]): readonly Completion[] {
  const before = where.slice(0, caret);
  const [word = ""] = /"(?:[^"]|"")*$|[^\s=<>!(),"]*$/.exec(before) ?? [];
  const from = caret - word.length;
  const to = caret + (/^[^\s=<>!(),"]*/.exec(where.slice(caret))?.[0].length ?? 0);
  const offer = (text: string, note: string): Completion => ({ text, note, from, to });
  const typed = word.replace(/^"/, "").toLowerCase();
  const isWanted = (text: string) => text.toLowerCase().includes(typed) && text.toLowerCase() !== typed;
  const start = before.slice(0, from).trimEnd();
  const compared = comparedName(start);
  if (compared !== undefined) {
    const values = columns.find(({ name }) => name === compared)?.values() ?? [];
    return best(values.filter(isWanted), typed).map((value) => offer(valueText(value), `value of ${compared}`));
  }
  if (expectsName(start)) {
    const names = columns.filter(({ name }) => isWanted(name));
    const ordered = best(
      names.map(({ name }) => name),
      typed,
    );
    return ordered.map((name) => offer(quotedName(name), columns.find((each) => each.name === name)?.note ?? ""));
  }
  const isBehindName = columns.some(({ name }) => start.endsWith(quotedName(name)));
  const next = isBehindName
    ? [
        ["=", "is"],
        ["!=", "is not"],
        ["<", "is less than"],
        [">", "is more than"],
        ["in (", "is one of"],
      ]
    : [
        ["and", "both hold"],
        ["or", "either holds"],
      ];
  return next.flatMap(([text = "", note = ""]) => (isWanted(text) ? [offer(text, note)] : []));
}

/** Those that begin with what was typed come first. */
function best(texts: readonly string[], typed: string): readonly string[] {
  const starting = texts.filter((text) => text.toLowerCase().startsWith(typed));
  const others = texts.filter((text) => !text.toLowerCase().startsWith(typed));
  return [...starting, ...others].slice(0, most);
}

/** The name in front of a comparison or a list that has not ended. */
function comparedName(start: string): string | undefined {
  const found = /(?:"((?:[^"]|"")+)"|([^\s=<>!(),"]+))\s*(?:[=<>!]+|(?:not\s+)?in\s*\((?:[^()"]|"[^"]*")*)$/.exec(
    start,
  );
  if (found === null) return undefined;
  if (/[^\s(,]$/.test(start) && /in\s*\(/.test(found[0])) return undefined;
  return found[1]?.replaceAll('""', '"') ?? found[2];
}

function expectsName(start: string): boolean {
  return start === "" || /(?:^|\s|\()(?:and|or|not)$|\($/.test(start);
}

function valueText(value: string): string {
  return /^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(value) ? value : quotedName(value);
}
