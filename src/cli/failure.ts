// How a command ends: 0, 1 (a negative answer), 2 (usage), 3 (could not tell), 75 (the store is away: try again), with one clear line on standard error.

import { safeLines } from '../base/safe-text.ts';

export type ExitCode = 1 | 2 | 3 | 75;

export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode = 1) {
    super(message);
    this.code = code;
  }
}

export function failed(message: string, code: ExitCode): ExitCode {
  process.stderr.write(`postern: ${safeLines(message)}\n`);
  return code;
}
