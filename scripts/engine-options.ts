/**
 * What the classes and functions of the engine take, read from their declarations: arguments, the options of the object that
 * comes last, their defaults and what is said of them.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "oxc-parser";

interface Argument {
  readonly name: string;
  /** As the source has it; undefined where there is none, or none that is a text. */
  readonly default: string | undefined;
  readonly optional: boolean;
  readonly meaning: string;
}

export interface Declared {
  readonly name: string;
  readonly positional: readonly Argument[];
  readonly options: readonly Argument[];
}

/** A node of a syntax tree, of which this asks what it needs. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

interface File {
  readonly path: string;
  readonly text: string;
  readonly nodes: readonly Node[];
  readonly comments: readonly { readonly value: string; readonly end: number }[];
}

export interface Found {
  readonly file: File;
  readonly node: Node;
  /** What type parameters stand for. */
  readonly types?: ReadonlyMap<string, Found>;
}

const files = new Map<string, File>();
let methods: ReadonlyMap<string, Found> | undefined;

/** Names a class whose methods are found by name alone: that of which most values are. */
export function setMethods({ file, node }: Found): void {
  methods = new Map(
    nodesOf(childOf(node, "body")?.body).flatMap((member): [string, Found][] => {
      const name = textOf(childOf(member, "key"), "name");
      const method = childOf(member, "value");
      return name === undefined || method === undefined ? [] : [[name, { file, node: method }]];
    }),
  );
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "type") === "string";
}

function nodesOf(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [];
}

function childOf(node: Node | undefined, ...path: readonly string[]): Node | undefined {
  let child: unknown = node;
  for (const key of path) child = isNode(child) ? child[key] : undefined;
  return isNode(child) ? child : undefined;
}

function textOf(node: Node | undefined, key: string): string | undefined {
  const value = node?.[key];
  return typeof value === "string" ? value : undefined;
}

