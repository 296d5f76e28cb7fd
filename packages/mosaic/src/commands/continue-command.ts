import { shellText } from "@ml-mosaic/command-line";

export interface ConfigurationGiven {
  readonly configuration: string;
  /** Arguments that changed values of it. */
  readonly overrides?: readonly string[];
}

/** What goes on with an experiment; as a user would type it. */
export function continueCommand({ configuration, overrides = [] }: ConfigurationGiven, database: string): string {
  return `${["mosaic", "run", configuration, database, ...overrides].map(shellText).join(" ")} --continue`;
}
