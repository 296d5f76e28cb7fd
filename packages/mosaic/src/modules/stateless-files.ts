/**
 * Tells of the text of a file whether anything in it can remember a run: where nothing can, the file need not be loaded
 * afresh for each. It holds imports, functions, classes and constants that cannot change, and puts its functions and
 * classes to no use but calling them. Whatever else it says counts as memory, also where it is none.
 */
import {
  type AnyNode,
  type Class,
  type Expression,
  type ImportDeclaration,
  type Program,
  parse,
  type VariableDeclaration,
} from "acorn";

/** Of a file that remembers nothing by itself. */
export interface StatelessFile {
  /** Methods of its classes: functions that live as long as the class. */
  readonly methods: ReadonlySet<string>;
  /** Properties that it reads and does not call, through which it could write to such a function. */
  readonly reads: ReadonlySet<string>;
}

/**
 * @param script the text as JavaScript
 * @returns undefined where the file may remember something
 */
export function statelessFile(script: string): StatelessFile | undefined {
  let program: Program;
  try {
    program = parse(script, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
  } catch {
    // Node says itself what it cannot read.
    return undefined;
  }
  const file = new FileReading();
  return program.body.every((statement) => file.declares(statement)) && file.uses(program)
    ? { methods: file.methods, reads: file.reads }
    : undefined;
}

/** Whether files that are used together, each of which remembers nothing, have no way to each other's methods either. */
export function areStateless(files: readonly StatelessFile[]): boolean {
  const methods = new Set(files.flatMap((file) => [...file.methods]));
  return files.every(({ reads }) => methods.isDisjointFrom(reads));
}

/**
 * What a name of the file's top stands for: a value that cannot change; a function or class of the users'; something of
 * a package, which is loaded once anyway; options as `schema(…)` declares them.
 */
type Kind = "value" | "code" | "package" | "options";

/** Static properties that only Mosaic reads. */
const declarations: readonly string[] = ["configSchema", "aliases"];

/** Ways from an object to its class. */
const waysToClass = /^(constructor|prototype|__proto__|__(define|lookup)[GS]etter__|[gs]etPrototypeOf)$/;

const relative = /^(\.{0,2}\/|#|file:)/;
const mosaic = /^(@ml-mosaic\/|ml-mosaic$)/;

class FileReading {
  readonly methods = new Set<string>();
  readonly reads = new Set<string>();
  readonly #kinds = new Map<string, Kind>();
  /** Functions that make the values of options. */
  readonly #makers = new Set<string>();

  /** Whether a statement of the file's top declares something that keeps nothing. */
  declares(statement: Program["body"][number]): boolean {
    switch (statement.type) {
      case "ImportDeclaration":
        return this.#imports(statement);
      case "ExportAllDeclaration":
      case "EmptyStatement":
        return true;
      case "ExportNamedDeclaration":
        return statement.declaration == null || this.declares(statement.declaration);
      case "ExportDefaultDeclaration": {
        const { declaration } = statement;
        if (declaration.type === "ClassDeclaration") return this.#isPlainClass(declaration);
        if ("id" in declaration) this.#addCode(declaration.id);
        return declaration.type === "FunctionDeclaration" || declaration.type === "Identifier";
      }
      case "FunctionDeclaration":
        this.#addCode(statement.id);
        return true;
      case "ClassDeclaration":
        return this.#isPlainClass(statement);
      case "VariableDeclaration":
        return this.#isConstant(statement);
      case "ExpressionStatement":
        return "directive" in statement;
      default:
        return false;
    }
  }

  #imports({ source, specifiers }: ImportDeclaration): boolean {
    const from = String(source.value);
    // It makes `require`, whose files are no modules.
    if (/^(node:)?module$/.test(from)) return false;
    for (const { type, local, ...specifier } of specifiers) {
      // What a namespace of the user's has in it is not seen here.
      if (relative.test(from) && type === "ImportNamespaceSpecifier") return false;
      this.#kinds.set(local.name, relative.test(from) ? "code" : "package");
      const name = "imported" in specifier && "name" in specifier.imported ? specifier.imported.name : "";
      if (mosaic.test(from) && !["", "register", "configurable", "typedConfigurable"].includes(name))
        this.#makers.add(local.name);
    }
    return true;
  }

  #isConstant({ kind, declarations: declared }: VariableDeclaration): boolean {
    if (kind !== "const") return false;
    return declared.every(({ id, init }) => {
      const found = id.type === "Identifier" && init != null ? this.#kindOf(init) : undefined;
      if (found === undefined || id.type !== "Identifier") return false;
      this.#kinds.set(id.name, found);
      return true;
    });
  }

  #addCode(id: Class["id"]): void {
    if (id != null) this.#kinds.set(id.name, "code");
  }

  #kindOf(init: Expression): Kind | undefined {
    if (init.type === "ArrowFunctionExpression") return "code";
    if (init.type === "FunctionExpression") {
      this.#addCode(init.id);
      return "code";
    }
    if (init.type === "ClassExpression") return this.#isPlainClass(init) ? "code" : undefined;
    if (this.#isValue(init)) return "value";
    return this.#areOptions(init) ? "options" : undefined;
  }

  #isValue(expression: AnyNode): boolean {
    switch (expression.type) {
      case "Literal":
        return expression.regex == null;
      case "TemplateLiteral":
        return expression.expressions.every((each) => this.#isValue(each));
      case "UnaryExpression":
        return this.#isValue(expression.argument);
      case "BinaryExpression":
        return this.#isValue(expression.left) && this.#isValue(expression.right);
      case "Identifier":
        return this.#kinds.get(expression.name) === "value" || /^(undefined|NaN|Infinity)$/.test(expression.name);
      case "MemberExpression":
        return expression.object.type === "Identifier" && /^(Math|Number)$/.test(expression.object.name);
      default:
        return false;
    }
  }

  #areOptions(expression: AnyNode): boolean {
    if (expression.type === "Identifier") return this.#kinds.get(expression.name) === "options";
    if (expression.type !== "ObjectExpression") return false;
    return expression.properties.every((property) =>
      property.type === "SpreadElement"
        ? this.#areOptions(property.argument) || isDeclaration(property.argument)
        : !property.computed && this.#isMade(property.value),
    );
  }

  /** `schema(int, { default: 3 })`: a call of Mosaic's own, with nothing in it that a run could change. */
  #isMade(expression: AnyNode): boolean {
    if (expression.type === "Identifier" && this.#makers.has(expression.name)) return true;
    if (expression.type !== "CallExpression" || expression.callee.type !== "Identifier") return false;
    return (
      this.#makers.has(expression.callee.name) &&
      expression.arguments.every((argument) =>
        argument.type === "ObjectExpression"
          ? argument.properties.every((each) => each.type === "Property" && this.#isOption(each.value))
          : this.#isOption(argument),
      )
    );
  }

  #isOption(expression: AnyNode): boolean {
    return expression.type === "ArrowFunctionExpression" || this.#isValue(expression) || this.#isMade(expression);
  }

  /** Whether nothing of a class changes but its instances. */
  #isPlainClass({ id, superClass, body }: Class): boolean {
    this.#addCode(id);
    const base = superClass?.type === "MemberExpression" ? superClass.object : superClass;
    if (base != null && base.type !== "Identifier") return false;
    return body.body.every((member) => {
      if (member.type === "StaticBlock" || member.computed) return false;
      const name = nameOf(member.key);
      if (member.type === "MethodDefinition") {
        if (member.kind === "method") this.methods.add(name);
        return true;
      }
      if (!member.static) return true;
      const { value } = member;
      if (value == null || this.#isValue(value)) return !declarations.includes(name);
      if (name === "configSchema") return this.#areOptions(value);
      return name === "aliases" && value.type === "ArrayExpression" && value.elements.every(isLiteral);
    });
  }

  /** Whether the file uses what is declared at its top, here or elsewhere, without changing it. */
  uses(node: AnyNode, above: readonly AnyNode[] = [], isStatic = false): boolean {
    switch (node.type) {
      case "Identifier":
        if (!this.#mayStand(node.name, node, above)) return false;
        break;
      case "ThisExpression":
      case "Super":
        // In what is static it is the class itself.
        if (isStatic && !isPlainUse(node, above)) return false;
        break;
      case "ImportExpression":
        return false;
      case "MetaProperty":
        if (node.meta.name !== "import" || !isPlainUse(node, above)) return false;
        break;
      case "MemberExpression":
        if (!this.#mayRead(node, above)) return false;
        break;
      case "ObjectPattern":
        for (const property of node.properties) {
          if (property.type !== "Property") continue;
          if (property.computed || waysToClass.test(nameOf(property.key))) return false;
          this.reads.add(nameOf(property.key));
        }
        break;
    }
    const inside = [node, ...above];
    return childrenOf(node).every((child) => this.uses(child, inside, isStaticIn(child, node, isStatic)));
  }

  #mayRead(node: Extract<AnyNode, { type: "MemberExpression" }>, [parent]: readonly AnyNode[]): boolean {
    const { object, property, computed } = node;
    if (computed && property.type !== "Literal") return object.type !== "ThisExpression";
    const name = nameOf(property);
    if (waysToClass.test(name)) return false;
    if (!(parent?.type === "CallExpression" && parent.callee === node)) this.reads.add(name);
    return true;
  }

  #mayStand(name: string, node: AnyNode, above: readonly AnyNode[]): boolean {
    const [parent] = above;
    if (parent === undefined || isKey(node, parent)) return true;
    // It runs any text.
    if (name === "eval") return false;
    switch (this.#kinds.get(name)) {
      case undefined:
      case "value":
      case "package":
        return true;
      case "options":
        return (
          (parent.type === "VariableDeclarator" && parent.id === node) ||
          parent.type === "SpreadElement" ||
          (parent.type === "PropertyDefinition" && parent.static && nameOf(parent.key) === "configSchema")
        );
      case "code":
        return isPlainUse(node, above);
    }
  }
}

