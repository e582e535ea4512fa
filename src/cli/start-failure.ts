// How `serve` ends when its start fails: one clear line, and an exit code of sysexits.h by which a service manager knows whether another try can help.

import { failureInWords } from '../base/failure-words.ts';
import { safeLines } from '../base/safe-text.ts';
import { EX, type SysExit } from '../base/sysexits.ts';
import { ConfigError } from '../config/find.ts';
import { DirectoryUnusable } from '../platform/directory-unusable.ts';
import { CannotBind } from '../platform/listen.ts';
import { StoreLocked, StoreTooNew } from '../store/engine-errors.ts';

/** Everything has been stopped already. `step`: the one that failed. */
export function startFailure(
  error: unknown,
  step: string,
): { readonly code: SysExit; readonly text: string } {
  const message = failureInWords(error);
  const code = codeOf(error);
  const text = code === EX.SOFTWARE ? `the start failed (${step}): ${message}` : message;
  return { code, text: `postern: ${safeLines(text)}\n` };
}

/** packaging/postern.service tries none of `CONFIG` again: only the operator can mend it. */
function codeOf(error: unknown): SysExit {
  if (error instanceof ConfigError || error instanceof StoreTooNew) return EX.CONFIG;
  // The holder may release it.
  if (error instanceof StoreLocked) return EX.TEMPFAIL;
  // An error from another thread has lost its class on the way.
  if (error instanceof CannotBind || (error instanceof Error && error.name === 'CannotBind'))
    return isForbidden(error) ? EX.NOPERM : EX.TEMPFAIL;
  if (error instanceof DirectoryUnusable) return EX.OSERR;
  if (isForbidden(error)) return EX.NOPERM;
  return error instanceof Error && 'code' in error ? EX.OSERR : EX.SOFTWARE;
}

function isForbidden(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM' || isForbidden(error.cause);
}
