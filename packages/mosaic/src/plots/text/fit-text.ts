/** Text that has to fit a width: names of models and options come from users and may be long. */
import { fontFamily } from "../marks/style.ts";

/** Width in points of one line; `font` is as in CSS, "600 12px 'Source Sans 3'". */
export type MeasureText = (text: string, font: string) => number;

/** Where text has to fit in. */
interface TextRoom {
  readonly width: number;
  readonly measure: MeasureText;
}

/** As in CSS. */
export function fontOf(size: number, weight = 400): string {
  return `${weight} ${size}px '${fontFamily}'`;
}

/** Broken at spaces where there are some, into at most `mostLines` lines; the last one ends in … if there is more. */
export function wrapText(text: string, room: TextRoom, fontSize: number, mostLines: number, weight = 400): string[] {
  const font = fontOf(fontSize, weight);
  const fits = (line: string) => room.measure(line, font) <= room.width;
  const lines: string[] = [];
  let rest = plain(text);
  while (rest !== "" && lines.length < mostLines) {
    if (fits(rest)) return [...lines, rest];
    if (lines.length === mostLines - 1) return [...lines, `${longest(rest, (part) => fits(`${part}…`)).trimEnd()}…`];
    const part = longest(rest, fits);
    const space = part.lastIndexOf(" ");
    // A word is only broken where it leaves most of the line empty.
    const line = space > part.length / 2 && rest[part.length] !== " " ? part.slice(0, space) : part;
    lines.push(line.trimEnd());
    rest = rest.slice(line.length).trimStart();
  }
  return lines;
}

/** At most so many characters, the middle left out: names often differ at their ends. */
export function shortenMiddle(text: string, most: number): string {
  const characters = Array.from(plain(text));
  if (characters.length <= most) return isolated(characters.join(""));
  const start = Math.ceil((most - 1) / 2);
  return isolated(`${characters.slice(0, start).join("")}…${characters.slice(start - most + 1).join("")}`);
}

/** For each text a short form that no other one has. */
export function shortLabels(texts: readonly string[], most: number): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  const taken = new Set<string>();
  for (const text of texts) {
    const short = shortenMiddle(text, most);
    let label = short;
    for (let copy = 2; taken.has(label); copy++) label = `${short} (${copy})`;
    taken.add(label);
    labels.set(text, label);
  }
  return labels;
}

const rightToLeft =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/** A name written from right to left would carry what stands beside it to its other side: it is kept to itself. */
export function isolated(name: string): string {
  return rightToLeft.test(name) ? `\u2068${name}\u2069` : name;
}

/** On one line: what a font has no picture for becomes a space. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

function longest(text: string, fits: (part: string) => boolean): string {
  const characters = Array.from(text);
  let [low, high] = [1, characters.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(characters.slice(0, middle).join(""))) low = middle;
    else high = middle - 1;
  }
  return characters.slice(0, low).join("");
}
