/**
 * The grammar of conditions, loosest first: `or`, `and`, `not`, then a comparison or a condition in parentheses. A
 * comparison is a name, one of `= == != < <= > >=` and a value, or a name, `in` or `not in`, and values in parentheses.
 */

import { numberFromText } from "@ml-mosaic/configurable/scalars";
import type { TextFault } from "@ml-mosaic/configurable/text-fault";
import { type Condition, type ConditionValue, type Relation, relations } from "./condition.ts";
import { orderedNumber } from "./ordered-number.ts";
import { readTokens, type Token } from "./tokens.ts";

export type ParsedCondition =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly fault: TextFault };

/** Deeper than this nobody reads, and the stack would end somewhere. */
const mostNested = 100;

/** Signs of other languages, and what they are here. */
const otherSigns: Readonly<Record<string, string>> = {
  "=>": ">=",
  "=<": "<=",
  "<>": "!=",
  "=!": "!=",
  "===": "=",
  "!==": "!=",
  "&": "and",
  "&&": "and",
  "|": "or",
  "||": "or",
  "!": "not",
};

const keywords: readonly string[] = ["and", "or", "not", "in"];

/** @example `MLP.depth > 4 and (MLP.width in (64, 128) or optimizer = SGD)` */
export function parseCondition(text: string): ParsedCondition {
  const read = readTokens(text);
  if (!read.ok) return read;
  try {
    return { ok: true, condition: new Parser(read.tokens).condition() };
  } catch (error) {
    if (error instanceof Misread) return { ok: false, fault: error.fault };
    throw error;
  }
}

/** Leaves the parser at the first fault, since what follows one would be guesses. */
class Misread extends Error {
  readonly fault: TextFault;

