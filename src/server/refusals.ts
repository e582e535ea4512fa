// Where a refusal goes besides the wire: metrics and log always; the trail if it came after AUTH, because then somebody is
// accountable for it (D-TR-1). Before AUTH only failed authentications are recorded, counted by account and network.

import type { Envelope } from '../protocol/envelope.ts';
import type { Refusal } from '../protocol/refusal.ts';
import { networkOf } from '../base/address-network.ts';
import { principalFacts } from '../record/identity.ts';
import type { Connection } from './conversation.ts';
import type { Front } from './front.ts';

const CAUSE_MAX = 500;

export function noteRefusal(
  front: Front,
  connection: Connection,
  refusal: Refusal,
  command: string,
  envelope?: Envelope,
): void {
  const { principal, remote } = connection;
  const { code, status = '' } = refusal.reply;
  front.metrics.refused(refusal.name);
  front.log.refused(
    connection.id,
    {
      command,
      code,
      status,
      cause: refusal.cause.slice(0, CAUSE_MAX),
      client: remote.address,
      login: principal?.login,
    },
    principal !== undefined,
  );
  if (principal === undefined) return;
  front.journal.note(
    {
      type: 'refused',
      payload: {
        session: connection.facts(),
        principal: principalFacts(principal),
        command,
        replyCode: code,
        replyStatus: status,
        cause: refusal.cause.slice(0, CAUSE_MAX),
        count: 1,
        ...(envelope === undefined
          ? {}
          : {
              reversePath: envelope.reversePath,
              forwardPaths: envelope.recipients.slice(0, 100).map(({ forwardPath }) => forwardPath),
            }),
      },
    },
    principal.identityId,
    principal.identityId,
  );
}

/** A failed AUTH. `identityId` is set only if the login names an account here; only then is the login kept. */
export function noteFailedAuthentication(
  front: Front,
  connection: Connection,
  failure: {
    readonly mechanism: string;
    readonly cause: string;
    readonly login: string;
    readonly identityId?: string | undefined;
  },
): void {
  const { identityId, login, cause, mechanism } = failure;
  const network = networkOf(connection.remote.address);
  front.journal.note(
    {
      type: 'authenticationFailed',
      payload: {
        session: connection.facts(),
        mechanism,
        cause,
        network,
        count: 1,
        ...(identityId === undefined ? {} : { login: login.slice(0, 255) }),
      },
    },
    `${identityId ?? ''} ${network}`,
    identityId,
  );
}
