// The second half of a sign-in: a code of the app, a recovery code, or a passkey where the person has one and the browser may use it here.

import { passkeyRequest, usePasskey } from '../administration/passkeys.ts';
import type { AdministrationPorts } from '../administration/ports.ts';
import { useSecondFactor } from '../administration/second-factor.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Html } from './page.ts';
import { whichCode } from './pages/sign-in.ts';
import { CHALLENGE_MS, type Passkeys } from './passkeys.ts';
import type { LetIn } from './sessions.ts';

const CODE_MAX = 320;

export interface SecondStep {
  /** The page that asks. `token`: of this sign-in, in its forms. */
  ask(of: {
    readonly identityId: IdentityId;
    readonly token: string;
    readonly words?: string;
  }): Promise<Html>;
  /** By what he comes in; or why not. */
  judge(
    of: { readonly identityId: IdentityId; readonly token: string },
    form: URLSearchParams,
  ): Promise<{ readonly by: LetIn['by'] } | { readonly words: string }>;
}

export function secondStep({
  administration,
  passkeys,
}: {
  readonly administration: AdministrationPorts;
  readonly passkeys: Passkeys | undefined;
}): SecondStep {
  return {
    async ask({ identityId, ...shown }) {
      const challenge = passkeys?.ask(shown.token);
      const request =
        challenge &&
        (await passkeyRequest(administration, identityId, { challenge, timeoutMs: CHALLENGE_MS }));
      return whichCode({ ...shown, ...(request === undefined ? {} : { passkey: JSON.stringify(request) }) });
    },
    async judge({ identityId, token }, form) {
      const answer = form.get('answer');
      if (answer === null) {
        const code = (form.get('code') ?? '').slice(0, CODE_MAX);
        const judged = await useSecondFactor(administration, identityId, code);
        if (judged === 'right') return { by: 'password and code' };
        return { words: judged === 'wrong' ? WRONG_CODE : TOO_MANY_CODES };
      }
      const challenge = passkeys?.take(token);
      if (challenge === undefined) return { words: TOO_LATE };
      const judged = await usePasskey(administration, identityId, { answer, challenge });
      return judged === 'right' ? { by: 'password and passkey' } : { words: WRONG_PASSKEY };
    },
  };
}

const WRONG_CODE = 'This code is wrong, or was used already: wait for the next one.';
const TOO_MANY_CODES =
  'Too many wrong codes were tried for this account: wait a while before the next, or take a recovery code.';
const TOO_LATE = 'That took longer than five minutes: try once more.';
const WRONG_PASSKEY = 'This passkey does not let you in here: take another one, or a code.';
