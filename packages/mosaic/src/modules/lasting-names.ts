/**
 * Tells of the text of a file whether what it could keep of a run lies open: in the properties of its functions, classes,
 * and constants, where `watchValues` sees it, and not in variables or within closures. Whatever this does not know counts
 * as hidden, also where it is not.
 */
import { type AnyNode, type Class, type ModuleDeclaration, type Property, parse, type Statement } from "acorn";

/**
 * @param script the text as JavaScript
 * @returns the names that the file declares at its top; undefined where it may keep something that they do not show
 */
export function lastingNames(script: string): readonly string[] | undefined {
  try {
    const program = parse(script, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
    const file = new FileReading();
    const lies = program.body.every((statement) => file.declares(statement)) && !hides(program);
    // By these names the values will be asked for.
    return lies && !file.declared("globalThis") && !file.declared("Symbol") ? file.names : undefined;
  } catch {
    // Node says itself what it cannot read.
    return undefined;
  }
}

const mosaic = /^(@ml-mosaic\/|ml-mosaic$)/;
/** Those of Mosaic's functions that do more than describe an option. */
const doers = /^(register|configurable|typedConfigurable)$/;

class FileReading {
  readonly names: string[] = [];
  /** Functions that describe options. */
  readonly #makers = new Set<string>();
  readonly #imported = new Set<string>();

  declared(name: string): boolean {
    return this.names.includes(name) || this.#makers.has(name) || this.#imported.has(name);
  }

  /** Whether a statement of the file's top declares what lies open. */
  declares(statement: Statement | ModuleDeclaration): boolean {
    switch (statement.type) {
      case "ImportDeclaration": {
        const from = String(statement.source.value);
        for (const each of statement.specifiers) {
          const isMaker = each.type === "ImportSpecifier" && mosaic.test(from) && !doers.test(nameOf(each.imported));
          (isMaker ? this.#makers : this.#imported).add(each.local.name);
        }
        // Its `require` finds files that are no modules.
        return !/^(node:)?module$/.test(from);
      }
      case "ExportAllDeclaration":
      case "EmptyStatement":
        return true;
      case "ExportNamedDeclaration":
        return statement.declaration == null || this.declares(statement.declaration);
      case "ExportDefaultDeclaration": {
        const { declaration } = statement;
        return declaration.type === "Identifier" || this.#declaresCode(declaration);
      }
      case "FunctionDeclaration":
      case "ClassDeclaration":
        return this.#declaresCode(statement);
      case "VariableDeclaration":
        return statement.declarations.every(({ id, init }) => {
          if (statement.kind !== "const" || id.type !== "Identifier") return false;
          this.names.push(id.name);
          return init != null && this.#liesOpen(init);
        });
      case "ExpressionStatement":
        return "directive" in statement;
      default:
        return false;
    }
  }

  #declaresCode(code: AnyNode): boolean {
    if (!("id" in code) || code.id?.type !== "Identifier") return false;
    this.names.push(code.id.name);
    return this.#liesOpen(code);
  }

  #liesOpen(node: AnyNode): boolean {
    switch (node.type) {
      case "Literal":
        return node.regex == null;
      case "Identifier":
      case "ArrowFunctionExpression":
      case "FunctionExpression":
      case "FunctionDeclaration":
        return true;
      case "TemplateLiteral":
        return node.expressions.every((each) => this.#liesOpen(each));
      case "UnaryExpression":
        return this.#liesOpen(node.argument);
      case "BinaryExpression":
        return this.#liesOpen(node.left) && this.#liesOpen(node.right);
      case "MemberExpression":
        return node.object.type === "Identifier" && /^(Math|Number)$/.test(node.object.name);
      case "ArrayExpression":
        return node.elements.every((each) => each === null || this.#liesOpen(each));
      case "ObjectExpression":
        return node.properties.every((each) =>
          each.type === "SpreadElement" ? this.#isSpread(each.argument) : this.#isPlainProperty(each),
        );
      case "CallExpression":
        return (
          node.callee.type === "Identifier" &&
          this.#makers.has(node.callee.name) &&
          node.arguments.every((each) => this.#liesOpen(each))
        );
      case "ClassDeclaration":
      case "ClassExpression":
        return this.#isPlainClass(node);
      default:
        return false;
    }
  }

  #isSpread(node: AnyNode): boolean {
    return node.type === "Identifier" || (node.type === "MemberExpression" && nameOf(node.property) === "configSchema");
  }

  /** A getter would be a call as soon as the object is spread. */
  #isPlainProperty({ computed, kind, key, value }: Property): boolean {
    return !computed && kind === "init" && nameOf(key) !== "__proto__" && this.#liesOpen(value);
  }

  #isPlainClass({ superClass, body }: Class): boolean {
    const base = superClass?.type === "MemberExpression" ? superClass.object : superClass;
    if (base != null && base.type !== "Identifier") return false;
    return body.body.every((member) => {
      if (member.type === "StaticBlock" || (member.computed && !isSymbol(member.key))) return false;
      const isDeclaration = nameOf(member.key) === "configSchema";
      if (member.type === "MethodDefinition") {
        if (member.kind === "constructor") return !returnsValue(member.value.body);
        return !(isDeclaration && member.static);
      }
      if (!member.static) return true;
      return member.key.type !== "PrivateIdentifier" && (member.value == null || this.#liesOpen(member.value));
    });
  }
}

/**
 * Whether code could reach or keep something past the values of the file's names: another text, or a private method,
 * which is an object that the class does not show.
 */
function hides(node: AnyNode): boolean {
  switch (node.type) {
    case "CallExpression":
      if (node.callee.type === "Identifier" && node.callee.name === "eval") return true;
      break;
    case "ClassBody": {
      const methods = new Set<string>();
      for (const member of node.body)
        if (member.type === "MethodDefinition" && member.kind === "method" && member.key.type === "PrivateIdentifier")
          methods.add(member.key.name);
      if (methods.size > 0 && readsMethod(node, methods)) return true;
    }
  }
  return childrenOf(node).some(hides);
}

/** Whether one of these private methods is read otherwise than to call it. */
function readsMethod(node: AnyNode, methods: ReadonlySet<string>): boolean {
  const isMethod = (each: AnyNode) =>
    each.type === "MemberExpression" && each.property.type === "PrivateIdentifier" && methods.has(each.property.name);
  if (isMethod(node)) return true;
  if (node.type !== "CallExpression" || !isMethod(node.callee))
    return childrenOf(node).some((child) => readsMethod(child, methods));
  return [...childrenOf(node.callee), ...node.arguments].some((child) => readsMethod(child, methods));
}

/** A constructor that returns another object gives the class's private fields to it, where nobody sees them. */
function returnsValue(node: AnyNode): boolean {
  return (node.type === "ReturnStatement" && node.argument != null) || childrenOf(node).some(returnsValue);
}

function isSymbol(node: AnyNode): boolean {
  return node.type === "MemberExpression" && node.object.type === "Identifier" && node.object.name === "Symbol";
}

function nameOf(key: AnyNode): string {
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : "";
}

function childrenOf(node: AnyNode): readonly AnyNode[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
