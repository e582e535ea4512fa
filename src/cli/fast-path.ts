// Questions to a running server, asked without what makes commands slow to start: commander, the schema of the configuration, the store. An abuse desk
// asks many, and scripts ask them by the thousand. Whatever is out of the ordinary (another way to write it, no server, a configuration that `readConfigLite`
// does not understand, a mistake) is left to the whole program, which then reports it.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { findConfig } from '../config/find.ts';
import { readConfigLite } from '../config/read-lite.ts';
import { connectControl } from '../http/control-client.ts';
import { systemClock } from '../platform/clock.ts';
import type { LookContext } from './context.ts';
import { CommandFailure, failed } from './failure.ts';
import { type OptionRow, type PlainLine, readPlainLine } from './option-rows.ts';

interface Question {
  readonly rows: readonly OptionRow[];
  /** Words after those of the command itself. */
  readonly words: { readonly least: number; readonly most: number };
  ask(context: LookContext, words: readonly string[], options: PlainLine['options']): Promise<void>;
}

/** By the words of the command. */
const questions: Readonly<Record<string, () => Promise<Question>>> = {
  async 'queue list'() {
    const { listOptions, listQueue } = await import('./queue-list.ts');
    return {
      rows: listOptions,
      words: { least: 0, most: 1 },
      ask: (context, [id], options) => listQueue(context, id, options),
    };
  },
  async trace() {
    const { runTrace, traceOptions } = await import('./trace-look.ts');
    return {
      rows: traceOptions,
      words: { least: 1, most: 1 },
      ask: (context, [what = ''], options) => runTrace(context, what, { max: '', ...options }),
    };
  },
};

/** The exit code. Undefined: nothing was done, the whole program has to run. */
export async function runFastPath(args: readonly string[]): Promise<number | undefined> {
  const asked = await questionIn(args);
  if (asked === undefined) return undefined;
  const context = await contextOf(asked.config);
  if (context === undefined) return undefined;
  try {
    await asked.question.ask(context, asked.words, asked.options);
    return 0;
  } catch (error) {
    if (error instanceof CommandFailure) return failed(error.message, error.code);
    const { explainFailure } = await import('./explain-failure.ts');
    return explainFailure(error);
  }
}

interface Asked extends PlainLine {
  readonly question: Question;
  readonly config: string | undefined;
}

const configRow: OptionRow = ['--config <file>', 'configuration file'];

/** `-c FILE` may stand before the command or after it, but once. */
async function questionIn(given: readonly string[]): Promise<Asked | undefined> {
  const long = given.map((word) => (word === '-c' ? '--config' : word));
  const front = long[0] === '--config' ? long.slice(0, 2) : [];
  const args = long.slice(front.length);
  const name = Object.keys(questions).find((one) => one.split(' ').every((word, at) => args[at] === word));
  const question = await questions[name ?? '']?.();
  if (name === undefined || question === undefined) return undefined;
  const line = readPlainLine(
    [...args.slice(name.split(' ').length), ...front],
    [...question.rows, configRow],
  );
  const { least, most } = question.words;
  if (line === undefined || line.words.length < least || line.words.length > most) return undefined;
  const { config, ...options } = line.options;
  return { ...{ words: line.words, options, question }, config: config === true ? undefined : config };
}

async function contextOf(option: string | undefined): Promise<LookContext | undefined> {
  try {
    const file = findConfig(option, process.env);
    const data = readConfigLite(readFileSync(file, 'utf8'));
    const server = data === undefined ? undefined : await connectControl(resolve(dirname(file), data));
    if (server === undefined) return undefined;
    const { lookups, administration } = server;
    return { lookups, administration, now: systemClock.now() };
  } catch {
    // The whole program meets the same error, and reports it.
    return undefined;
  }
}
