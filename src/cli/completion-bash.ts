// The completion script for bash 3 and later: one `case` over the words of the command gives its commands, options and choices.

import type { CommandNode, OptionNode } from './command-tree.ts';

/** Values of these names are files or directories, or may be: what `trace` is asked for. */
const FILES = /^(?:file|directory|path|what)$/;

export const namesFile = (name: string): boolean => FILES.test(name);

export function bashCompletion(root: CommandNode): string {
  return `# bash completion for postern, written by \`postern completion bash\`
_postern() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path=postern word=
  local commands options valued files choices places
  local -i at
  # An option and its value with = between them are three words.
  [[ $cur == = ]] && cur=
  _postern_words "$path"
  # Which command is meant, and whether the last word before the cursor waits for its value.
  for ((at = 1; at < COMP_CWORD; at += 1)); do
    [[ \${COMP_WORDS[at]} == = ]] && continue
    case " $valued " in *" $word "*) [[ -n $word ]] && { word=; continue; } ;; esac
    word=\${COMP_WORDS[at]}
    case " $commands " in *" $word "*) [[ -n $word ]] && { path+=" $word"; _postern_words "$path"; word=; } ;; esac
  done
  COMPREPLY=()
  if [[ -n $word && " $valued " == *" $word "* ]]; then
    [[ " $files " == *" $word "* ]] || return 0
    _postern_files "$cur"
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ -n $commands$choices ]]; then
    COMPREPLY=($(compgen -W "$commands $choices" -- "$cur"))
  elif [[ -n $places ]]; then
    _postern_files "$cur"
  fi
}

_postern_files() {
  local name
  compopt -o filenames 2>/dev/null
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$1")
}

# Of a command: those below it, its options, those with a value, those whose value is a file, what its argument may be, whether that is a file.
_postern_words() {
  commands= options= valued= files= choices= places=
  case $1 in
${casesOf(root, '').join('\n')}
  esac
}

complete -F _postern postern
`;
}

function casesOf(node: CommandNode, above: string): readonly string[] {
  const path = `${above}${node.name}`;
  const { commands, options, arguments: given } = node;
  const sets = {
    commands: commands.map(({ name }) => name),
    options: namesOf(options),
    valued: namesOf(options.filter(({ value }) => value !== undefined)),
    files: namesOf(options.filter(({ value }) => namesFile(value ?? ''))),
    choices: given.flatMap(({ choices }) => choices),
    places: given.some(({ name }) => namesFile(name)) ? ['yes'] : [],
  };
  const words = Object.entries(sets).flatMap(([name, values]) =>
    values.length === 0 ? [] : [`${name}='${values.join(' ')}'`],
  );
  return [`    '${path}') ${words.join(' ')} ;;`, ...commands.flatMap((child) => casesOf(child, `${path} `))];
}

const namesOf = (options: readonly OptionNode[]): readonly string[] => options.flatMap(({ names }) => names);
