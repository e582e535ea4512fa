// How `serve` ends when its start fails: one clear line, and an exit code of sysexits.h by which a service manager knows whether another try can help.

import { failureInWords } from '../base/failure-words.ts';
import { safeLines } from '../base/safe-text.ts';
import { EX, type SysExit } from '../base/sysexits.ts';

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

/**
 * By the name of the error: one from another thread has lost its class on the way. packaging/postern.service tries none of `CONFIG` again: only the operator can
 * mend it. The holder of a lock, of a port or of a name may release it.
 */
const codes: Readonly<Record<string, SysExit>> = {
  ConfigError: EX.CONFIG,
  ServerUnfit: EX.CONFIG,
  StoreTooNew: EX.CONFIG,
  StoreUnfinished: EX.CONFIG,
  StoreLocked: EX.TEMPFAIL,
  NodeNameTaken: EX.TEMPFAIL,
  DirectoryUnusable: EX.OSERR,
};

function codeOf(error: unknown): SysExit {
  const name = error instanceof Error ? error.name : '';
  const known = codes[name];
  if (known !== undefined) return known;
  if (isForbidden(error)) return EX.NOPERM;
  if (name === 'CannotBind') return EX.TEMPFAIL;
  return error instanceof Error && 'code' in error ? EX.OSERR : EX.SOFTWARE;
}

function isForbidden(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM' || isForbidden(error.cause);
}
