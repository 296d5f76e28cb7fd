import type { ArgumentSpec, Command, OptionSpec } from "@ml-mosaic/command-line";
import { programNames } from "./completion-names.ts";

/** Works both when evaluated and as a file `_mosaic` in `$fpath`. */
export function zshScript(commands: readonly Command[]): string {
  const programs = programNames(commands).join(" ");
  const verbs = commands.map(({ name, summary }) => `      ${quote(`${name}:${summary.replaceAll(":", "\\:")}`)}`);
  return `#compdef ${programs}
_mosaic() {
  local verb=\${words[1]:t:r}
  if [[ $verb == mosaic ]]; then
    local -a verbs=(
${verbs.join("\n")}
    )
    if (( CURRENT == 2 )); then
      _describe command verbs
      return
    fi
    shift words
    (( CURRENT-- ))
    verb=\${words[1]}
  else
    verb=\${verb#mosaic_}
  fi
  case $verb in
${commands.map(commandCase).join("\n")}
  esac
}
if [[ \${funcstack[1]} == _mosaic ]]; then
  _mosaic "$@"
else
  compdef _mosaic ${programs}
fi
`;
}

function commandCase(command: Command): string {
  const specs = [
    ...command.options.map(optionWords),
    "'--help[show how it is used]'",
    ...command.arguments.map(argumentWord),
  ];
  return `    ${command.name}) _arguments ${specs.join(" ")} ;;`;
}

function optionWords({ name, short, value, secondValue, help, choices }: OptionSpec): string {
  const values = [value, secondValue].map((word) => (word === undefined ? "" : `:${word}:${action(choices)}`)).join("");
  const rest = quote(`[${escapeHelp(help)}]${values}`);
  return short === undefined ? `--${name}${rest}` : `'(-${short} --${name})'{-${short},--${name}}${rest}`;
}

function argumentWord({ name, choices, optional = false, default: value }: ArgumentSpec): string {
  return quote(`:${optional || value !== undefined ? ":" : ""}${name}:${action(choices)}`);
}

/** What zsh offers for a value. */
function action(choices: readonly string[] | undefined): string {
  return choices === undefined ? "_files" : `(${choices.join(" ")})`;
}

function escapeHelp(text: string): string {
  return text.replace(/[\\[\]:]/g, (character) => `\\${character}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
