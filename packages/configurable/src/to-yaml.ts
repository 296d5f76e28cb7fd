import { stringify } from "yaml";
import type { ConfigObject } from "./component-class.ts";

/** The configuration as YAML 1.2, which `readYaml` reads back unchanged. */
export function toYaml(config: ConfigObject): string {
  return stringify(config, { aliasDuplicateObjects: false, lineWidth: 0 });
}
