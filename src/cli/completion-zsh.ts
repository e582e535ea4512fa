// The completion script for zsh: a function for each command, with the descriptions that `--help` gives.

import type { ArgumentNode, CommandNode, OptionNode } from './command-tree.ts';
import { namesFile } from './completion-bash.ts';

export function zshCompletion(root: CommandNode): string {
  return `#compdef postern
# zsh completion for postern, written by \`postern completion zsh\`

${functionsOf(root, '_postern').join('\n')}
# Found by the shell itself it completes at once; sourced it only makes itself known.
if [[ $funcstack[1] == _postern ]]; then _postern "$@"; else compdef _postern postern; fi
`;
}

function functionsOf(node: CommandNode, name: string): readonly string[] {
  const { commands, options } = node;
  const below = commands.flatMap((child) => functionsOf(child, `${name}_${child.name}`));
  const specs = options.map(specOf);
  if (commands.length === 0) return [functionOf(name, [argumentsOf([...specs, ...placesOf(node)])])];
  const steps = [
    'local curcontext=$curcontext state line',
    'typeset -A opt_args',
    argumentsOf(['-C', ...specs, quoted('(-): :->command'), quoted('(-)*:: :->argument')]),
    'case $state in',
    `  command) local -a commands=(${commands.map((child) => quoted(`${child.name}:${child.description}`)).join(' ')})`,
    `    _describe command commands ;;`,
    '  argument) case $line[1] in',
    ...commands.map((child) => `    ${child.name}) ${name}_${child.name} ;;`),
    '  esac ;;',
    'esac',
  ];
  return [functionOf(name, steps), ...below];
}

function functionOf(name: string, steps: readonly string[]): string {
  return [`${name}() {`, ...steps.map((step) => `  ${step}`), '}', ''].join('\n');
}

const argumentsOf = (specs: readonly string[]): string => ['_arguments', ...specs].join(' \\\n    ');

/** Names of one option exclude each other. */
function specOf({ names, description, value }: OptionNode): string {
  const text = `[${description.replaceAll(/[[\]\\:]/g, String.raw`\$&`)}]`;
  const wanted = value === undefined ? '' : `:${value}:${namesFile(value) ? '_files' : ' '}`;
  const [only = ''] = names;
  if (names.length === 1) return quoted(`${only}${text}${wanted}`);
  return `${quoted(`(${names.join(' ')})`)}{${names.join(',')}}${quoted(`${text}${wanted}`)}`;
}

/** Up to the last that can be completed: the name of another one would be shown instead of the option that is begun. */
function placesOf({ arguments: given }: CommandNode): readonly string[] {
  const last = given.findLastIndex(({ name, choices }) => choices.length > 0 || namesFile(name));
  return given.slice(0, last + 1).map(placeOf);
}

function placeOf({ name, choices, variadic }: ArgumentNode): string {
  const what = choices.length > 0 ? `(${choices.join(' ')})` : namesFile(name) ? '_files' : ' ';
  return quoted(`${variadic ? '*' : ''}:${name}:${what}`);
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