/** Whether a function or class is only declared, called, extended, asked for or read from, and handed to nobody. */
function isPlainUse(node: AnyNode, [parent, beyond]: readonly AnyNode[]): boolean {
  switch (parent?.type) {
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "FunctionExpression":
    case "ClassExpression":
      return parent.id === node || ("superClass" in parent && parent.superClass === node);
    case "VariableDeclarator":
      return parent.id === node;
    case "CallExpression":
    case "NewExpression":
      return parent.callee === node;
    case "ExportDefaultDeclaration":
      return true;
    case "BinaryExpression":
      return parent.operator === "instanceof" && parent.right === node;
    case "UnaryExpression":
      return parent.operator === "typeof";
    case "MemberExpression":
      return parent.object === node && !parent.computed && beyond !== undefined && isPlainRead(parent, beyond);
    default:
      return false;
  }
}

function isPlainRead(member: Extract<AnyNode, { type: "MemberExpression" }>, parent: AnyNode): boolean {
  if (declarations.includes(nameOf(member.property))) return parent.type === "SpreadElement";
  switch (parent.type) {
    case "AssignmentExpression":
      return parent.right === member;
    case "VariableDeclarator":
      return parent.init === member;
    case "BinaryExpression":
    case "CallExpression":
    case "NewExpression":
    case "ConditionalExpression":
    case "TemplateLiteral":
    case "ReturnStatement":
      return true;
    default:
      return false;
  }
}

