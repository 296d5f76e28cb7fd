import type { CommandSpec } from "@ml-mosaic/command-line";
import { bashScript } from "./completion-bash.ts";
import { fishScript } from "./completion-fish.ts";
import { zshScript } from "./completion-zsh.ts";

const scripts: Readonly<Record<string, (commands: readonly CommandSpec[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** @param allCommands gives the commands to complete, this one among them */
export function completionCommand(allCommands: () => Promise<readonly CommandSpec[]>): CommandSpec {
  return {
    name: "completion",
    summary: "Print a script that lets a shell complete these commands.",
    arguments: [{ name: "shell", help: "the shell", choices: Object.keys(scripts) }],
    options: [],
    examples: [
      "bash: echo 'eval \"$(mosaic completion bash)\"' >> ~/.bashrc",
      "zsh:  echo 'eval \"$(mosaic completion zsh)\"' >> ~/.zshrc   (after compinit)",
      "fish: mosaic completion fish > ~/.config/fish/completions/mosaic.fish",
    ],
    async run(given, { out }) {
      const script = scripts[given.argument("shell")];
      if (script !== undefined) out(script(await allCommands()));
      return 0;
    },
  };
}
