// A question before something is done that can't be undone, or not easily.

import { createInterface } from 'node:readline/promises';
import { CommandFailure } from './failure.ts';

/** On a terminal alone: to be asked with `--yes` elsewhere. Throws unless the answer is yes. */
export async function confirm(question: string): Promise<void> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await reader.question(`${question} [y/N] `);
  reader.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandFailure('nothing was done');
}