function read(path: string): File {
  const known = files.get(path);
  if (known !== undefined) return known;
  const text = readFileSync(path, "utf8");
  const { program, comments, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const file = { path, text, nodes: nodesOf(program.body), comments };
  files.set(path, file);
  return file;
}

const sourceOf = ({ text }: File, { start, end }: Node) => text.slice(start, end).replaceAll(/\s+/g, " ");

/** A declaration of a file, whether exported or not. */
function declarationIn(file: File, name: string): Node | undefined {
  return file.nodes
    .map((node) => childOf(node, "declaration") ?? node)
    .find((node) => textOf(childOf(node, "id"), "name") === name);
}

/** Where a name of a file is declared: there, or in the file that it is imported or exported from. */
function resolve(file: File, name: string): Found | undefined {
  const own = declarationIn(file, name);
  if (own !== undefined) return { file, node: own };
  for (const node of file.nodes) {
    const source = textOf(childOf(node, "source"), "value");
    if (source === undefined || !source.startsWith(".")) continue;
    for (const specifier of nodesOf(node.specifiers)) {
      const [here, there] = node.type === "ImportDeclaration" ? ["local", "imported"] : ["exported", "local"];
      if (textOf(childOf(specifier, here), "name") !== name) continue;
      const path = join(dirname(file.path), source);
      const original = textOf(childOf(specifier, there), "name") ?? name;
      return existsSync(path) ? resolve(read(path), original) : undefined;
    }
  }
  return inNamespace(file, name);
}

/** A name of one of the files that a file imports as a whole. */
function inNamespace(file: File, name: string): Found | undefined {
  for (const node of file.nodes) {
    const isWhole = nodesOf(node.specifiers).some(({ type }) => type === "ImportNamespaceSpecifier");
    const path = join(dirname(file.path), textOf(childOf(node, "source"), "value") ?? "");
    if (!isWhole || !existsSync(path)) continue;
    const other = read(path);
    const found = declarationIn(other, name);
    if (found !== undefined) return { file: other, node: found };
  }
  return undefined;
}

/** The names that an index exports from other files, and where they are declared. */
export function exportsOf(index: string): readonly { readonly name: string; readonly found: Found }[] {
  const file = read(index);
  return file.nodes.flatMap((node) => {
    const source = textOf(childOf(node, "source"), "value");
    if (node.type === "ExportAllDeclaration" && node.exported === null && source !== undefined)
      return exportsOf(join(dirname(index), source));
    return nodesOf(node.specifiers).flatMap((specifier) => {
      const name = textOf(childOf(specifier, "exported"), "name");
      const found = name === undefined ? undefined : resolve(file, name);
      return name === undefined || found === undefined ? [] : [{ name, found }];
    });
  });
}

/** What a class or function takes; undefined of anything else. */
export function declared(name: string, { file, node }: Found): Declared | undefined {
  const callable = callableOf({ file, node });
  if (callable === undefined) return undefined;
  return takenBy(name, callable, { file, node });
}

/** The methods of a class. */
export function methodsOf({ file, node }: Found): readonly Declared[] {
  return nodesOf(childOf(node, "body")?.body).flatMap((member) => {
    const method = childOf(member, "value");
    const name = textOf(childOf(member, "key"), "name");
    if (member.kind !== "method" || method?.type === "TSEmptyBodyFunctionExpression") return [];
    if (method === undefined || name === undefined) return [];
    return [takenBy(name, { file, node: method }, { file, node: method })];
  });
}

/** @param within where defaults are looked for */
function takenBy(name: string, callable: Found, within: Found): Declared {
  const parameters = nodesOf(callable.node.params).map((each) => parameterOf(callable, each));
  const last = parameters.at(-1);
  const hasOptions = last?.isOptions === true && last.members !== undefined;
  return {
    name,
    positional: (hasOptions ? parameters.slice(0, -1) : parameters).map(({ argument }) => argument),
    options: hasOptions ? settled(within, last.members ?? []) : [],
  };
}

/** Each option once, with its default. What may not be given is none. */
function settled(found: Found, options: readonly Argument[]): readonly Argument[] {
  const byName = new Map<string, Argument>();
  for (const option of options) {
    const known = byName.get(option.name);
    const meaning = option.meaning === "" ? (known?.meaning ?? "") : option.meaning;
    byName.set(option.name, { ...option, meaning, optional: option.optional && known?.optional !== false });
  }
  return Array.from(byName.values(), (option) =>
    option.optional ? { ...option, default: defaultOf(found, option.name) } : option,
  );
}

/** The function itself, or a class's constructor, its own or inherited. */
function callableOf({ file, node }: Found): Found | undefined {
  if (node.type === "FunctionDeclaration") return { file, node };
  if (node.type !== "ClassDeclaration") return undefined;
  const maker = nodesOf(childOf(node, "body")?.body).find((member) => member.kind === "constructor");
  const body = childOf(maker, "value");
  if (body !== undefined) return { file, node: body };
  const base = textOf(childOf(node, "superClass"), "name");
  const found = base === undefined ? undefined : resolve(file, base);
  if (found === undefined) return { file, node: { ...node, params: [] } };
  const given = nodesOf(childOf(node, "superTypeArguments")?.params);
  const names = nodesOf(childOf(found.node, "typeParameters")?.params).map((each) =>
    textOf(childOf(each, "name"), "name"),
  );
  const types = new Map(
    names.flatMap((name, index): [string, Found][] => {
      const type = given[index];
      return name === undefined || type === undefined ? [] : [[name, { file, node: type }]];
    }),
  );
  const callable = callableOf(found);
  return callable && { ...callable, types };
}

interface Parameter {
  readonly argument: Argument;
  /** Of an object. */
  readonly members: readonly Argument[] | undefined;
  /** Named so, or taken apart. */
  readonly isOptions: boolean;
}

function parameterOf(owner: Found, parameter: Node): Parameter {
  const hasDefault = parameter.type === "AssignmentPattern";
  const target = (hasDefault ? childOf(parameter, "left") : parameter) ?? parameter;
  const right = childOf(parameter, "right");
  const type = childOf(target, "typeAnnotation", "typeAnnotation");
  const rest = target.type === "RestElement" ? `...${textOf(childOf(target, "argument"), "name")}` : undefined;
  const members = type === undefined ? undefined : membersOf({ ...owner, node: type });
  const taken = members === undefined ? textOf(childOf(type, "typeName"), "name")?.toLowerCase() : "options";
  const name = rest ?? textOf(target, "name") ?? taken ?? "options";
  return {
    argument: {
      name,
      default: hasDefault && right !== undefined ? sourceOf(owner.file, right) : undefined,
      optional: hasDefault || target.optional === true,
      meaning: "",
    },
    members,
    isOptions: name === "options" || (right !== undefined && sourceOf(owner.file, right) === "{}"),
  };
}

/** The properties of an object type that is declared here; undefined of other types, such as tensors. */
function membersOf({ file, node: type, types }: Found): readonly Argument[] | undefined {
  const all = (parts: readonly Node[]) => {
    const members = parts.map((each) => membersOf({ file, node: each, ...(types && { types }) }));
    return members.every((part) => part !== undefined) ? members.flat() : undefined;
  };
  switch (type.type) {
    case "TSTypeLiteral":
      return nodesOf(type.members).flatMap((member) => propertyOf(file, member));
    // Of several ways to say it, all that may be given.
    case "TSUnionType":
    case "TSIntersectionType":
      return all(nodesOf(type.types));
    case "TSParenthesizedType":
      return all(nodesOf(type.typeAnnotation));
    case "TSUndefinedKeyword":
      return [];
    case "TSIndexedAccessType": {
      // ConstructorParameters<typeof X>[0]
      const query = nodesOf(childOf(type, "objectType", "typeArguments")?.params)[0];
      const found = resolve(file, textOf(childOf(query, "exprName"), "name") ?? "");
      const callable = found && callableOf(found);
      const [first] = callable === undefined ? [] : nodesOf(callable.node.params);
      return callable === undefined || first === undefined ? undefined : parameterOf(callable, first).members;
    }
    case "TSTypeReference": {
      const name = textOf(childOf(type, "typeName"), "name") ?? "";
      const given = types?.get(name);
      if (given !== undefined) return membersOf(given);
      const found = resolve(file, name);
      return found && declaredMembers(found);
    }
    default:
      return undefined;
  }
}

function declaredMembers({ file, node }: Found): readonly Argument[] | undefined {
  if (node.type === "TSTypeAliasDeclaration") {
    const aliased = childOf(node, "typeAnnotation");
    return aliased && membersOf({ file, node: aliased });
  }
  if (node.type !== "TSInterfaceDeclaration") return undefined;
  const bases = nodesOf(node.extends).flatMap((each) => {
    const name = textOf(childOf(each, "expression"), "name");
    const base = name === undefined ? undefined : resolve(file, name);
    return base === undefined ? [] : (declaredMembers(base) ?? []);
  });
  return [...bases, ...nodesOf(childOf(node, "body")?.body).flatMap((member) => propertyOf(file, member))];
}

function propertyOf(file: File, member: Node): Argument[] {
  const name = textOf(childOf(member, "key"), "name");
  if (name === undefined) return [];
  const comment = file.comments.find(
    ({ end }) => /^\s*$/.test(file.text.slice(end, member.start)) && end <= member.start,
  );
  const meaning = (comment?.value ?? "")
    .replace(/^\*/, "")
    .replaceAll(/\n\s*\*/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return [{ name, default: undefined, optional: member.optional === true, meaning }];
}

/**
 * The default of an option: where the declaration takes objects apart or has parameters, its base class does, or what both
 * call, the nearest first.
 */
function defaultOf(found: Found, option: string): string | undefined {
  let layer: readonly Found[] = [found];
  const seen = new Set<Node>();
  for (let depth = 0; depth < 4 && layer.length > 0; depth++) {
    const next: Found[] = [];
    for (const each of layer) {
      if (seen.has(each.node)) continue;
      seen.add(each.node);
      const { given, names } = inspect(each, option);
      if (given !== undefined) return given;
      for (const name of names) {
        for (const used of [resolve(each.file, name), methods?.get(name)])
          if (used !== undefined && /^(Function|Class)/.test(used.node.type)) next.push(used);
      }
    }
    layer = next;
  }
  return undefined;
}

/** What an option is in `{ option: value, ...options }`, where the options that are given replace it. */
function replacedBy(file: File, object: Node, option: string): string | undefined {
  const properties = nodesOf(object.properties);
  const spread = properties.findIndex((each) => textOf(childOf(each, "argument"), "name") === "options");
  const before = properties.slice(0, Math.max(0, spread));
  const value = childOf(
    before.find((each) => textOf(childOf(each, "key"), "name") === option),
    "value",
  );
  return value && sourceOf(file, value);
}

/** What a declaration says of an option's default, and the names that it uses. */
function inspect(
  { file, node }: Found,
  option: string,
): { readonly given: string | undefined; readonly names: Set<string> } {
  let given: string | undefined;
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) visit(each);
    if (!isNode(value)) return;
    const right = childOf(value, "right");
    const left = childOf(value, "left");
    // Not `this.x ?? y`, which a module says of a field.
    const isElse = value.operator === "??" && childOf(left, "object")?.type !== "ThisExpression";
    const isDefault = value.type === "AssignmentPattern" || isElse;
    const named = textOf(left, "name") ?? textOf(childOf(left, "property"), "name");
    if (isDefault && named === option && right !== undefined) given ??= sourceOf(file, right);
    if (value.type === "ObjectExpression") given ??= replacedBy(file, value, option);
    const name = textOf(value, "name");
    if (value.type === "Identifier" && name !== undefined) names.add(name);
    for (const each of Object.values(value)) visit(each);
  };
  // Of a class, how it is made and what it computes.
  const members = nodesOf(childOf(node, "body")?.body).filter(
    (member) => member.kind === "constructor" || textOf(childOf(member, "key"), "name") === "forward",
  );
  visit(node.type === "ClassDeclaration" ? [childOf(node, "superClass"), ...members] : node);
  return { given, names };
}
