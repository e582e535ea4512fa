// What became of a command that failed: one clear line on standard error, and the exit code.

import { ConfigError } from '../config/load.ts';
import { StoreUnavailable } from '../store/port.ts';
import { DataDirectoryUnusable, StoreLocked } from '../store/sqlite/open.ts';
import { StoreTooNew } from '../store/sqlite/schema.ts';
import { CommandFailure } from './failure.ts';
import { safeLines } from './output.ts';

export function explainFailure(error: unknown): number {
  if (error instanceof CommandFailure) return fail(error.message, error.code);
  if (error instanceof ConfigError) return fail(error.message, 2);
  if (error instanceof StoreLocked || error instanceof StoreTooNew || error instanceof DataDirectoryUnusable)
    return fail(error.message, 3);
  if (error instanceof StoreUnavailable) return fail(`the store does not answer: ${error.message}`, 3);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return fail(error.message, 3);
  return fail(error instanceof Error ? error.message : String(error), 3);
}

function fail(message: string, code: number): number {
  process.stderr.write(`postern: ${safeLines(message)}\n`);
  return code;
}