/** Whether `child` belongs to what is static of a class: there `this` is the class. */
function isStaticIn(child: AnyNode, parent: AnyNode, isStatic: boolean): boolean {
  switch (parent.type) {
    case "MethodDefinition":
    case "PropertyDefinition":
      return child === parent.key ? isStatic : parent.static;
    case "FunctionDeclaration":
      return false;
    default:
      return isStatic;
  }
}

/** A name in the text that stands for itself, and for nothing of the file's top. */
function isKey(node: AnyNode, parent: AnyNode): boolean {
  switch (parent.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
      return parent.key === node && !parent.computed && !parent.shorthand;
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.key === node && !parent.computed;
    case "ImportSpecifier":
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
    case "ExportSpecifier":
    case "ExportAllDeclaration":
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "MetaProperty":
      return true;
    default:
      return false;
  }
}

function isDeclaration(node: AnyNode): boolean {
  return node.type === "MemberExpression" && nameOf(node.property) === "configSchema";
}

function isLiteral(node: AnyNode | null): boolean {
  return node?.type === "Literal";
}

function nameOf(key: AnyNode): string {
  if (key.type === "Identifier") return key.name;
  if (key.type === "PrivateIdentifier") return `#${key.name}`;
  return key.type === "Literal" ? String(key.value) : "";
}

function childrenOf(node: AnyNode): readonly AnyNode[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
