// Options of a command as rows: commander gets them from here, and so does the fast path for a command line that is plain enough to need no
// commander (src/cli/fast-path.ts).

import type { Command } from 'commander';

/** Flags as commander writes them, in long form: `--json`, `--max <n>`. */
export type OptionRow = readonly [flags: string, description: string, fallback?: string];

export const reasonHelp = 'why: kept in the trail';

export function addOptions(command: Command, rows: readonly OptionRow[]): Command {
  for (const [flags, description, fallback] of rows) command.option(flags, description, fallback);
  return command;
}

export interface PlainLine {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | true>>;
}

/** What commander would read: words, and options of these rows, each once and with a value of its own. Undefined: it is not that plain. */
export function readPlainLine(args: readonly string[], rows: readonly OptionRow[]): PlainLine | undefined {
  const words: string[] = [];
  const options: Record<string, string | true> = {};
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (!word.startsWith('-')) {
      if (word === '') return undefined;
      words.push(word);
      continue;
    }
    const [name, value] = rows.map(([flags]) => flags.split(' ')).find(([flag]) => flag === word) ?? [];
    const key = name?.slice(2);
    if (key === undefined || Object.hasOwn(options, key)) return undefined;
    if (value === undefined) options[key] = true;
    else {
      at += 1;
      const given = args[at];
      if (given === undefined || given.startsWith('-')) return undefined;
      options[key] = given;
    }
  }
  for (const [flags, , fallback] of rows) {
    const key = flags.split(' ')[0]?.slice(2);
    if (key !== undefined && fallback !== undefined) options[key] ??= fallback;
  }
  return { words, options };
}
