import {
  any,
  axis,
  type JsonSchema,
  jsonSchemas,
  list,
  literal,
  type Schema,
  type SchemaMap,
  schema,
  string,
  type Type,
  union,
} from "@ml-mosaic/configurable";
import { classOptions, optionalClassOptions } from "../config/class-section.ts";
import { monitorOptions } from "../config/monitor-section.ts";
import { type Group, groups, processOptions } from "../config/process-options.ts";
import { slurmOptions } from "../config/slurm-section.ts";
import type { ClassOptions } from "../languages/language.ts";
import { isProgram } from "../program/options.ts";
import { asWritten, type TrainingComponent, trainingComponents, withAxes } from "./training-options.ts";
import type { DescribedClass } from "./user-classes.ts";

const draft = "http://json-schema.org/draft-07/schema#";

/**
 * A JSON Schema of a configuration file with all that it includes, taken as an object of sections, each an object of its options; an axis is a
 * list. Which options a component takes follows from the component that is chosen.
 */
export function configJson(classes: readonly DescribedClass[] | undefined): JsonSchema {
  const sections = (classes ?? []).map(({ section, name, options }) => ({
    section: section ?? name,
    ...sectionOf(name, options),
  }));
  const { schemas, definitions } = jsonSchemas([
    { name: "PROCESS", configSchema: { ...asWritten(processOptions), ...groupSchemas(), ...neededOptions(classes) } },
    { name: "MONITOR", configSchema: asWritten(monitorOptions) },
    { name: "SLURM", configSchema: asWritten(slurmOptions) },
    ...sections,
  ]);
  const [process, monitor, slurm, ...others] = schemas;
  const named = sections.map(({ section, isOpen }, index) => [section, opened(others[index], isOpen)] as const);
  return {
    $schema: draft,
    title: "Mosaic experiment",
    type: "object",
    properties: {
      PROCESS: { ...process, allOf: conditions() },
      MONITOR: monitor,
      SLURM: slurm,
      ...Object.fromEntries(named),
    },
    required: ["PROCESS", "MONITOR"],
    additionalProperties: classes === undefined ? anyClass() : false,
    definitions,
  };
}

/** Programs have their data, and what they learn by, of their own. */
function neededOptions(classes: readonly DescribedClass[] | undefined): SchemaMap {
  const areAllPrograms = classes?.every(({ from: path, name: className }) => isProgram({ path, className })) === true;
  if (!areAllPrograms) return {};
  const { lr, data_scheme: scheme } = asWritten(processOptions);
  const optional = ({ type, help }: Schema<unknown>) => schema(type, { optional: true, help });
  return { ...(lr && { lr: optional(lr) }), ...(scheme && { data_scheme: optional(scheme) }) };
}

/** A JSON Schema of what each class takes, under its name. */
export function classesJson(title: string, classes: readonly DescribedClass[]): JsonSchema {
  const described = classes.map(({ name, options }) => ({
    ...describe(name, options),
    isOpen: isOpen(options),
  }));
  const { schemas, definitions } = jsonSchemas(described);
  const named = described.map(
    ({ name, isOpen }, index) => [name, { title: name, ...opened(schemas[index], isOpen) }] as const,
  );
  return {
    $schema: draft,
    title,
    anyOf: named.map(([name]) => ({ $ref: `#/definitions/${name}` })),
    definitions: { ...definitions, ...Object.fromEntries(named) },
  };
}

/** Values of a class may be lists, which make axes, and may come from other modules, so that none is required. */
function sectionOf(name: string, options: ClassOptions): Section {
  const { configSchema } = describe(name, options);
  const own = Object.entries(configSchema).map(([option, { type, default: value, aliases, help }]) => {
    const axis = union(type, list(type));
    return [option, { ...schema(axis, { optional: true, aliases, help }), default: value }] as const;
  });
  return {
    name,
    configSchema: { ...Object.fromEntries(own), ...classOptions, ...optionalClassOptions },
    isOpen: isOpen(options),
  };
}

