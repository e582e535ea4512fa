// Who signs in at the console is judged in the lookup thread, by the authenticator of mail: one guessing defence and one budget of hashes for both. Who failed stands in the trail.

import type { Client } from '../console/client.ts';
import type { Judged, PersonCheck } from '../console/person-check.ts';
import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import { networkOf } from '../base/address-network.ts';
import type { Clock } from '../platform/platform.ts';
import type { Line } from '../platform/line.ts';
import type { Store } from '../store/port.ts';
import { createJournal } from '../submission/journal.ts';
import type { LookupThreadQuestion } from './lookup-body.ts';

const LOGIN_MAX = 255;

export interface PersonCheckOptions {
  /** To the lookup thread; undefined: there is none now. */
  lookupThread(): Pick<Line, 'ask'> | undefined;
  readonly store: Store;
  readonly clock: Clock;
  /** Where the console listens, for the record. */
  readonly server: { readonly address: string; readonly port: number };
  report(error: unknown): void;
}

export function createPersonCheck(o: PersonCheckOptions): PersonCheck {
  const journal = createJournal(o.store, o.clock, 1);

  function note(login: string, client: Client, { cause, identityId }: Failed): void {
    const { address: clientAddress, port: clientPort } = client;
    const { address: serverAddress, port: serverPort } = o.server;
    const network = networkOf(clientAddress);
    const session = { sessionId: '', role: 'console', ehlo: '' } as const;
    journal.note(
      {
        type: 'authenticationFailed',
        payload: {
          session: { ...session, clientAddress, clientPort, serverAddress, serverPort },
          ...{ mechanism: 'console', cause, network, count: 1 },
          // Only if it names an account here: else it may be a password that went into the wrong field.
          ...(identityId === undefined ? {} : { login: login.slice(0, LOGIN_MAX) }),
        },
      },
      `${identityId ?? ''} ${network}`,
      identityId,
    );
  }

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
      note(login, client, outcome);
      return { type: outcome.refusal.name === 'authFailed' ? 'wrong' : 'notNow', notBeforeMs };
    } catch (error) {
      o.report(error);
      return { type: 'notNow', notBeforeMs: 0 };
    }
  };
}

type Failed = Pick<Extract<AuthenticationOutcome, { type: 'refused' }>, 'cause' | 'identityId'>;
