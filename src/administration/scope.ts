// Whom an actor sees and acts on. Use cases of an actor with a scope work on look-ups and a store that know nobody else: what lies outside is not there for them, in
// the same words as what there never was.

import { emptyCounter } from '../policy/limits.ts';
import type { TrailEvent } from '../record/events.ts';
import type { Identity, IdentityId } from '../record/identity.ts';
import { compareListed, type IdentityPage, isOfPage } from '../store/identity-page.ts';
import type {
  EventRange,
  FoundEvents,
  Lookups,
  QueueEntry,
  QueueOfIdentity,
  TraceTerm,
} from '../store/lookups.ts';
import type { Change } from '../store/port.ts';
import type { QueueSelector } from '../store/selector.ts';
import type { ShownIdentity } from '../store/shown-identity.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';
import { attemptToldToUser, eventToldToUser, queuedToldToUser } from './told-to-user.ts';

type IsMine = (identity: Pick<Identity, 'id' | 'login'>) => boolean;

/** Undefined: everybody. */
function scopeOf({ role, domains = [], identityId }: Actor): IsMine | undefined {
  if (role === 'domainAdmin') return ({ login }) => domains.some((domain) => login.endsWith(`@${domain}`));
  if (role === 'user') return ({ id }) => id === identityId;
  return undefined;
}

/** What use cases work on, as this actor sees it. */
export function scopedPorts(ports: AdministrationPorts, actor: Actor): AdministrationPorts {
  const isMine = scopeOf(actor);
  if (isMine === undefined) return ports;
  const seen = createSeen(ports.lookups, isMine, actor.role === 'user' ? eventToldToUser : (event) => event);
  return {
    ...ports,
    // A domain of others is as if it were none of ours.
    config() {
      const config = ports.config();
      const { role, domains = [] } = actor;
      return role === 'user'
        ? config
        : { ...config, domains: config.domains.filter((one) => domains.includes(one)) };
    },
    lookups: scopedLookups(ports.lookups, actor, seen),
    store: {
      async commit(changes) {
        for (const change of changes) await assertInside(change, seen);
        return ports.store.commit(changes);
      },
    },
    ...nearLimitsSeen(ports, seen),
    copy: () => Promise.reject(outside()),
  };
}

function nearLimitsSeen(
  { nearLimits }: AdministrationPorts,
  seen: Seen,
): Pick<AdministrationPorts, 'nearLimits'> {
  if (nearLimits === undefined) return {};
  return {
    async nearLimits() {
      const all = await nearLimits();
      const mine = await seen.identities(all);
      return all.filter((id) => mine.has(id));
    },
  };
}

interface Seen {
  isMine: IsMine;
  identity(id: IdentityId | undefined): Promise<boolean>;
  /** Those of them that are ours. */
  identities(ids: readonly (IdentityId | undefined)[]): Promise<ReadonlySet<IdentityId | undefined>>;
  message(id: string): Promise<boolean>;
  /** Of these messages, those that one of ours has sent. */
  messages(ids: readonly string[]): Promise<ReadonlySet<string>>;
  selector(selector: QueueSelector): Promise<boolean>;
  /** The event as it is for this actor to know. */
  told(this: void, event: TrailEvent): TrailEvent;
}

function createSeen(lookups: Lookups, isMine: IsMine, told: Seen['told']): Seen {
  async function identity(id: IdentityId | undefined): Promise<boolean> {
    const found = id === undefined ? undefined : await lookups.identityById(id);
    return found !== undefined && isMine(found);
  }
  async function identities(
    ids: readonly (IdentityId | undefined)[],
  ): Promise<ReadonlySet<IdentityId | undefined>> {
    const all = [...new Set(ids)];
    const judged = await Promise.all(all.map(identity));
    return new Set(all.filter((_, at) => judged[at]));
  }
  async function message(id: string): Promise<boolean> {
    return identity((await lookups.message(id))?.identityId);
  }
  return {
    isMine,
    told,
    identity,
    identities,
    message,
    async messages(ids) {
      const acceptances = ids.length === 0 ? [] : await lookups.acceptances([...new Set(ids)]);
      const owners = await identities(acceptances.map((event) => event.identityId));
      const mine = acceptances.filter((event) => owners.has(event.identityId));
      return new Set(mine.flatMap(({ messageId }) => messageId ?? []));
    },
    selector({ identityId, messageId }) {
      if (identityId !== undefined) return identity(identityId);
      if (messageId !== undefined) return message(messageId);
      throw new UseCaseFailure(
        'name an account or a message: the queue as a whole is not for this role',
        'usage',
      );
    },
  };
}

