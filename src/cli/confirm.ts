// A question before something is done that can't be undone, or not easily.

import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { CommandFailure } from './failure.ts';

/** On a terminal alone: to be asked with `--yes` elsewhere. Throws unless the answer is yes; Ctrl-C and Ctrl-D are none. */
export async function confirm(question: string): Promise<void> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const unanswered = once(reader, 'close').then(() => undefined);
  const answer = await Promise.race([
    reader.question(`${question} [y/N] `).catch(() => undefined),
    unanswered,
  ]);
  reader.close();
  if (answer === undefined) process.stderr.write('\n');
  if (!/^y(es)?$/i.test(answer?.trim() ?? '')) throw new CommandFailure('nothing was done');
}
