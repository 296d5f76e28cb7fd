import { isPlainObject } from "@ml-mosaic/base";
import type { ConfigObject } from "../components/component-class.ts";
import { ConfigurationError } from "../configuration-error.ts";
import type { Path, Problem } from "../problem.ts";
import { yaml } from "./library.ts";

/**
 * The configuration as YAML 1.2, which `readYaml` reads back unchanged.
 *
 * @throws ConfigurationError that names every value which YAML cannot hold, such as an instance of a class
 */
export function toYaml(config: ConfigObject): string {
  const problems = notPlain(config, [], []);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const document = new (yaml().Document)(config, { aliasDuplicateObjects: false });
  yaml().visit(document, {
    Pair: (_place, { key }) => {
      // In quotes it is a name; without them a merge.
      if (yaml().isScalar(key) && key.value === "<<") key.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0 });
}

function notPlain(value: unknown, path: Path, ancestors: readonly unknown[]): readonly Problem[] {
  if (ancestors.includes(value)) return [refusal(value, path, "a value that does not contain itself")];
  const inside = [...ancestors, value];
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.flatMap((item, index) => notPlain(item, [...path, index], inside));
  }
  if (isPlainObject(value))
    return Object.entries(value).flatMap(([name, part]) => notPlain(part, [...path, name], inside));
  const plain = value === null || ["boolean", "number", "string"].includes(typeof value);
  return plain ? [] : [refusal(value, path, "null, true or false, a number, a string, a list or a map")];
}

function refusal(value: unknown, path: Path, expected: string): Problem {
  return { kind: "invalid", path, value, expected };
}
