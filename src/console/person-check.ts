// Is it the person? The password is judged where those of mail are: with the same guessing defence, and within the same bounds for hashes. App passwords and tokens are wrong here.

import type { IdentityId } from '../record/identity.ts';
import type { Client } from './client.ts';

export type Judged =
  /** `revision`: as of which the account was looked at. */
  | { readonly type: 'right'; readonly identityId: IdentityId; readonly revision: number }
  /** Or unknown, suspended, expired: it is not told which. `notBeforeMs`: no answer sooner after the question. */
  | { readonly type: 'wrong'; readonly notBeforeMs: number }
  /** It could not be judged now. */
  | { readonly type: 'notNow'; readonly notBeforeMs: number };

/** Never rejects. It keeps the record of who failed. */
export type PersonCheck = (
  asked: { readonly login: string; readonly password: string },
  client: Client,
) => Promise<Judged>;
