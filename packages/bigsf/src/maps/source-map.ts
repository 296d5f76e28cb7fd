/** Maps that patches are cut from: one, or several that one model learns from. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { BigsfError } from "../errors.ts";
import type { MapPaths, MapSection } from "./maps.ts";
import type { Region } from "./region.ts";
import type { CoordinateCheck } from "./same-pixels.ts";

export interface SourceMap extends MapPaths {
  /** Tells it from the others, also in the names of files; that of the image by default. */
  readonly name?: string | undefined;
  /** Whether files whose coordinates contradict each other are refused. */
  readonly coordinates?: CoordinateCheck | undefined;
  /** The part of it that is taken. */
  readonly region?: Region | undefined;
}

/** The name of a map: as it is given, or that of its image's file. */
export function nameOf({ name, image }: Pick<SourceMap, "name" | "image">): string {
  if (name !== undefined) return name;
  const [plain = ""] = basename(image).split(/\.(?:fits?|fts|fz)\b/i);
  return plain.replaceAll(/[^\w.+-]/g, "_").replace(/^[^A-Za-z0-9]+/, "") || "map";
}

/** What names may be: parts of the names of files, wherever these lie. */
const usable = /^[A-Za-z0-9][\w.+-]*$/;

/** What is wrong with the name of one of several maps. */
export interface NameProblem {
  /** Which one, counted from 0. */
  readonly place: number;
  readonly message: string;
}

/** What is wrong with the names of maps; nothing where they can be told apart. */
export function nameProblems(maps: readonly Pick<SourceMap, "name" | "image">[]): readonly NameProblem[] {
  const names = maps.map(nameOf);
  const problems = names.flatMap((name, place): NameProblem[] =>
    usable.test(name)
      ? []
      : [
          {
            place,
            message: `the name ${JSON.stringify(name)} is to be letters, digits and . _ + -, such as "field_1"`,
          },
        ],
  );
  for (const [place, name] of names.entries()) {
    // There are disks that do not know small letters from capitals.
    const first = names.findIndex((other) => other.toLowerCase() === name.toLowerCase());
    if (first < place)
      problems.push({
        place,
        message: `maps ${first + 1} and ${place + 1} are both called ${name}; give each a name of its own`,
      });
  }
  return problems;
}

/** The name of a file that there is one of for each map: `overview.png`, or of several `overview_<map>.png`. */
export function fileOfMap(file: string, map: Pick<SourceMap, "name">, count: number): string {
  return count === 1 ? file : file.replace(/(?=\.[^.]*$)/, `_${map.name}`);
}

/** "a.fits", "a.fits and b.fits", "a.fits and 7 more". */
export function namesText(names: readonly string[]): string {
  const [first = "", ...others] = names;
  if (others.length === 0) return first;
  return `${first} and ${others.length === 1 ? others.join() : `${others.length} more`}`;
}

/** Of the pixels themselves, whatever the file around them. */
export interface ContentDigest {
  add(section: Pick<MapSection, "image">): void;
  finish(): string;
}

export function startContentDigest([height, width]: readonly [number, number]): ContentDigest {
  const hash = createHash("sha256").update(`${height} ${width} `);
  return {
    add({ image }) {
      hash.update(image);
    },
    finish: () => hash.digest("hex"),
  };
}

/** @throws BigsfError `MAP` where one map is there twice: what it is tested on it would have been trained on */
export function refuseTwins(maps: readonly { readonly name: string; readonly content: string }[]): void {
  const twins = maps.flatMap(({ name, content }, place) => {
    const first = maps.findIndex((other) => other.content === content);
    return first < place ? [`${maps[first]?.name} and ${name}`] : [];
  });
  if (twins.length === 0) return;
  throw new BigsfError(
    "MAP",
    `The same image is given twice, as ${twins.join(", as ")}: a model would be tested on what it was trained on. Leave one of them out.`,
  );
}
