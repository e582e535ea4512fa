// An identity as a look-up shows it. Where the store's user may not read credentials, who has the identity is still shown; who needs the credentials hears which right is
// missing, and never that there are none.

import type { Credential, Identity } from '../record/identity.ts';
import { StoreUnavailable } from './port.ts';

export interface ShownIdentity extends Omit<Identity, 'credentials'> {
  readonly credentials: readonly Credential[] | Hidden;
}

/** Plain data: it crosses threads and the control socket. */
export interface Hidden {
  /** Who lacks which right, in words. */
  readonly because: string;
}

/** Throws `StoreUnavailable` if they are hidden. */
export function withCredentials(shown: ShownIdentity): Identity {
  const { credentials } = shown;
  if ('because' in credentials) throw new StoreUnavailable(credentials.because);
  return { ...shown, credentials };
}