/** Parts of an answer that are looked through for something that is seen. What lies deeper counts as not there: that there is something would betray others. */
const PARTS_MAX = 20;

function scopedLookups(all: Lookups, actor: Actor, seen: Seen): Lookups {
  const one = (found: ShownIdentity | undefined): ShownIdentity | undefined =>
    found !== undefined && seen.isMine(found) ? found : undefined;
  const queued = actor.role === 'user' ? queuedToldToUser : (entry: QueueEntry): QueueEntry => entry;
  return {
    identityByLogin: async (login) => one(await all.identityByLogin(login)),
    identityById: async (id) => one(await all.identityById(id)),
    identityByAddress: async (address) => one(await all.identityByAddress(address)),
    identitiesByAddress: async (address) => (await all.identitiesByAddress(address)).filter(seen.isMine),
    identityByCredential: async (id) => one(await all.identityByCredential(id)),
    identities: (page) => identitiesSeen(all, actor, page),
    credentialUses: async (id) => ((await seen.identity(id)) ? all.credentialUses(id) : []),
    counter: async (id) => ((await seen.identity(id)) ? all.counter(id) : emptyCounter),
    message: async (id) => ((await seen.message(id)) ? all.message(id) : undefined),
    content: async (id) => ((await seen.message(id)) ? all.content(id) : undefined),
    async queue(selector, page) {
      const entries = (await seen.selector(selector)) ? await all.queue(selector, page) : [];
      return entries.map(queued);
    },
    async queueOfMessages(ids, max) {
      const entries = await all.queueOfMessages(ids, max);
      const owners = await seen.identities(entries.map(({ message: { identityId } }) => identityId));
      return entries.filter(({ message }) => owners.has(message.identityId)).map(queued);
    },
    queueCount: async (selector, max) =>
      (await seen.selector(selector)) ? all.queueCount(selector, max) : 0,
    queueByIdentity: (page) => queueByIdentitySeen(all, actor, page),
    async findMessages(term, range) {
      const found = await all.findMessages(term, range);
      const mine = await seen.messages(found.ids);
      return { ...found, ids: found.ids.filter((id) => mine.has(id)) };
    },
    async findEvents(terms, range) {
      const part = (some: EventRange): Promise<FoundEvents> => all.findEvents(terms, some);
      return eventsSeen(seen, range, part, await leadToOursAlone(seen, terms));
    },
    daysOf: async (id, since) =>
      (await seen.identity(id)) ? all.daysOf(id, since) : { days: [], isCut: false },
    eventsOfMessage: async (id, max) =>
      (await seen.messages([id])).has(id) ? (await all.eventsOfMessage(id, max)).map(seen.told) : [],
    async eventsOfMessages(ids, max) {
      const mine = await seen.messages(ids);
      const asked = ids.filter((id) => mine.has(id));
      return asked.length === 0 ? [] : (await all.eventsOfMessages(asked, max)).map(seen.told);
    },
    async acceptances(ids) {
      const mine = await seen.messages(ids);
      return (await all.acceptances(ids)).filter(
        ({ messageId }) => messageId !== undefined && mine.has(messageId),
      );
    },
    async endedAttempts(of) {
      const mine = await seen.messages(of.map(({ messageId }) => messageId));
      const asked = of.filter(({ messageId }) => mine.has(messageId));
      const ended = asked.length === 0 ? [] : await all.endedAttempts(asked);
      return actor.role === 'user' ? ended.map(attemptToldToUser) : ended;
    },
    consoleSessions: async (id) => ((await seen.identity(id)) ? all.consoleSessions(id) : []),
    ...ofEverybody,
  };
}

/** What tells of all at once: for no role with a scope. */
const ofEverybody = {
  queueTotals: refuse,
  newestAcceptances: refuse,
  looks: refuse,
  events: refuse,
  chains: refuse,
  links: refuse,
  newestLinks: refuse,
  indexEntries: refuse,
  strayEntries: refuse,
  sharedKey: refuse,
  nodes: refuse,
  consoleSession: refuse,
};

