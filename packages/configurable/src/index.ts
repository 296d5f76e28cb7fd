export { nearestName } from "@ml-mosaic/base";
export { type Checked, type CheckOptions, checkValues } from "./check-values.ts";
export { list, map } from "./collection-types.ts";
export { component } from "./component.ts";
export type {
  AnyClass,
  ComponentClass,
  ComponentStatics,
  ConfigObject,
  Configurable,
  Later,
  Objection,
  Objections,
} from "./component-class.ts";
export {
  type ConfigurableClass,
  type ConfigurableOn,
  type ConfigurableStatics,
  configurable,
  type Merged,
} from "./configurable.ts";
export { ConfigurationError } from "./configuration-error.ts";
export {
  type ComponentDescription,
  componentTables,
  type Described,
  describeComponents,
} from "./describe-components.ts";
export { describeOptions, type OptionDescription, optionTable, type TableOptions } from "./describe-options.ts";
export { type Bounds, type Form, typeName } from "./form.ts";
export type { FromConfigOptions } from "./from-config.ts";
export { type JsonSchema, jsonSchema, jsonSchemas } from "./json-schema.ts";
export { literal } from "./literal.ts";
export { loadImports } from "./load-imports.ts";
export {
  describeProblem,
  formatPath,
  type Path,
  type Problem,
  type StatedProblem,
  type ValueProblem,
} from "./problem.ts";
export type { Source } from "./read-values.ts";
export { refine } from "./refine.ts";
export { type RegisteredClass, type Registry, register } from "./registry.ts";
export { resolvedConfig } from "./resolved-config.ts";
export { any, boolean, float, importable, int, path, string } from "./scalar-types.ts";
export { type Infer, isSchemaMap, type Schema, type SchemaMap, schema, type Written } from "./schema.ts";
export { readText } from "./text.ts";
export { toYaml } from "./to-yaml.ts";
export { type Accepted, construct, type Reading, type ReadOptions, type Refused, type Type } from "./type.ts";
export { TypedConfigurable, type TypedStatics, typedConfigurable } from "./typed-configurable.ts";
export { union } from "./union.ts";
export { within } from "./within.ts";
export { readYaml, YamlFile } from "./yaml-file.ts";
