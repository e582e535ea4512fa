// The second factor: a code of the app, a recovery code, or a passkey where the person has one and the browser may use it here. It is asked for after the password, and again
// in a session before what takes a fresh proof.

import { passkeyRequest, usePasskey } from '../administration/passkeys.ts';
import type { AdministrationPorts, FactorGuard } from '../administration/ports.ts';
import { useSecondFactor } from '../administration/second-factor.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Client } from './client.ts';
import type { Html } from './page.ts';
import { whichCode } from './pages/sign-in.ts';
import { CHALLENGE_MS, type Passkeys } from './passkeys.ts';
import type { Proof } from './sessions.ts';

const CODE_MAX = 320;

export interface SecondStep {
  /** The page that asks. `token`: of this sign-in, in its forms. */
  ask(of: {
    readonly identityId: IdentityId;
    readonly token: string;
    readonly words?: string;
  }): Promise<Html>;
  /** What a browser is asked for, as JSON; `asker`: of whom the answer is then taken. Undefined: he has no passkey, or can't use it here. */
  passkey(identityId: IdentityId, asker: string): Promise<string | undefined>;
  /** By what he proved that it is he; or why not. */
  judge(
    of: { readonly identityId: IdentityId; readonly asker: string },
    given: Given,
    client: Client,
  ): Promise<Judged>;
}

export interface Given {
  readonly code: string | null;
  /** Of a passkey. */
  readonly answer: string | null;
}

export type Judged = { readonly proof: Exclude<Proof, 'link'> } | { readonly words: string };

export function secondStep({
  administration,
  passkeys,
  factorGuard,
}: {
  readonly administration: AdministrationPorts;
  readonly passkeys: Passkeys | undefined;
  factorGuard(client: Client): FactorGuard;
}): SecondStep {
  async function passkey(identityId: IdentityId, asker: string): Promise<string | undefined> {
    const challenge = passkeys?.ask(asker, identityId);
    const request =
      challenge && (await passkeyRequest(administration, identityId, { challenge, timeoutMs: CHALLENGE_MS }));
    return request && JSON.stringify(request);
  }

  return {
    passkey,
    async ask({ identityId, ...shown }) {
      const request = await passkey(identityId, shown.token);
      return whichCode({ ...shown, ...(request === undefined ? {} : { passkey: request }) });
    },
    async judge({ identityId, asker }, { code, answer }, client) {
      const ports = { ...administration, factorGuard: factorGuard(client) };
      if (answer === null) {
        const judged = await useSecondFactor(ports, identityId, (code ?? '').slice(0, CODE_MAX));
        if (judged === 'wrong') return { words: WRONG_CODE };
        return judged === 'tooMany' ? { words: TOO_MANY_CODES } : { proof: judged };
      }
      const challenge = passkeys?.take(asker);
      if (challenge === undefined) return { words: TOO_LATE };
      const judged = await usePasskey(ports, identityId, { answer, challenge });
      if (judged === 'right') return { proof: 'passkey' };
      return { words: judged === 'wrong' ? WRONG_PASSKEY : TOO_MANY_PASSKEYS };
    },
  };
}

const WRONG_CODE = 'This code is wrong, or was used already: wait for the next one.';
const TOO_MANY_CODES =
  'Too many wrong codes were tried for this account: wait a while before the next, or take a recovery code.';
const TOO_MANY_PASSKEYS =
  'Too much was tried for this account from your network: wait a quarter of an hour, or come from elsewhere.';
const TOO_LATE = 'That took longer than five minutes: try once more.';
const WRONG_PASSKEY = 'This passkey does not let you in here: take another one, or a code.';