  constructor(message: string, remedy: string) {
    super(message);
    this.fault = { message, remedy };
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #place = 0;
  #nested = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  condition(): Condition {
    if (this.#peek().kind === "end") throw new Misread("There is no condition.", "Write one, as in MLP.depth > 4.");
    const condition = this.#chain("or");
    if (this.#peek().kind !== "end") throw this.#leftOver();
    return condition;
  }

  #chain(kind: "or" | "and"): Condition {
    const next = () => (kind === "or" ? this.#chain("and") : this.#negation());
    const parts = [next()];
    while (this.#isWord(kind)) {
      this.#place += 1;
      parts.push(next());
    }
    const [first] = parts;
    return first !== undefined && parts.length === 1 ? first : { kind, parts };
  }

  #negation(): Condition {
    if (!this.#isWord("not")) return this.#primary();
    return this.#within(this.#take(), () => ({ kind: "not", part: this.#negation() }));
  }

  #primary(): Condition {
    if (!this.#isSign("(")) return this.#comparison();
    const open = this.#take();
    const condition = this.#within(open, () => this.#chain("or"));
    if (!this.#isSign(")")) throw this.#peek().kind === "end" ? notClosed(open) : this.#leftOver();
    this.#place += 1;
    return condition;
  }

  #within(opening: Token, read: () => Condition): Condition {
    this.#nested += 1;
    if (this.#nested > mostNested)
      throw new Misread(`${told(opening)} is nested more than ${mostNested} deep.`, "Write a simpler condition.");
    const condition = read();
    this.#nested -= 1;
    return condition;
  }

  #comparison(): Condition {
    const token = this.#take();
    if (token.kind === "end" || token.kind === "sign" || isKeyword(token)) throw this.#noName(token);
    const name = { name: token.text, at: token.at };
    const sign = this.#take();
    if (isKeyword(sign, "in")) return { kind: "in", name, values: this.#list(token, sign) };
    if (isKeyword(sign, "not") && this.#isWord("in"))
      return { kind: "not", part: { kind: "in", name, values: this.#list(token, this.#take()) } };
    const relation = sign.kind === "sign" ? relationOf(sign.text) : undefined;
    if (relation === undefined) throw noComparison(token, sign);
    if (token.kind === "word" && numberFromText(token.text) !== undefined) throw this.#numberFirst(token, relation);
    const value = this.#value(sign);
    if (relation !== "=" && relation !== "!=") checkNumber(value, sign);
    return { kind: "comparison", name, relation, value };
  }

  /** @param before what the value belongs to */
  #value(before: Token): ConditionValue {
    const token = this.#take();
    const { kind, text, at } = token;
    if (kind === "sign" && text === "(")
      throw new Misread(
        `${told(token)} stands where one value belongs.`,
        "Write several values as in MLP.width in (64, 128).",
      );
    if (kind === "sign" && text !== ")" && text !== ",")
      throw new Misread(`${told(token)} stands where a value belongs.`, `Put texts with signs in quotes: "${text}".`);
    if (kind === "end" || kind === "sign")
      throw new Misread(`${told(before)} has no value behind it.`, 'Write one; an empty text is "".');
    if (isKeyword(token))
      throw new Misread(`${told(token)} stands where a value belongs.`, `Put it in quotes if it is one: "${text}".`);
    return { text, isQuoted: kind === "quoted", at };
  }

  #list(name: Token, before: Token): readonly ConditionValue[] {
    if (!this.#isSign("(")) throw this.#bareList(name, before);
    const open = this.#take();
    if (this.#isSign(")"))
      throw new Misread(`The list at character ${open.at} is empty.`, "Write its values, as in (64, 128).");
    const values: ConditionValue[] = [];
    for (let last = open; last.text !== ")"; last = this.#take()) {
      if (this.#isSign(",") || (last.text === "," && this.#isSign(")")))
        throw new Misread(
          `The list at character ${open.at} has an empty place.`,
          'Remove the extra comma; an empty text is "".',
        );
      if (this.#peek().kind === "end") throw notClosed(open);
      values.push(this.#value(last));
      if (this.#peek().kind === "end") throw notClosed(open);
      if (!this.#isSign(",") && !this.#isSign(")"))
        throw new Misread(
          `${told(this.#peek())} follows a value in a list.`,
          "Put a comma between values, and texts with spaces in quotes.",
        );
    }
    return values;
  }

  #bareList(name: Token, before: Token): Misread {
    const values: string[] = [];
    for (let token = this.#take(); isValue(token) || token.text === ","; token = this.#take())
      if (isValue(token)) values.push(written(token));
    const list = values.length === 0 ? "64, 128" : values.join(", ");
    return new Misread(
      `${told(before)} is not followed by values in parentheses.`,
      `Write ${written(name)} in (${list}).`,
    );
  }

  #noName(token: Token): Misread {
    const before = this.#tokens[this.#place - 2];
    const remedy = "Write a comparison there, as in MLP.depth > 4.";
    if (token.kind === "end" || token.text === ")") {
      const start = before === undefined ? told(token) : told(before);
      return new Misread(`${start} has nothing behind it.`, before === undefined ? "Remove it." : remedy);
    }
    if (token.kind === "word")
      return new Misread(`${told(token)} has no comparison before it.`, `${remedy} A name like it needs quotes.`);
    const meant = otherSigns[token.text];
    return meant === "not"
      ? new Misread(`${told(token)} is no word of conditions.`, "Write not.")
      : new Misread(`${told(token)} has no name before it.`, "Write one, as in MLP.depth > 4.");
  }

  #numberFirst(token: Token, relation: Relation): Misread {
    const flipped = { "=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" }[relation];
    const name = isValue(this.#peek()) ? written(this.#peek()) : "MLP.depth";
    return new Misread(
      `${told(token)} is a number, where a name belongs.`,
      `Write the name first: ${name} ${flipped} ${token.text}.`,
    );
  }

  /** What stands where a condition has ended. */
  #leftOver(): Misread {
    const token = this.#peek();
    const before = this.#tokens[this.#place - 1];
    const what = `${told(token)} follows a condition that has ended.`;
    if (token.kind === "sign") {
      if (token.text === ")") return new Misread(`${told(token)} closes nothing.`, "Remove it, or open it before.");
      if (token.text === ",") return new Misread(what, "Write several values as in MLP.width in (64, 128).");
      if (token.text === "(") return new Misread(what, "Write and or or before it; texts with brackets need quotes.");
      const meant = otherSigns[token.text];
      if (meant === "and" || meant === "or") return new Misread(what, `Write ${meant}.`);
      return new Misread(what, "Write two comparisons with and between them: MLP.depth > 1 and MLP.depth < 5.");
    }
    const lower = token.text.toLowerCase();
    if (token.kind === "word" && keywords.includes(lower) && lower !== token.text)
      return new Misread(what, `Write ${lower}, in small letters.`);
    const text = before !== undefined && isValue(before) ? `: "${before.text} ${token.text}"` : "";
    return new Misread(what, `Write and or or before it; texts with spaces need quotes${text}.`);
  }

  #peek(): Token {
    return this.#tokens[this.#place] ?? { kind: "end", text: "", at: 1 };
  }

  #take(): Token {
    const token = this.#peek();
    this.#place += 1;
    return token;
  }

  #isWord(text: string): boolean {
    return this.#peek().kind === "word" && this.#peek().text === text;
  }

  #isSign(text: string): boolean {
    return this.#peek().kind === "sign" && this.#peek().text === text;
  }
}

function relationOf(sign: string): Relation | undefined {
  return sign === "==" ? "=" : relations.find((relation) => relation === sign);
}

function checkNumber({ text, isQuoted, at }: ConditionValue, sign: Token): void {
  if (!isQuoted && orderedNumber(text) !== undefined) return;
  throw new Misread(
    `${isQuoted ? `The text "${text}"` : `"${text}"`} at character ${at} is no number, and ${sign.text} compares numbers.`,
    isQuoted && orderedNumber(text) !== undefined
      ? `Write ${text} without quotes.`
      : "Write a number, or compare with = or !=.",
  );
}

function noComparison(name: Token, sign: Token): Misread {
  const meant = sign.kind === "sign" ? otherSigns[sign.text] : undefined;
  if (meant !== undefined && sign.text.length > 0 && /[=<>]/.test(sign.text))
    return new Misread(`${told(sign)} is no comparison.`, `Write ${meant}.`);
  if (sign.kind === "end" || meant !== undefined || isKeyword(sign) || [")", ","].includes(sign.text))
    return new Misread(
      `${told(name)} is compared with nothing.`,
      `Write what it is to be, as in ${written(name)} = True.`,
    );
  if (sign.text === "(")
    return new Misread(
      `${told(sign)} is no comparison.`,
      'Write one of = != < <= > >=, in or not in; names with brackets need quotes: "duration(s)".',
    );
  if (sign.kind === "sign")
    return new Misread(`${told(sign)} is no comparison.`, "Write one of = != < <= > >=, in or not in.");
  const lower = sign.text.toLowerCase();
  if (sign.kind === "word" && (lower === "in" || lower === "not"))
    return new Misread(`${told(sign)} is no comparison.`, `Write ${lower}, in small letters.`);
  return new Misread(
    `${told(sign)} stands where a comparison belongs.`,
    `Write one of = != < <= > >=, in or not in; names with spaces need quotes: "${name.text} ${sign.text}".`,
  );
}

function notClosed(open: Token): Misread {
  return new Misread(`${told(open)} is not closed.`, "Write ) where it ends.");
}

function isKeyword({ kind, text }: Token, keyword?: string): boolean {
  return kind === "word" && (keyword === undefined ? keywords.includes(text) : text === keyword);
}

function isValue(token: Token): boolean {
  return token.kind === "quoted" || (token.kind === "word" && !isKeyword(token));
}

function written({ kind, text }: Token): string {
  return kind === "quoted" ? `"${text.replaceAll('"', '""')}"` : text;
}

function told(token: Token): string {
  return token.kind === "quoted"
    ? `The text ${written(token)} at character ${token.at}`
    : `"${token.text}" at character ${token.at}`;
}
