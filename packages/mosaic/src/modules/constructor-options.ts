/**
 * The options of a class without a schema, read from the constructor's own text: its first parameter says by
 * destructuring which names it takes and which of them have defaults.
 */
import { type ClassBody, type Node, parseExpressionAt } from "acorn";

export interface ConstructorOptions {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** @returns undefined where the constructor does not say: it takes a whole object, the rest of one, or is native */
export function constructorOptions(userClass: unknown): ConstructorOptions | undefined {
  for (let current = userClass; typeof current === "function"; current = Object.getPrototypeOf(current)) {
    const body = classBody(current);
    if (body === undefined) return current === Function.prototype ? { required: [], optional: [] } : undefined;
    const member = body.body.find((each) => each.type === "MethodDefinition" && each.kind === "constructor");
    if (member?.type === "MethodDefinition") return parameterOptions(member.value.params[0]);
  }
  return { required: [], optional: [] };
}

/** Whether `prepare` or `forward` may read options from their third parameter, `moduleInfo`. */
export function takesModuleInfo(userClass: unknown): boolean {
  return ["prepare", "forward"].some((name) => {
    for (let current = userClass; typeof current === "function"; current = Object.getPrototypeOf(current)) {
      const body = classBody(current);
      if (body === undefined) return current !== Function.prototype;
      const member = body.body.find(
        (each) => "key" in each && each.key.type === "Identifier" && each.key.name === name && !each.computed,
      );
      if (member === undefined) continue;
      // A property may hold any function.
      if (member.type !== "MethodDefinition") return true;
      const { params } = member.value;
      return (
        params.length > 2 || params.some(({ type }) => type === "RestElement") || /\barguments\b/.test(String(current))
      );
    }
    return false;
  });
}

/** Classes that serve many runs are read once; undefined of one that cannot be read. */
const bodies = new WeakMap<object, { readonly body: ClassBody | undefined }>();

function classBody(candidate: object): ClassBody | undefined {
  const known = bodies.get(candidate) ?? { body: readBody(candidate) };
  bodies.set(candidate, known);
  return known.body;
}

function readBody(candidate: object): ClassBody | undefined {
  try {
    const expression = parseExpressionAt(String(candidate), 0, { ecmaVersion: "latest", sourceType: "module" });
    return expression.type === "ClassExpression" ? expression.body : undefined;
  } catch {
    // Not written in JavaScript, such as the base of all functions: it has no options to tell.
    return undefined;
  }
}

function parameterOptions(parameter: Node | undefined): ConstructorOptions | undefined {
  if (parameter === undefined) return { required: [], optional: [] };
  const pattern = isPattern(parameter, "AssignmentPattern") ? parameter.left : parameter;
  if (!isPattern(pattern, "ObjectPattern")) return undefined;
  const required: string[] = [];
  const optional: string[] = [];
  for (const property of pattern.properties) {
    if (property.type !== "Property" || property.computed) return undefined;
    const { key, value } = property;
    const name = key.type === "Identifier" ? key.name : key.type === "Literal" ? String(key.value) : undefined;
    if (name === undefined) return undefined;
    (value.type === "AssignmentPattern" ? optional : required).push(name);
  }
  return { required, optional };
}

function isPattern<Type extends "AssignmentPattern" | "ObjectPattern">(
  node: Node,
  type: Type,
): node is Extract<import("acorn").Pattern, { type: Type }> {
  return node.type === type;
}
