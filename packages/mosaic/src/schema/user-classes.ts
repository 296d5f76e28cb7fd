// What the users' classes say of their options: by a configSchema, or by their constructors.

import { isSchemaMap, type SchemaMap } from "@ml-mosaic/configurable";
import { readClassSections, readClassSource } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { type ConstructorOptions, constructorOptions } from "../modules/constructor-options.ts";
import { loadClass, loadClasses, type UserClass } from "../modules/load-class.ts";

export interface DescribedClass {
  /** The section of a configuration file; undefined where a file of classes was asked. */
  readonly section: string | undefined;
  readonly name: string;
  /** The file or package as it was written. */
  readonly from: string;
  readonly options: ClassOptions;
}

/** Names alone are known of a class without a schema, if its constructor tells them. */
export type ClassOptions =
  | { readonly kind: "schema"; readonly schemas: SchemaMap }
  | { readonly kind: "names"; readonly names: ConstructorOptions }
  | { readonly kind: "unknown" };

/**
 * The classes of a configuration file, in its order.
 *
 * @param overrides arguments such as `MLP.class=Mlp`
 */
export async function classesOfConfig(file: string, overrides?: readonly string[]): Promise<readonly DescribedClass[]> {
  const { folder, sections } = await readClassSections(file, overrides);
  const described: DescribedClass[] = [];
  for (const { name, className, pathToClass, source } of sections) {
    const userClass = await loadClass(source, className, folder);
    described.push({ section: name, name: className, from: pathToClass, options: optionsOf(userClass) });
  }
  return described;
}

/** The classes that a file, or a package, exports. */
export async function classesOfSource(text: string, folder: string): Promise<readonly DescribedClass[]> {
  const result = await readClassSource(text, folder);
  if (!result.ok) throw new MosaicError("BAD_MODULE_SOURCE", `${result.fault.message} ${result.fault.remedy}`);
  const classes = await loadClasses(result.source, folder);
  if (classes.length === 0) throw new MosaicError("CLASS_NOT_FOUND", `${text} exports no class`);
  return classes.map(([name, userClass]) => ({
    section: undefined,
    name,
    from: text,
    options: optionsOf(userClass),
  }));
}

function optionsOf(userClass: UserClass): ClassOptions {
  const schemas: unknown = Reflect.get(userClass, "configSchema");
  if (isSchemaMap(schemas)) return { kind: "schema", schemas };
  const names = constructorOptions(userClass);
  return names === undefined ? { kind: "unknown" } : { kind: "names", names };
}
