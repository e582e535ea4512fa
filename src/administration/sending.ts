// May an account send as this address, to that one? Asked of the same rules as a session, and answered with the rule that decides.

import { createMailboxes, configuredMailboxes } from '../identity/mailboxes.ts';
import { principalOf } from '../identity/identity-changes.ts';
import { explain, type ExplainStep } from '../policy/explain.ts';
import { isAsciiText } from '../protocol/wire/mailbox.ts';
import type { Actor } from './actor.ts';
import { domainsOf, identityOf } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';

export interface AskedSending {
  readonly login: string;
  /** Reverse-path; empty: the null one. */
  readonly from: string;
  readonly to: readonly string[];
  /** From of the header, if it is another. */
  readonly headerFrom?: string;
}

/** Nothing is sent, and nothing counted against a limit. */
export async function explainSending(
  ports: AdministrationPorts,
  _actor: Actor,
  { login, from, to, headerFrom }: AskedSending,
): Promise<{ readonly login: string; readonly steps: readonly ExplainStep[] }> {
  const identity = await identityOf(ports, login);
  const { mailboxes: listed, displayNames } = ports.config();
  const domains = domainsOf(ports);
  const configured = configuredMailboxes(listed);
  const mailboxes = createMailboxes({
    ...{ lookups: ports.lookups, clock: { monotonic: () => ports.clock.now() } },
    settings: { domains: () => domains, configured: () => configured },
  });
  const proof = { kind: 'password', id: 'explain', label: 'explain' } as const;
  const recipients = await Promise.all(
    to.map(async (forwardPath) => ({
      recipient: { forwardPath },
      mailbox: await mailboxes.find(forwardPath),
    })),
  );
  const steps = explain(
    { principal: principalOf(identity, proof, 'PLAIN'), state: identity.state, domains, displayNames },
    {
      from: { reversePath: from, smtputf8: ![from, ...to].every(isAsciiText) },
      to: recipients,
      ...(headerFrom === undefined
        ? {}
        : { header: { from: [{ address: headerFrom, displayName: '' }], resent: [] } }),
    },
  );
  return { login: identity.login, steps };
}
