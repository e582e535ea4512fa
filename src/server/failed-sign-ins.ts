// Who failed to sign in at the console, and what with: as a login that failed at SMTP stands in the trail.

import { networkOf } from '../base/address-network.ts';
import type { Client } from '../console/client.ts';
import type { Clock } from '../platform/platform.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Store } from '../store/port.ts';
import { createJournal } from '../submission/journal.ts';

const LOGIN_MAX = 255;

export interface FailedSignIn {
  readonly login: string;
  /** Absent: the login names no account here. */
  readonly identityId?: IdentityId;
  readonly cause: string;
}

export interface FailedSignInOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Where the console listens. */
  readonly server: { readonly address: string; readonly port: number };
}

/** Nothing waits for it; a flood is counted into few records. */
export function noteFailedSignIns({
  store,
  clock,
  server,
}: FailedSignInOptions): (failed: FailedSignIn, client: Client) => void {
  const journal = createJournal(store, clock, 1);
  return ({ login, identityId, cause }, { address: clientAddress, port: clientPort }) => {
    const { address: serverAddress, port: serverPort } = server;
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
  };
}
