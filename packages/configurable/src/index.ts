export { nearestName } from "@ml-mosaic/base";
export { type Checked, type CheckOptions, checkValues } from "./check-values.ts";
export { component } from "./components/component.ts";
export type {
  AnyClass,
  ComponentClass,
  ComponentStatics,
  ConfigObject,
  Configurable,
  Later,
  Objection,
  Objections,
} from "./components/component-class.ts";
export {
  type ConfigurableClass,
  type ConfigurableOn,
  type ConfigurableStatics,
  configurable,
  type Merged,
} from "./components/configurable.ts";
export type { FromConfigOptions } from "./components/from-config.ts";
export { loadImports } from "./components/load-imports.ts";
export { objectionProblems, objectionsTo } from "./components/read-component.ts";
export {
  forgetRegistered,
  type RegisteredClass,
  type Registry,
  register,
  registeredIn,
  registeringFile,
} from "./components/registry.ts";
export { resolvedConfig } from "./components/resolved-config.ts";
export { TypedConfigurable, type TypedStatics, typedConfigurable } from "./components/typed-configurable.ts";
export { ConfigurationError } from "./configuration-error.ts";
export {
  type ComponentDescription,
  componentTables,
  type Described,
  describeComponents,
} from "./describe/describe-components.ts";
export {
  describeOptions,
  type OptionDescription,
  optionTable,
  type TableOptions,
} from "./describe/describe-options.ts";
export { type JsonSchema, jsonSchema, jsonSchemas } from "./describe/json-schema.ts";
export { optionTypes } from "./describe/option-types.ts";
export {
  describeProblem,
  formatPath,
  formatProblem,
  type Path,
  type Problem,
  type StatedProblem,
  type ValueProblem,
} from "./problem.ts";
export type { Source } from "./read-values.ts";
export { type Infer, isSchemaMap, type Schema, type SchemaMap, schema, type Written } from "./schema.ts";
export { configOfText } from "./text/component-text.ts";
export { type NestedText, nestTexts } from "./text/nest-texts.ts";
export { textProblem } from "./text/range.ts";
export {
  booleanFromText,
  infinityFromText,
  isNullText,
  numberFromText,
  quotedText,
  readText,
  unquotedText,
  valueText,
} from "./text/scalars.ts";
export { type SpellerOptions, speller } from "./text/speller.ts";
export type { TextFault } from "./text/text-fault.ts";
export { parseValue, repeatedValue } from "./text/values.ts";
export { axis } from "./types/axis.ts";
export { list, map } from "./types/collection-types.ts";
export { type Bounds, type Form, typeName } from "./types/form.ts";
export { literal } from "./types/literal.ts";
export { refine } from "./types/refine.ts";
export { any, boolean, float, importable, int, path, string } from "./types/scalar-types.ts";
export {
  type Accepted,
  accept,
  construct,
  type Reading,
  type ReadOptions,
  type Refused,
  refuse,
  type Type,
} from "./types/type.ts";
export { union } from "./types/union.ts";
export { within } from "./types/within.ts";
export { toYaml } from "./yaml/to-yaml.ts";
export { readYaml, YamlFile } from "./yaml/yaml-file.ts";
