import { type Command, command } from "@ml-mosaic/command-line";
import { literal, schema } from "@ml-mosaic/configurable";
import { bashScript } from "./completion-bash.ts";
import { fishScript } from "./completion-fish.ts";
import { zshScript } from "./completion-zsh.ts";

const scripts = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
} as const;

/** @param allCommands gives the commands to complete, this one among them */
export function completionCommand(allCommands: () => Promise<readonly Command[]>): Command {
  return command({
    name: "completion",
    summary: "Print a script that lets a shell complete these commands.",
    arguments: { shell: schema(literal("bash", "zsh", "fish"), { help: "the shell" }) },
    options: {},
    examples: [
      "bash: echo 'eval \"$(mosaic completion bash)\"' >> ~/.bashrc",
      "zsh:  echo 'eval \"$(mosaic completion zsh)\"' >> ~/.zshrc   (after compinit)",
      "fish: mosaic completion fish > ~/.config/fish/completions/mosaic.fish",
    ],
    async run(given, { out }) {
      out(scripts[given.shell](await allCommands()));
      return 0;
    },
  });
}
