import { type Command, choicesOf } from "@ml-mosaic/command-line";
import { optionNames, programNames } from "./completion-names.ts";

/** Options and verbs are ours; for all else bash completes file names. */
export function bashScript(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const words = Object.values(command.arguments).flatMap(choicesOf);
    return `    ${command.name}) options="${optionNames(command).join(" ")}" words="${words.join(" ")}" ;;`;
  });
  return `_mosaic() {
  local current=\${COMP_WORDS[COMP_CWORD]} verb=\${COMP_WORDS[0]##*/} options="" words=""
  verb=\${verb%.ts}
  COMPREPLY=()
  if [[ $verb == mosaic ]]; then
    if (( COMP_CWORD == 1 )); then
      COMPREPLY=( $(compgen -W "${commands.map(({ name }) => name).join(" ")} --help" -- "$current") )
      return
    fi
    verb=\${COMP_WORDS[1]}
  else
    verb=\${verb#mosaic_}
  fi
  case $verb in
${cases.join("\n")}
  esac
  [[ $current == -* ]] && words=$options
  COMPREPLY=( $(compgen -W "$words" -- "$current") )
}
complete -o default -F _mosaic ${programNames(commands).join(" ")}
`;
}
