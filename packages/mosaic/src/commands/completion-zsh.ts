import { type Command, choicesOf, mayBeMissing, spelledOptions, takesSeveral, wordsOf } from "@ml-mosaic/command-line";
import type { Schema } from "@ml-mosaic/configurable";
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
    ...Object.entries(spelledOptions(command)).map((option) => optionWords(...option)),
    ...Object.entries(command.arguments).map((argument) => argumentWord(...argument)),
  ];
  return `    ${command.name}) _arguments ${specs.join(" ")} ;;`;
}

function optionWords(name: string, option: Schema<unknown>): string {
  const values = wordsOf(option).map((word) => `:${word}:${action(option)}`);
  const rest = quote(`[${escapeHelp(option.help)}]${values.join("")}`);
  const names = [...option.aliases, name];
  return names.length === 1 ? `${name}${rest}` : `'(${names.join(" ")})'{${names.join(",")}}${rest}`;
}

function argumentWord(name: string, argument: Schema<unknown>): string {
  const place = takesSeveral(argument) ? "*:" : mayBeMissing(argument) ? "::" : ":";
  return quote(`${place}${name}:${action(argument)}`);
}

/** What zsh offers for a value. */
function action(option: Schema<unknown>): string {
  const choices = choicesOf(option);
  if (choices.length > 0) return `(${choices.join(" ")})`;
  return option.type.form?.kind === "path" ? "_files" : " ";
}

function escapeHelp(text: string): string {
  return text.replace(/[\\[\]:]/g, (character) => `\\${character}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