interface Section {
  readonly name: string;
  readonly configSchema: SchemaMap;
  /** Whether it takes names that are not known here. */
  readonly isOpen: boolean;
}

function isOpen(options: ClassOptions): boolean {
  return options.kind === "unknown" || (options.kind === "schema" && options.isOpen === true);
}

function describe(name: string, options: ClassOptions): { readonly name: string; readonly configSchema: SchemaMap } {
  switch (options.kind) {
    case "schema":
      return { name, configSchema: options.schemas };
    case "names": {
      const { required, optional } = options.names;
      const both = [
        ...required.map((option) => [option, schema(any)] as const),
        ...optional.map((option) => [option, schema(any, { optional: true })] as const),
      ];
      return { name, configSchema: Object.fromEntries(both) };
    }
    case "unknown":
      return { name, configSchema: {} };
    default:
      return options satisfies never;
  }
}

function opened(section: JsonSchema | undefined, isOpen: boolean): JsonSchema {
  return isOpen ? { ...section, additionalProperties: true } : { ...section };
}

function anyClass(): JsonSchema {
  const {
    schemas: [section],
  } = jsonSchemas([{ name: "class", configSchema: { ...classOptions, ...optionalClassOptions } }]);
  return opened(section, true);
}

/** The names of components; their options by name, and by what they take where the component is chosen. */
function groupSchemas(): SchemaMap {
  const components = trainingComponents();
  const chosen = groups.map((group) => {
    const spellings = components.filter((each) => each.group === group).flatMap((each) => each.spellings);
    const nothing = group === "scheduler" ? ["None"] : group === "early_stopping" ? [false] : [];
    const { help, default: value } = processOptions[group];
    const { type }: { readonly type?: unknown } = Object(value);
    const option = schema(axis(union(literal(...spellings, ...nothing), withOptions)), { optional: true, help });
    return [group, { ...option, default: type }] as const;
  });
  const names = components.flatMap(({ options }) => Object.keys(options));
  return Object.fromEntries([...chosen, ...names.map((name) => [name, schema(any, { optional: true })] as const)]);
}

/** `SGD(momentum=0.9)`. */
const withOptions: Type<string> = { ...string, form: { kind: "string", pattern: "^[^(]+\\(.*\\)$" } };

function conditions(): readonly JsonSchema[] {
  const components = trainingComponents();
  return groups.flatMap((group) => {
    const ofGroup = components.filter((component) => component.group === group);
    const names = new Set(ofGroup.flatMap(({ options }) => Object.keys(options)));
    const whereChosen = ofGroup.map((component) => {
      const configSchema = withAxes(component.options);
      const others = [...names].filter((name) => !Object.hasOwn(configSchema, name));
      const { schemas } = jsonSchemas([{ name: component.name, configSchema }]);
      // Names of other groups may stand beside it.
      return implication(isChosen(component), { ...schemas[0], additionalProperties: true, ...without(others) });
    });
    return [...whereChosen, implication(isNothing(group, ofGroup), without([...names]))];
  });
}

function implication(condition: JsonSchema, consequence: JsonSchema): JsonSchema {
  // biome-ignore lint/suspicious/noThenProperty: it is JSON Schema's
  return { if: condition, then: consequence };
}

/** An axis of components may have the options of all of them. */
function isChosen({ group, spellings, isDefault }: TrainingComponent): JsonSchema {
  const written = { properties: { [group]: { enum: spellings } }, required: [group] };
  return isDefault ? { anyOf: [written, { not: { required: [group] } }] } : written;
}

function isNothing(group: Group, components: readonly TrainingComponent[]): JsonSchema {
  const written = { properties: { [group]: { enum: ["None", false] } }, required: [group] };
  return components.some(({ isDefault }) => isDefault) ? written : { anyOf: [written, { not: { required: [group] } }] };
}

function without(names: readonly string[]): JsonSchema {
  return names.length === 0 ? {} : { propertyNames: { not: { enum: names } } };
}
