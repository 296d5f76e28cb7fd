/**
 * TypeScript as JavaScript, as Node makes it, kept beside what V8 has compiled (`keepCompiledCode`): what strips types takes
 * 20 MB of each process that asks it, and longer to load than all files of a project together.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { sha256, unfinishedName } from "@ml-mosaic/base";

/**
 * @param text of a module
 * @param environment says where it is kept, or that nothing is
 * @throws SyntaxError as Node's
 */
export function plainScript(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  const place = placeOf(text, environment);
  const kept = place && readWhole(place);
  if (kept !== undefined) return kept;
  const script = stripTypeScriptTypes(text);
  if (place !== undefined) write(place, script);
  return script;
}

/** Node's next version may strip otherwise. */
function placeOf(
  text: string,
  { NODE_COMPILE_CACHE: folder = "", NODE_DISABLE_COMPILE_CACHE: disabled = "" }: NodeJS.ProcessEnv,
): string | undefined {
  if (folder === "" || disabled !== "") return undefined;
  return join(folder, "scripts", `${process.versions.node}-${digest(text)}.js`);
}

/** Undefined where there is none, or it was cut off or changed. */
function readWhole(place: string): string | undefined {
  try {
    const kept = readFileSync(place, "utf8");
    const script = kept.slice(kept.indexOf("\n") + 1);
    return kept.startsWith(`//${digest(script)}\n`) ? script : undefined;
  } catch {
    return undefined;
  }
}

function write(place: string, script: string): void {
  const folder = dirname(place);
  const temporary = join(folder, unfinishedName("script"));
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(temporary, `//${digest(script)}\n${script}`, { flag: "wx" });
    renameSync(temporary, place);
  } catch {
    // It is made again, as where nothing can be kept at all.
  }
}

function digest(text: string): string {
  return Buffer.from(sha256([Buffer.from(text)])).toString("hex");
}
