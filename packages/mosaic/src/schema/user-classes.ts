// What the users' classes say of their options: by a configSchema, or by their constructors.

import { languageOfSource, readClassSections, readClassSource } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import type { ClassOptions } from "../languages/language.ts";
import { languages } from "../languages/languages.ts";

export interface DescribedClass {
  /** The section of a configuration file; undefined where a file of classes was asked. */
  readonly section: string | undefined;
  readonly name: string;
  /** The file or package as it was written. */
  readonly from: string;
  readonly options: ClassOptions;
}

/**
 * The classes of a configuration file, in its order.
 *
 * @param overrides arguments such as `MLP.class=Mlp`
 */
export async function classesOfConfig(file: string, overrides?: readonly string[]): Promise<readonly DescribedClass[]> {
  const { project, sections } = await readClassSections(file, overrides);
  const described: DescribedClass[] = [];
  for (const { name, className, pathToClass, source } of sections) {
    const found = await languages[languageOfSource(source)].optionsOf(source, className, project);
    for (const [each, options] of found) described.push({ section: name, name: each, from: pathToClass, options });
  }
  return described;
}

/** The classes that a file, or a package, exports. */
export async function classesOfSource(text: string, folder: string): Promise<readonly DescribedClass[]> {
  const project = { folder, start: folder, python: undefined };
  const result = await readClassSource(text, project);
  if (!result.ok) throw new MosaicError("BAD_MODULE_SOURCE", `${result.fault.message} ${result.fault.remedy}`);
  const { source } = result;
  const classes = await languages[languageOfSource(source)].optionsOf(source, undefined, project);
  if (classes.size === 0) throw new MosaicError("CLASS_NOT_FOUND", `${text} exports no class`);
  return Array.from(classes, ([name, options]) => ({ section: undefined, name, from: text, options }));
}
