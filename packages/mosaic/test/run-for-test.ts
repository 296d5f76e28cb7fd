/** A command as its user calls it, for tests. */
import { type Command, type ExitCode, runCommand } from "@ml-mosaic/command-line";

export interface Ended {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

export async function runForTest(command: Command, args: readonly string[]): Promise<Ended> {
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
  const code = await runCommand(command, `mosaic_${command.name}`, args, terminal);
  return { code, ...written };
}
