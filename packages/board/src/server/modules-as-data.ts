/** The page's modules in one file: each as a `data:` address in an import map, under a name of its own. */
import { Parser } from "acorn";
import { clientEntry, clientFile, importMap } from "./client-files.ts";

export interface PackedModules {
  /** Names and `data:` addresses. */
  readonly imports: Readonly<Record<string, string>>;
  /** Name of the page's program. */
  readonly entry: string;
}

export async function packModules(): Promise<PackedModules> {
  const imports: Record<string, string> = {};
  const waiting = [clientEntry];
  const known = new Set(waiting);
  for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
    const file = await clientFile(address);
    if (file === undefined) throw new RangeError(`the page imports ${address}, which is not there`);
    const { text, imported } = renamed(file.text, address);
    for (const other of imported) if (!known.has(other)) waiting.push(other);
    for (const other of imported) known.add(other);
    imports[nameOf(address)] = `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
  }
  return { imports, entry: nameOf(clientEntry) };
}

/** A module that is no file has no place that others could be relative to: each is called by its address on the server. */
function nameOf(address: string): string {
  return `board/${address}`;
}

function renamed(text: string, address: string): { readonly text: string; readonly imported: readonly string[] } {
  const imported: string[] = [];
  let [result, place] = ["", 0];
  for (const { start, end, specifier } of specifiersIn(text)) {
    const found = importMap[specifier] ?? specifier;
    const other = new URL(found, `http://board/${specifier in importMap ? "" : address}`).pathname.slice(1);
    imported.push(other);
    result += `${text.slice(place, start)}${JSON.stringify(nameOf(other))}`;
    place = end;
  }
  // Where a library says that its sources are no file lies beside this one.
  return { text: (result + text.slice(place)).replace(/\/\/# sourceMappingURL=.*/g, ""), imported };
}

interface Specifier {
  readonly start: number;
  readonly end: number;
  readonly specifier: string;
}

function specifiersIn(text: string): readonly Specifier[] {
  const { body } = Parser.parse(text, { sourceType: "module", ecmaVersion: "latest" });
  return body.flatMap((statement) => {
    const isNamed =
      statement.type === "ImportDeclaration" ||
      statement.type === "ExportAllDeclaration" ||
      statement.type === "ExportNamedDeclaration";
    const source = isNamed ? statement.source : undefined;
    if (source === undefined || source === null) return [];
    return [{ start: source.start, end: source.end, specifier: String(source.value) }];
  });
}
