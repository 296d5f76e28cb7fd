/** What Mosaic has to know of a language in which modules may be written. */

import type { SchemaMap } from "@ml-mosaic/configurable";
import type { ClassSection, ClassSource, Experiment, Project } from "../config/index.ts";
import type { Findings } from "../config/problem.ts";
import type { ConstructorOptions } from "../modules/constructor-options.ts";
import type { FileDigests } from "../modules/user-files.ts";
import type { RunOrder } from "../run/order.ts";
import type { Work } from "../supervisor/worker-process.ts";

export function projectOf({ folder, start, monitor }: Pick<Experiment, "folder" | "start" | "monitor">): Project {
  return { folder, start, python: monitor.python };
}

export interface SourcedClass {
  readonly className: string;
  readonly source: ClassSource;
}

/** What a class is made of. */
export interface ModuleCode {
  /** Of the texts of its files and of the versions of the packages that they import; of a package its name and version. */
  readonly digest: string;
  /** The digest as it was made before what is required, and packages, counted. */
  readonly earlierDigest: string;
  /** The user's own files in it, and the packages that they import. */
  readonly files: FileDigests;
}

/** Names alone are known of a class without a schema, if its constructor tells them. */
export type ClassOptions =
  | {
      readonly kind: "schema";
      readonly schemas: SchemaMap;
      /** Whether it takes others besides. */
      readonly isOpen?: boolean;
    }
  | { readonly kind: "names"; readonly names: ConstructorOptions }
  | { readonly kind: "unknown" };

/** To be disposed of when nothing more is to be checked. */
export interface RunChecks extends AsyncDisposable {
  /** Builds a run up to its first loss, and trains nothing. Returns what is wrong. */
  check(order: RunOrder): Promise<readonly unknown[]>;
}

export interface Language {
  /**
   * Looks at the classes of an experiment, which are these sections and perhaps the own loss, and finds what can be known to
   * be wrong before the first run.
   */
  check(experiment: Experiment, sections: readonly ClassSection[], findings: Findings): Promise<void>;
  /** What each of these classes is made of, in their order. */
  codeOf(classes: readonly SourcedClass[], project: Project): Promise<readonly ModuleCode[]>;
  /** Versions that bits depend on besides Mosaic's own; empty where there are none. */
  versions(project: Project): Promise<string>;
  /** What the classes of a file or package take, or one of them, under their names. */
  optionsOf(
    source: ClassSource,
    className: string | undefined,
    project: Project,
  ): Promise<ReadonlyMap<string, ClassOptions>>;
  /** What carries out a run, and what it is told. */
  workOf(order: RunOrder, project: Project): Promise<Work>;
  openRunChecks(project: Project): RunChecks;
  /** Of these devices those that cannot be used, with the reason. */
  deviceProblems(devices: readonly string[], project: Project): Promise<readonly string[]>;
}
