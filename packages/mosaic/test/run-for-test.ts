/** A command as its user calls it, for tests. */
import { buildCommand, type CommandSpec, type ExitCode, runCommandLine } from "@ml-mosaic/command-line";

export interface Ended {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

export async function runForTest(spec: CommandSpec, args: readonly string[]): Promise<Ended> {
  const written = { out: "", err: "" };
  const terminal = {
    out: (text: string) => {
      written.out += text;
    },
    err: (text: string) => {
      written.err += text;
    },
    isLive: false,
  };
  const code = await runCommandLine(buildCommand(spec, terminal, `mosaic_${spec.name}`), args, terminal);
  return { code, ...written };
}
