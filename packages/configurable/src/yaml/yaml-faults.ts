import type { Document, ErrorCode, Node, Pair, YAMLMap } from "yaml";
import { yaml } from "./library.ts";

/** Something wrong with a file, at an offset into its text. */
export interface YamlFault {
  readonly offset: number;
  readonly message: string;
}

/** What to do about the faults whose names do not say it. Those of the library that are missing here explain themselves. */
const remedies: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: "indent the items of one list or map alike, and close every bracket",
  BAD_SCALAR_START: "put the text in quotes",
  BLOCK_AS_IMPLICIT_KEY: "indent the names of one map alike, and put text that has a colon in quotes",
  KEY_OVER_1024_CHARS: "shorten the name",
  MISSING_CHAR: "add it",
  MULTILINE_IMPLICIT_KEY: "indent the names of one map alike",
  MULTIPLE_DOCS: "keep one configuration a file: remove the line ---",
  NON_STRING_KEY: "write a plain name before the colon",
  TAB_AS_INDENT: "indent with spaces",
  TAG_RESOLVE_FAILED: "remove the tag, or put the text in quotes",
  UNEXPECTED_TOKEN: "indent the items of one list or map alike, and put text with special characters in quotes",
};

const wordings: Partial<Record<ErrorCode, string>> = {
  BLOCK_AS_IMPLICIT_KEY: "a map cannot begin here",
  MULTIPLE_DOCS: "the file has several documents",
  NON_STRING_KEY: "the name of an option is a list, a map or an alias",
};

/** Every fault of a document, in the order of the text. */
export function faultsOf(document: Document.Parsed, lineOf: (offset: number) => number): readonly YamlFault[] {
  const syntax = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const remedy = remedies[code];
    return { offset: pos[0], message: `${wordings[code] ?? message}${remedy === undefined ? "" : `: ${remedy}`}` };
  });
  const others: YamlFault[] = [];
  yaml().visit(document, {
    Map: (_key, map) => {
      others.push(...repeatedNames(map, lineOf), ...wrongMerges(map, document));
    },
    Alias: (_key, alias, ancestors) => {
      const offset = offsetOf(alias);
      const meant = alias.resolve(document);
      if (meant === undefined) {
        others.push({
          offset,
          message: `*${alias.source} refers to nothing: mark what is meant with &${alias.source} before it`,
        });
      } else if (ancestors.includes(meant)) {
        others.push({ offset, message: `*${alias.source} is inside of what it refers to: write out what is meant` });
      }
    },
  });
  const faults = [...syntax, ...others].sort((a, b) => a.offset - b.offset);
  // What the library says second of one place follows from the first.
  return faults.filter(({ offset }, index) => offset !== faults[index - 1]?.offset);
}

/** The library finds these too, but does not say where the name was first. */
function repeatedNames(map: YAMLMap, lineOf: (offset: number) => number): readonly YamlFault[] {
  const first = new Map<unknown, number>();
  const faults: YamlFault[] = [];
  for (const { key } of map.items) {
    if (!yaml().isScalar(key)) continue;
    const offset = offsetOf(key);
    const earlier = first.get(key.value);
    if (earlier === undefined) first.set(key.value, offset);
    else {
      const message = `"${String(key.value)}" is already in line ${lineOf(earlier)}: remove one of the two`;
      faults.push({ offset, message });
    }
  }
  return faults;
}

function wrongMerges(map: YAMLMap, document: Document): readonly YamlFault[] {
  return map.items
    .filter((pair) => isMerge(pair) && mergedMaps(pair, document) === undefined)
    .map(({ key }) => ({
      offset: offsetOf(key),
      message: "<< takes a map that was marked before: write <<: *its_mark",
    }));
}

function isMerge({ key }: Pair): boolean {
  return yaml().isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

function mergedMaps({ value }: Pair, document: Document): readonly YAMLMap[] | undefined {
  const source = withoutAlias(value, document);
  const maps = yaml().isSeq(source) ? source.items.map((item) => withoutAlias(item, document)) : [source];
  return maps.every((map) => yaml().isMap(map)) ? maps : undefined;
}

/** The entry of a name, where it is the map's own, or that of a map merged into it. */
export function findPair(map: YAMLMap, name: unknown, document: Document): Pair | undefined {
  const own = map.items.find(({ key }) => yaml().isScalar(key) && key.value === name);
  if (own !== undefined) return own;
  const merged = map.items.filter(isMerge).flatMap((pair) => mergedMaps(pair, document) ?? []);
  for (const source of merged) {
    const found = findPair(source, name, document);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a node begins. Nodes that the parser made have a range. */
export function offsetOf(node: unknown): number {
  return yaml().isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

/** What an alias refers to; other nodes are what they are. */
export function withoutAlias(node: unknown, document: Document): Node | undefined {
  if (yaml().isAlias(node)) return node.resolve(document);
  return yaml().isNode(node) ? node : undefined;
}