function refuse(): Promise<never> {
  return Promise.reject(outside());
}

function outside(): UseCaseFailure {
  return new UseCaseFailure('this tells of everybody: it is not for this role', 'denied');
}

/** Of a domain admin: each of his domains is asked, and nobody else is read past. */
async function identitiesSeen(
  all: Pick<Lookups, 'identities' | 'identityById'>,
  { role, domains = [], identityId = '' }: Actor,
  page: IdentityPage,
): Promise<readonly ShownIdentity[]> {
  if (role === 'user') {
    const himself = await all.identityById(identityId);
    return himself !== undefined && page.after === undefined && isOfPage(himself, page) ? [himself] : [];
  }
  const asked = domains.filter((domain) => page.domain === undefined || page.domain === domain);
  const pages = await Promise.all(asked.map((domain) => all.identities({ ...page, domain })));
  return pages.flat().toSorted(compareListed).slice(0, page.max);
}

/** Of a domain admin: the accounts of his domains. */
async function queueByIdentitySeen(
  all: Pick<Lookups, 'queueByIdentity'>,
  { role, domains = [] }: Actor,
  page: Parameters<Lookups['queueByIdentity']>[0],
): Promise<readonly QueueOfIdentity[]> {
  if (role !== 'domainAdmin') throw outside();
  const asked = domains.filter((domain) => page.domains === undefined || page.domains.includes(domain));
  return asked.length === 0 ? [] : all.queueByIdentity({ ...page, domains: asked });
}

/** By an identity of ours nobody else's events are found. */
async function leadToOursAlone(seen: Seen, terms: readonly TraceTerm[]): Promise<boolean> {
  const named = terms.map((term) => (term.kind === 'identity' ? term.identityId : undefined));
  const ours = await seen.identities(named);
  return named.every((id) => ours.has(id));
}

/** There is more only if more of it is seen: that others have more would betray them. `betraysNobody`: who finds nothing more at once may be asked again instead. */
async function eventsSeen(
  seen: Seen,
  range: EventRange,
  part: (range: EventRange) => Promise<FoundEvents>,
  betraysNobody: boolean,
): Promise<FoundEvents> {
  let found: readonly TrailEvent[] = [];
  let from = range;
  for (let parts = 0; parts < PARTS_MAX; parts += 1) {
    const max = betraysNobody && found.length > 0 ? 1 : range.max;
    const { events, next } = await part({ ...from, max });
    const mine = await eventsOfOurs(seen, events);
    if (found.length > 0 && mine.length > 0)
      return { events: found, ...(from.after === undefined ? {} : { next: from.after }) };
    if (found.length === 0) found = mine;
    if (next === undefined) break;
    const hasLookedFar = events.length < max;
    if (betraysNobody && (hasLookedFar || mine.length === 0)) return { events: found, next };
    from = { ...range, after: next };
  }
  return { events: found };
}

/** Those of a message are its sender's, whoever they name. */
async function eventsOfOurs(seen: Seen, events: readonly TrailEvent[]): Promise<readonly TrailEvent[]> {
  const messages = await seen.messages(events.flatMap(({ messageId }) => messageId ?? []));
  const owners = await seen.identities(
    events.map(({ messageId, identityId }) => (messageId === undefined ? identityId : undefined)),
  );
  return events
    .filter(({ messageId, identityId }) =>
      messageId === undefined ? owners.has(identityId) : messages.has(messageId),
    )
    .map(seen.told);
}

/** Use cases have asked before; this is for what one of them forgot. */
async function assertInside(change: Change, seen: Seen): Promise<void> {
  if (!(await isInside(change, seen))) throw outside();
}

async function isInside(change: Change, seen: Seen): Promise<boolean> {
  if (change.type === 'record') return true;
  if (change.type === 'identity') return seen.isMine(change.identity);
  if (change.type === 'consoleSession') return 'end' in change && seen.identity(change.end.identityId);
  if (change.type === 'queue') return seen.selector(change.selector);
  if (change.type === 'undo') return seen.message(change.messageId);
  if (change.type !== 'accept' || change.event.type !== 'accepted') return false;
  // A report about mail that one of ours has sent (`bounce.ts`).
  const { reportOn } = change.event.payload;
  return reportOn !== undefined && seen.message(reportOn);
}
