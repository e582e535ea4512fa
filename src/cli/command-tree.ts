// The commands as a tree of plain data, read from what `--help` prints itself: completion and manual pages can't say anything else.

import type { Command } from 'commander';
import { sendHelp } from '../send/help.ts';

export interface OptionNode {
  /** As `--help` writes them: `-c, --config <file>`. */
  readonly flags: string;
  readonly names: readonly string[];
  readonly description: string;
  /** What its value is called; undefined: it takes none. */
  readonly value: string | undefined;
}

export interface ArgumentNode {
  readonly name: string;
  /** What it may be, if that is known. */
  readonly choices: readonly string[];
  /** It may stand more than once. */
  readonly variadic: boolean;
}

export interface CommandNode {
  readonly name: string;
  /** The text after the name, as `--help` writes it. */
  readonly usage: string;
  readonly description: string;
  readonly options: readonly OptionNode[];
  readonly arguments: readonly ArgumentNode[];
  readonly commands: readonly CommandNode[];
  /** What `--help` says after all that: examples, exit codes. */
  readonly more: string;
  /** `--help` is this text alone. */
  readonly text: string | undefined;
}

export function treeOf(command: Command): CommandNode {
  const help = command.createHelp();
  const isSend = command.name() === 'send';
  return {
    name: command.name(),
    usage: command.usage(),
    description: command.description(),
    options: isSend ? optionsOfSend() : help.visibleOptions(command).map(optionOf),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      choices: argument.argChoices ?? [],
      variadic: argument.variadic,
    })),
    commands: help
      .visibleCommands(command)
      .filter((child) => child.name() !== 'help')
      .map(treeOf),
    more: moreOf(command),
    text: isSend ? sendHelp : undefined,
  };
}

function optionOf(
  option: ReturnType<ReturnType<Command['createHelp']>['visibleOptions']>[number],
): OptionNode {
  const { flags, short, long, description, defaultValue } = option;
  const preset =
    defaultValue === undefined || defaultValue === false || defaultValue === ''
      ? ''
      : ` (default: ${String(defaultValue)})`;
  return {
    flags,
    names: [short, long].filter((name) => name !== undefined),
    description: `${description}${preset}`,
    value: /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1]?.replace('...', ''),
  };
}

/** Commander knows none of them: they are sendmail's. */
function optionsOfSend(): readonly OptionNode[] {
  return [...sendHelp.matchAll(/^ {2}(-.+?)(?: {2,}|\n +)(.+)$/gm)].map(
    ([, flags = '', description = '']) => ({
      flags,
      names: [...flags.matchAll(/(?<![\w-])--?[A-Za-z][\w-]*/g)].map(([name]) => name),
      description,
      value: / ([A-Z]+)$/.exec(flags)?.[1]?.toLowerCase(),
    }),
  );
}

/** `--help` without what commander makes of the options. */
function moreOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (written) => (text += written) }).outputHelp();
  return text.slice(command.helpInformation().length).trim();
}
