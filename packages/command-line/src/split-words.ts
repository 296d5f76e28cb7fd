/** The words of a command line, shared out among its arguments and options; what they mean is read afterwards. */
import { nearestName } from "@ml-mosaic/base";
import type { Problem, Schema, SchemaMap } from "@ml-mosaic/configurable";
import { takesSeveral, wordsOf } from "./spelling.ts";

export interface SplitWords {
  /** Texts by name, options as they were written: `config_file`, `--epochs`, `-v`. A switch is true. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The options whose words are not all there, which are among the problems already. */
  readonly cutShort: readonly string[];
  readonly problems: readonly Problem[];
}

/** @param options under their names as they are written */
export function splitWords(words: readonly string[], argumentsTaken: SchemaMap, options: SchemaMap): SplitWords {
  const known = new Map(
    Object.entries(options).flatMap(([name, option]) =>
      [name, ...option.aliases].map((spelling) => [spelling, { name, option }] as const),
    ),
  );
  const given = new Map<string, { readonly spelling: string; readonly value: unknown }>();
  const positions: string[] = [];
  const problems: Problem[] = [];
  const cutShort: string[] = [];
  const left = [...words];
  // What follows an unknown option may have been meant for it.
  let strayWords = 0;

  function take(spelling: string, attached: string | undefined): void {
    const nearest = known.get(spelling) ?? known.get(nearestName(spelling, known.keys()) ?? "");
    const needed = nearest === undefined ? 0 : wordsOf(nearest.option).length;
    const texts = attached === undefined ? [] : [attached];
    while (texts.length < needed && left[0] !== undefined && !isOption(left[0])) texts.push(...left.splice(0, 1));
    const { name, option } = known.get(spelling) ?? { name: spelling, option: undefined };
    if (nearest === undefined && attached === undefined) strayWords++;
    if (option !== undefined && texts.length < needed) {
      cutShort.push(name);
      const expected = needed > 1 ? `${needed} words (${option.words})` : option.type.expected;
      problems.push({ kind: "missing", path: [spelling], value: undefined, expected });
    } else keep(name, spelling, texts.length > 1 ? texts : (texts[0] ?? true), option);
  }

  function keep(name: string, spelling: string, value: unknown, option: Schema<unknown> | undefined): void {
    const before = given.get(name);
    if (option !== undefined && takesSeveral(option)) {
      const values: readonly unknown[] = Array.isArray(before?.value) ? before.value : [];
      given.set(name, { spelling, value: [...values, value] });
    } else if (before === undefined || before.value === value) given.set(name, { spelling, value });
    else problems.push({ kind: "precondition", path: [spelling], message: "given twice: keep one of the two" });
  }

  const isOption = (word: string) => known.has(word) || known.has(`-${word}`);
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (word === "--") positions.push(...left.splice(0));
    else if (!/^-[^\d.]/.test(word)) positions.push(word);
    else for (const { spelling, attached } of spellingsIn(word, known)) take(spelling, attached);
  }

  const names = Object.keys(argumentsTaken);
  const last = names.at(-1);
  const lastTakesAll = Object.values(argumentsTaken).slice(-1).some(takesSeveral);
  const surplus = lastTakesAll ? [] : positions.slice(names.length + strayWords);
  if (surplus.length > 0) {
    const taken = names.length === 0 ? "none is taken" : `expected ${names.join(", ")}`;
    const message = `too many arguments: ${surplus.map((word) => JSON.stringify(word)).join(", ")}; ${taken}`;
    problems.push({ kind: "text", path: [], message });
  }
  // An empty word is as good as none.
  const placed = names.flatMap((name, index) => {
    const value = lastTakesAll && name === last ? positions.slice(index) : positions[index];
    return value === undefined || value.length === 0 ? [] : [[name, value] as const];
  });
  const written = Array.from(given.values(), ({ spelling, value }) => [spelling, value] as const);
  return { values: Object.fromEntries([...placed, ...written]), cutShort, problems };
}

interface Spelling {
  readonly spelling: string;
  /** What stands behind it in the same word: `--epochs=5`, `-j4`. */
  readonly attached: string | undefined;
}

/** `-epochs` of the original is `--epochs`; `-vw` is two switches, `-j4` a letter with its value. */
function spellingsIn(
  word: string,
  known: ReadonlyMap<string, { readonly option: Schema<unknown> }>,
): readonly Spelling[] {
  const [, name = "", attached] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const isLetter = (letter: string) => known.has(`-${letter}`);
  const isRowOfLetters =
    name.length === 1 || [...name].every(isLetter) || (isLetter(name.charAt(0)) && !/^[a-z_-]+$/.test(name));
  if (word.startsWith("--") || known.has(`--${name}`) || !isRowOfLetters) return [{ spelling: `--${name}`, attached }];
  const letters: Spelling[] = [];
  for (let index = 1; index < word.length; index++) {
    const spelling = `-${word.charAt(index)}`;
    const option = known.get(spelling)?.option;
    const rest = word.slice(index + 1);
    const takesRest = rest.startsWith("=") || (option !== undefined && wordsOf(option).length > 0 && rest !== "");
    letters.push({ spelling, attached: takesRest ? rest.replace(/^=/, "") : undefined });
    if (takesRest) break;
  }
  return letters;
}
