// What was accepted last, and what became of it: a glance that names nobody. Domains and figures alone, so it leaves no record; who sent it is a look at the trail.

import { eventsOfAll } from '../audit/events-of-messages.ts';
import { fatesOf, type RecipientFate } from '../audit/fates.ts';
import type { Actor } from './actor.ts';
import type { AdministrationPorts } from './ports.ts';

export interface RecentMessage {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number;
  readonly recipients: number;
  /** Of its recipients, each once, at most three. Empty: what was recorded is forgotten. */
  readonly domains: readonly string[];
  /** How many of its recipients came to what. */
  readonly fates: Readonly<Partial<Record<RecipientFate['fate'], number>>>;
}

const DOMAINS_MAX = 3;
const MESSAGES_MAX = 50;
/** Events of one message that are looked at. */
const EVENTS_MAX = 500;

/** Newest first. */
export async function recentMessages(
  { lookups }: AdministrationPorts,
  _actor: Actor,
  { max }: { readonly max: number },
): Promise<readonly RecentMessage[]> {
  const acceptances = await lookups.newestAcceptances(Math.min(max, MESSAGES_MAX));
  const ids = new Set(acceptances.flatMap(({ messageId }) => messageId ?? []));
  const events = await eventsOfAll(lookups, [...ids], EVENTS_MAX);
  return acceptances.map(({ messageId: id = '', time: acceptedAt, payload }) => {
    const recipients = payload?.envelope.recipients ?? [];
    const domains = new Set(recipients.map(({ forwardPath }) => domainOf(forwardPath)));
    return {
      ...{ id, acceptedAt, recipients: recipients.length },
      domains: [...domains].slice(0, DOMAINS_MAX),
      fates: counted(fatesOf(payload, events.get(id) ?? [])),
    };
  });
}

const domainOf = (forwardPath: string): string => forwardPath.slice(forwardPath.lastIndexOf('@') + 1);

function counted(fates: readonly RecipientFate[]): RecentMessage['fates'] {
  const counts: Partial<Record<RecipientFate['fate'], number>> = {};
  for (const { fate } of fates) counts[fate] = (counts[fate] ?? 0) + 1;
  return counts;
}
