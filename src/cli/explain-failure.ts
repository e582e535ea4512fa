// What became of a command that failed: one clear line on standard error, and the exit code.

import { UseCaseFailure } from '../administration/failure.ts';
import { failureInWords } from '../base/failure-words.ts';
import { EX } from '../base/sysexits.ts';
import { ConfigError } from '../config/find.ts';
import { StoreAway } from '../store/engine-errors.ts';
import { StoreUnavailable } from '../store/port.ts';
import { CommandFailure, failed } from './failure.ts';

const exitCodes = { negative: 1, denied: 1, usage: 2, trouble: 3 } as const;

export function explainFailure(error: unknown): number {
  if (error instanceof CommandFailure) return failed(error.message, error.code);
  if (error instanceof UseCaseFailure) return failed(error.message, exitCodes[error.kind]);
  if (error instanceof ConfigError) return failed(error.message, 2);
  if (error instanceof StoreAway) return failed(`the store is away: ${error.message}`, EX.TEMPFAIL);
  if (error instanceof StoreUnavailable) return failed(`the store does not answer: ${error.message}`, 3);
  // It may have been thrown in another thread.
  if (error instanceof Error && error.name === 'NotACursor') return failed(error.message, 2);
  const isBarred = error instanceof Error && 'code' in error && error.code === 'EACCES';
  const advice = isBarred ? ": run this as root or as the server's user" : '';
  return failed(`${failureInWords(error)}${advice}`, 3);
}
