// Who signs in at the console is judged in the lookup thread, by the authenticator of mail: one guessing defence and one budget of hashes for both. Who failed stands in the trail.

import type { Client } from '../console/client.ts';
import type { Judged, PersonCheck } from '../console/person-check.ts';
import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import type { Line } from '../platform/line.ts';
import type { FailedSignIn } from './failed-sign-ins.ts';
import type { LookupThreadQuestion } from './lookup-body.ts';

export interface PersonCheckOptions {
  /** To the lookup thread; undefined: there is none now. */
  lookupThread(): Pick<Line, 'ask'> | undefined;
  note(failed: FailedSignIn, client: Client): void;
  report(error: unknown): void;
}

export function createPersonCheck(o: PersonCheckOptions): PersonCheck {
  return async ({ login, password }, client): Promise<Judged> => {
    const question = {
      authenticate: {
        ...{ kind: 'password', mechanism: 'console', authorizationIdentity: '' },
        ...{ authenticationIdentity: login, password },
      },
      from: { address: client.address, personally: true },
    } satisfies LookupThreadQuestion;
    try {
      const outcome = (await o.lookupThread()?.ask(question)) as AuthenticationOutcome | undefined;
      if (outcome?.type === 'authenticated') {
        const { identityId, revision } = outcome.principal;
        return { type: 'right', identityId, revision };
      }
      if (outcome?.type !== 'refused') return { type: 'notNow', notBeforeMs: 0 };
      const { notBeforeMs } = outcome;
      const { cause, identityId } = outcome;
      o.note({ login, cause, ...(identityId === undefined ? {} : { identityId }) }, client);
      return { type: outcome.refusal.name === 'authFailed' ? 'wrong' : 'notNow', notBeforeMs };
    } catch (error) {
      o.report(error);
      return { type: 'notNow', notBeforeMs: 0 };
    }
  };
}
