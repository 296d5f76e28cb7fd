/** The fonts that text is measured and drawn with, from packages: a machine need not have any. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createCanvas, GlobalFonts } from "@napi-rs/canvas";
import { fontFamily } from "../marks/style.ts";
import { scriptFonts } from "./script-fonts.ts";

const files = [
  import.meta.resolve("@expo-google-fonts/source-sans-3/400Regular/SourceSans3_400Regular.ttf"),
  import.meta.resolve("@expo-google-fonts/source-sans-3/600SemiBold/SourceSans3_600SemiBold.ttf"),
];

/** Once a process. */
export function registerFonts(): void {
  if (isRegistered) return;
  for (const file of files) register(file, fontFamily);
  isRegistered = true;
}

let isRegistered = false;

/** As in CSS: the family of all text, and after it those that have the characters of this text which it lacks. */
export function fontFamiliesFor(text: string): string {
  return [fontFamily, ...familiesOf(text)].map((family) => `'${family}'`).join(", ");
}

/** Width in points of one line; `font` is as in CSS, "600 12px 'Source Sans 3'". */
export function textWidth(text: string, font: string): number {
  registerFonts();
  const families = familiesOf(text);
  const full = families.length === 0 ? font : font.replace(`'${fontFamily}'`, fontFamiliesFor(text));
  if (context.font !== full) context.font = full;
  return context.measureText(text).width;
}

const context = createCanvas(1, 1).getContext("2d");

/**
 * The files that a text needs, each registered as a family of its own: fonts of thousands of characters come in files of
 * some hundred, so that a process reads and a PDF holds only what is used.
 */
function familiesOf(text: string): readonly string[] {
  return scriptFonts.flatMap(({ characters, name, index, fileOf }) => {
    const wanted = new Set(text.match(characters));
    if (wanted.size === 0) return [];
    return partsOf(index)
      .filter(({ has }) => [...wanted].some((character) => has(character.codePointAt(0) ?? 0)))
      .map(({ part }) => registered(`${name} ${part}`, fileOf(part)));
  });
}

interface FontPart {
  readonly part: string;
  readonly has: (codePoint: number) => boolean;
}

const partsByIndex = new Map<string, readonly FontPart[]>();

function partsOf(index: string): readonly FontPart[] {
  const known = partsByIndex.get(index);
  if (known !== undefined) return known;
  const subsets: Readonly<Record<string, string>> = JSON.parse(readFileSync(fileURLToPath(index), "utf8"));
  const parts = Object.entries(subsets).map(([subset, ranges]) => {
    const bounds = ranges.split(",").map(boundsOf);
    const has = (codePoint: number) => bounds.some(([first, last]) => codePoint >= first && codePoint <= last);
    return { part: subset.replace(/[[\]]/g, ""), has };
  });
  partsByIndex.set(index, parts);
  return parts;
}

/** "U+4E00-4E8F" or "U+4E00". */
function boundsOf(text: string): readonly [first: number, last: number] {
  const [first = Number.NaN, last = first] = text
    .trim()
    .replace("U+", "")
    .split("-")
    .map((digits) => Number.parseInt(digits, 16));
  return [first, last];
}

const registeredFamilies = new Set<string>();

function registered(family: string, file: string): string {
  if (!registeredFamilies.has(family)) register(file, family);
  registeredFamilies.add(family);
  return family;
}

function register(file: string, family: string): void {
  if (GlobalFonts.registerFromPath(fileURLToPath(file), family) === null)
    throw new Error(`${file} cannot be read as a font`);
}
