// A password that somebody chose: what it has to be, whoever sets it and through whichever door.

import { hashPassword, PASSWORD_MIN, PASSWORD_OCTETS_MAX, preparePassword } from '../identity/password.ts';
import type { Entropy } from '../platform/platform.ts';
import { UseCaseFailure } from './failure.ts';

/** In PHC string form. Rejects with `UseCaseFailure`. */
export function hashNewPassword(password: string, entropy: Entropy): Promise<string> {
  const flaw = flawOf(password);
  return flaw === undefined
    ? hashPassword(password, entropy)
    : Promise.reject(new UseCaseFailure(flaw, 'usage'));
}

function flawOf(password: string): string | undefined {
  if (password.includes('\ufffd')) return 'the password is no valid UTF-8';
  if (password.length >= PASSWORD_MIN && preparePassword(password).length <= PASSWORD_OCTETS_MAX)
    return undefined;
  return `a password has at least ${PASSWORD_MIN} characters, and at most ${PASSWORD_OCTETS_MAX} octets`;
}
