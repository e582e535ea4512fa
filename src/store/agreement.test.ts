import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { verifyTrail } from '../audit/verify.ts';
import { type MessageId, messageIdSource } from '../base/message-id.ts';
import type { IdentityState } from '../record/identity.ts';
import type { EraseChange } from './forgetting.ts';
import type { TrailEvent } from '../record/events.ts';
import type { Cursor, Lookups } from './lookups.ts';
import { openMemoryStore } from './memory/store.ts';
import type { ReportChange } from './notices.ts';
import type { UndoChange } from './undo.ts';
import { WITHDRAWN_MS } from './withdrawals.ts';
import type { AcceptChange, Change, Delivery, FreeChange, Outcome, SettleChange, Store } from './port.ts';
import type { QueueChange } from './queue-change.ts';
import { connect } from './postgres/connection.ts';
import { openPostgresStore, type OpenPostgresStore } from './postgres/open.ts';
import { freshDatabase, withoutPostgres } from './postgres/postgres.contract-fixtures.ts';
import { openSqliteStore, type OpenStore } from './sqlite/open.ts';
import {
  acceptOf,
  appPassword,
  countedEntropy,
  DAY,
  deferred,
  fateEvent,
  final,
  identityChange,
  identityOf,
  MINUTE,
  type OpenOptions,
  START,
  started,
  virtualClock,
  withNotices,
} from './store.contract-fixtures.ts';

const HOUR = 60 * MINUTE;
const owners = ['a/1', 'a/2', 'b/1'] as const;
const addresses = [
  'al@x.example',
  'Bo@x.example',
  'cy@b\u00fccher.example',
  'postmaster',
  '"d e"@y.example',
] as const;
const senders = ['', 'al@x.example', 'eve@z.example'] as const;
const identities = ['al@x.example', 'bo@x.example', 'bot'] as const;
const domains = ['x.example', 'y.example', ''] as const;

const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index % list.length];
  assert.notEqual(found, undefined);
  return found as T;
};

const small = fc.nat({ max: 7 });
const owner = fc.constantFrom(...owners);
const message = { id: small, to: fc.array(small, { minLength: 1, maxLength: 3 }), from: small };

/** A step that does not depend on the content of the store; `changeOf` finds something there that it may mean. */
const deed = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('accept'),
      ...message,
      identity: fc.option(small),
      owner: fc.option(owner),
      dueIn: fc.constantFrom(-HOUR, 0, 0, HOUR),
      limit: fc.option(fc.constantFrom(0, 1, 3)),
      again: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant('withdraw'), id: small, owner }),
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('claim'),
      owner,
      token: fc.nat({ max: 2 }),
      max: fc.nat({ max: 4 }),
      named: fc.subarray([...domains]),
      namedMax: fc.nat({ max: 2 }),
      after: fc.option(fc.constantFrom(...domains)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      lease: small,
      wrong: fc.constantFrom('nothing', 'nothing', 'nothing', 'nothing', 'owner', 'attempt', 'time'),
      fates: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      notice: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('dueNotices'), max: fc.nat({ max: 2 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('report'),
      about: small,
      first: fc.boolean(),
      report: fc.option(fc.oneof(fc.record(message), fc.constant('bad' as const))),
    }),
  },
  fc.record({
    do: fc.constant('free'),
    prefix: fc.constantFrom(...owners, 'a/', ''),
    only: fc.option(small),
    attempt: fc.constantFrom(1, 1, 2),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('queue'),
      action: fc.constantFrom('hold', 'release', 'retry', 'drop'),
      by: fc.constantFrom('all', 'id', 'identity', 'from', 'to', 'domain', 'held'),
      which: small,
      reason: fc.constantFrom(undefined, undefined, 'operator', 'review'),
      max: fc.constantFrom(undefined, undefined, 1, 2),
      after: fc.option(
        fc.record({
          id: small,
          recipientNumber: fc.nat({ max: 2 }),
          told: fc.boolean(),
          until: fc.nat({ max: 30 }),
        }),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('undo'),
      id: small,
      wrong: fc.constantFrom('nothing', 'nothing', 'nothing', 'identity', 'recipients'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('identity'),
      which: small,
      state: fc.constantFrom<IdentityState>('active', 'active', 'suspended', 'removed'),
      names: fc.array(small, { maxLength: 2 }),
      password: fc.option(small),
      isStale: fc.constantFrom(false, false, false, true),
    }),
  },
  fc.record({ do: fc.constant('credentialUsed'), identity: small, credential: small, address: small }),
  fc.record({
    do: fc.constant('sharedKey'),
    purpose: fc.constantFrom('label', 'other'),
    day: fc.nat({ max: 3 }),
    octet: small,
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('purge'),
      ago: fc.nat({ max: 4 }),
      max: fc.integer({ min: 1, max: 6 }),
    }),
  },
  fc.record({
    do: fc.constant('erase'),
    identity: fc.option(small),
    names: fc.array(small, { maxLength: 2 }),
    ago: small,
  }),
  fc.record({ do: fc.constant('record'), ago: fc.nat({ max: 3 }), isBad: fc.boolean() }),
);
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

/** A group of deeds that are asked at once, or something that happens to the stores. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.array(deed, { minLength: 1, maxLength: 5 }) },
  fc.record({ pass: fc.constantFrom(1, MINUTE, HOUR, 12 * HOUR) }),
  fc.record({ most: fc.constantFrom(undefined, undefined, 2, 4) }),
  fc.constant('restart' as const),
  fc.constant('index' as const),
);

interface Lease {
  readonly owner: string;
  readonly delivery: Delivery;
}

/** What is compared with the memory engine. */
interface Rival {
  readonly store: Store;
  readonly lookups: Lookups;
  /**
   * What waits goes out in the order of its acceptance and not of ids. It numbers messages and events as memory does, knows an accept that comes again though it does not say so, and the last token of an owner whatever came after it. No
   * asker relies on that.
   */
  readonly isTwin: boolean;
  /** As its writer has counted. */
  queued(): number;
  /** Indexes a little. */
  index(): Promise<unknown> | unknown;
  /** It is closed and opened again. */
  restart(): Promise<void> | void;
  close(): Promise<void> | void;
}

type OpenRival = (options: OpenOptions) => Promise<Rival>;

/** Both engines, with the same clock and the same changes. */
class Pair {
  readonly clock = virtualClock();
  most: number | undefined;
  mostOfStrangers: number | undefined;
  readonly #saw: (what: string) => void;
  readonly #limits = {
    queuedMessagesMax: () => this.most,
    strangersMessagesMax: () => this.mostOfStrangers,
  };
  readonly #memory = openMemoryStore({ clock: this.clock, entropy: countedEntropy(), ...this.#limits });
  #rival!: Rival;
  readonly #ids: MessageId[] = [];
  readonly #nextId = messageIdSource((length) => new Uint8Array(length));
  #leases: Lease[] = [];
  /** Notices of the settles. */
  readonly #noticed: { readonly messageId: string; readonly recipientNumber: number; readonly at: number }[] =
    [];

  #group: readonly Change[] = [];
  /** Or refused. */
  readonly #accepted = new Set<MessageId>();
  /** Until when (monotonic, ms). */
  readonly #withdrawn = new Map<MessageId, number>();
  #claims = 0;
  /** By owner: the token of a claim that gave something, if nothing but claims was asked since. */
  readonly #repeatable = new Map<string, string>();

  private constructor(saw: (what: string) => void) {
    this.#saw = saw;
  }

  static async open(openRival: OpenRival, saw: (what: string) => void): Promise<Pair> {
    const pair = new Pair(saw);
    const options = { clock: pair.clock, entropy: countedEntropy(), fullBecause: () => undefined };
    pair.#rival = await openRival({ ...options, ...pair.#limits });
    return pair;
  }

  get isTwin(): boolean {
    return this.#rival.isTwin;
  }

  get queued(): number {
    return this.#rival.queued();
  }

  get lookups(): readonly [Lookups, Lookups] {
    return [this.#memory.lookups, this.#rival.lookups];
  }

  async close(): Promise<void> {
    this.#memory.close();
    await this.#rival.close();
  }

  pass(ms: number): void {
    this.#repeatable.clear();
    this.clock.advance(ms);
  }

  async restart(): Promise<void> {
    this.pass(1);
    this.#withdrawn.clear();
    this.#memory.crash();
    await this.#rival.restart();
  }

  async index(): Promise<void> {
    await this.#rival.index();
  }

  async commit(deeds: readonly Deed[]): Promise<void> {
    const changes: Change[] = [];
    this.#group = changes;
    for (const one of deeds) {
      if (one.do !== 'claim') this.#repeatable.clear();
      changes.push(await this.#changeOf(one));
    }
    const [memory, rival] = await Promise.all([
      outcomesOf(this.#memory.store, changes),
      outcomesOf(this.#rival.store, changes),
    ]);
    if (this.#rival.isTwin) assert.deepEqual(rival, memory);
    else assert.deepEqual(rival.map(withoutNumbers), memory.map(withoutNumbers));
    memory.forEach((outcome, index) => {
      const change = changes[index];
      if (change !== undefined) this.#saw(`${change.type} ${inWords(outcome)}`);
      if (change?.type === 'claim' && outcome.type === 'claimed') {
        this.#leases.push(...outcome.deliveries.map((delivery) => ({ owner: change.owner, delivery })));
        if (outcome.deliveries.length > 0) this.#repeatable.set(change.owner, change.token);
      }
      if (change?.type !== 'claim') this.#repeatable.clear();
      const accept = change?.type === 'report' ? change.report : change;
      if (accept?.type === 'accept') this.#accepted.add(accept.message.id);
      if (change?.type === 'accept' && change.owner !== undefined)
        this.#leases.push(...bornLeases(change, change.owner));
    });
  }

  #token({ owner: whose, token }: Extract<Deed, { do: 'claim' }>): string {
    if (this.#rival.isTwin) return `t${token}`;
    this.#claims += 1;
    return (token === 0 ? this.#repeatable.get(whose) : undefined) ?? `claim ${this.#claims}`;
  }

  #id(index: number): MessageId {
    const id = this.#ids[index] ?? this.#nextId.next(this.clock.now());
    // Ids are named in any order, and each keeps its own.
    this.#ids[index] = id;
    return id;
  }

  async #accept(
    said: { id: number; to: readonly number[]; from: number; again?: boolean },
    more: object = {},
  ): Promise<AcceptChange> {
    const to = said.to.map((one) => at(addresses, one));
    const isKnown = !this.#rival.isTwin && (await this.#isKnown(this.#id(said.id)));
    const isAgain = said.again === true || isKnown;
    const mayStay = this.#rival.isTwin || isKnown || (isAgain && this.#accepted.has(this.#id(said.id)));
    if (!mayStay) this.#ids[said.id] = this.#nextId.next(this.clock.now());
    const from = at(senders, said.from);
    const accept = acceptOf(this.#id(said.id), this.clock.now(), { from, to, ...more });
    return isAgain ? { ...accept, again: true } : accept;
  }

  /** It is in the queue, asked for, or taken back. */
  async #isKnown(id: MessageId): Promise<boolean> {
    const isAsked = this.#group.some((change) => change.type === 'accept' && change.message.id === id);
    const isWithdrawn = (this.#withdrawn.get(id) ?? 0) > this.clock.monotonic();
    return isAsked || isWithdrawn || (await this.#memory.lookups.message(id)) !== undefined;
  }

  async #changeOf(one: Deed): Promise<Change> {
    const now = this.clock.now();
    switch (one.do) {
      case 'accept':
        return this.#acceptAs(one);
      case 'withdraw':
        this.#withdrawn.set(this.#id(one.id), this.clock.monotonic() + WITHDRAWN_MS);
        return { type: 'withdraw', messageId: this.#id(one.id), owner: one.owner, now, by: 'x' };
      case 'claim':
        return {
          type: 'claim',
          owner: one.owner,
          token: this.#token(one),
          shares: [{ max: one.max }, { domains: one.named, max: one.namedMax }],
          ...(one.after === null ? {} : { after: one.after }),
        };
      case 'settle':
        return this.#settle(one);
      case 'dueNotices':
        return { type: 'dueNotices', putOffMs: MINUTE, max: one.max };
      case 'report':
        return this.#report(one);
      case 'free':
        return this.#free(one);
      case 'queue':
        return this.#queue(one);
      case 'undo':
        return this.#undo(one);
      case 'identity':
        return this.#identity(one);
      case 'credentialUsed': {
        const identityId = `id-${at(identities, one.identity)}`;
        return {
          type: 'credentialUsed',
          identityId,
          credentialId: `k${one.credential}`,
          at: now,
          address: `192.0.2.${one.address}`,
        };
      }
      case 'sharedKey': {
        const { purpose, day, octet } = one;
        const period = dayAgo(now, day);
        return { type: 'sharedKey', purpose, period, proposedKey: new Uint8Array([octet]) };
      }
      case 'purge':
        return { type: 'purge', eventsBefore: now - one.ago * 6 * HOUR, now, max: one.max };
      case 'erase':
        return this.#erase(one);
      case 'record':
        return {
          type: 'record',
          events: [started(now - one.ago * HOUR), ...(one.isBad ? [started(Number.NaN)] : [])],
        };
    }
  }

  async #acceptAs(one: Extract<Deed, { do: 'accept' }>): Promise<AcceptChange> {
    const identityId = one.identity === null ? undefined : `id-${at(identities, one.identity)}`;
    const limits = { messagesPerHour: one.limit ?? 9 };
    const whose = identityId === undefined ? {} : { identityId, charge: { identityId, limits } };
    const leased = one.owner === null ? {} : { owner: one.owner };
    const label = `label${one.id}`;
    return this.#accept(one, { ...whose, ...leased, label, dueAt: this.clock.now() + one.dueIn });
  }

  #free(one: Extract<Deed, { do: 'free' }>): FreeChange {
    const only =
      one.only === null
        ? {}
        : {
            only: [0, 1].map((recipientNumber) => ({
              messageId: this.#id(one.only ?? 0),
              recipientNumber,
              attempt: one.attempt,
            })),
          };
    return { type: 'free', ownerPrefix: one.prefix, dueAt: this.clock.now(), ...only };
  }

  #queue(one: Extract<Deed, { do: 'queue' }>): QueueChange {
    return {
      type: 'queue',
      action: one.action,
      selector: this.#selector(one.by, one.which),
      ...(one.reason === undefined ? {} : { reason: one.reason }),
      now: this.clock.now(),
      by: 'root',
      ...(one.max === undefined ? {} : { max: one.max }),
      ...(one.after === null ? {} : { after: this.#after(one.after) }),
    };
  }

  async #undo({ id, wrong }: Extract<Deed, { do: 'undo' }>): Promise<UndoChange> {
    const all = await this.#memory.lookups.queue({}, { max: 100 });
    const late = all.filter(
      ({ dueAt, active, message: { identityId } }) =>
        dueAt > this.clock.now() && !active && identityId !== undefined,
    );
    const messageId = late[id % Math.max(1, late.length)]?.message.id ?? this.#id(id);
    const waiting = await this.#memory.lookups.queue({ messageId }, { max: 10 });
    const identityId = waiting[0]?.message.identityId ?? 'nobody';
    return {
      ...{ type: 'undo', messageId, now: this.clock.now(), by: 'al (console)' },
      identityId: wrong === 'identity' ? 'another' : identityId,
      recipients: waiting.length + (wrong === 'recipients' ? 1 : 0),
    };
  }

  #after({ until, ...after }: NonNullable<Extract<Deed, { do: 'queue' }>['after']>) {
    const messageId = this.#id(after.id);
    return { ...after, messageId, until: this.#rival.isTwin ? until : Number.MAX_SAFE_INTEGER };
  }

  #erase(one: Extract<Deed, { do: 'erase' }>): EraseChange {
    const now = this.clock.now();
    const identity = one.identity === null ? {} : { identityId: `id-${at(identities, one.identity)}` };
    const named = one.names.map((name) => at(addresses, name));
    return {
      type: 'erase',
      ...identity,
      addresses: named,
      before: now - one.ago * HOUR,
      now,
      by: 'root',
    };
  }

  #settle({ lease, wrong, fates, notice }: Extract<Deed, { do: 'settle' }>): SettleChange {
    const now = this.clock.now();
    const nobody: Delivery = { ...deliveryOf(this.#id(lease), 0), attempt: 1 };
    const chosen = this.#leases.at(-1 - lease) ?? { owner: 'a/1', delivery: nobody };
    const alike = this.#leases.filter(
      ({ owner: whose, delivery }) =>
        whose === chosen.owner && delivery.messageId === chosen.delivery.messageId,
    );
    // The newest attempt of each recipient.
    const deliveries = [
      ...new Map([chosen, ...alike].map(({ delivery }) => [delivery.recipientNumber, delivery])).values(),
    ];
    const change: SettleChange = {
      type: 'settle',
      owner: wrong === 'owner' ? `${chosen.owner}x` : chosen.owner,
      messageId: chosen.delivery.messageId,
      recipients: deliveries.map((delivery, index) => {
        const fate = fates[index] === true ? final : deferred(now + (index - 1) * HOUR, index === 2);
        const attempt = delivery.attempt - (wrong === 'attempt' ? 1 : 0);
        return {
          recipientNumber: delivery.recipientNumber,
          attempt,
          fate,
          event: fateEvent(delivery, fate, wrong === 'time' ? Number.NaN : now),
        };
      }),
    };
    if (!notice) return change;
    this.#noticed.push(
      ...deliveries.map(({ messageId, recipientNumber }) => ({ messageId, recipientNumber, at: now })),
    );
    return withNotices(change, now);
  }

  async #report({ about, first, report }: Extract<Deed, { do: 'report' }>): Promise<ReportChange> {
    const now = this.clock.now();
    const nobody = { messageId: this.#id(about), recipientNumber: 0, at: now };
    const { messageId } = this.#noticed.at(-1 - about) ?? nobody;
    const alike = this.#noticed.filter((one) => one.messageId === messageId);
    const notices = [...new Map(alike.map((one) => [one.recipientNumber, one])).values()];
    const accepting =
      report === null
        ? {}
        : { report: report === 'bad' ? acceptOf('bad', now, {}) : await this.#accept(report) };
    return {
      ...{ type: 'report', messageId, ...accepting },
      notices: first ? notices.slice(0, 1) : notices,
      event: { type: 'reported', time: now, messageId, payload: { recipients: [], cause: 'x' } },
    };
  }

  #selector(by: string, which: number): object {
    switch (by) {
      case 'id':
        return { messageId: this.#id(which) };
      case 'identity':
        return { identityId: `id-${at(identities, which)}` };
      case 'from':
        return { from: at(senders, which) };
      case 'to':
        return { to: at(addresses, which) };
      case 'domain':
        return { domain: at(domains, which) };
      case 'held':
        return { held: which % 2 === 0 };
      default:
        return {};
    }
  }

  async #identity({
    which,
    state,
    names,
    password,
    isStale,
  }: Extract<Deed, { do: 'identity' }>): Promise<Change> {
    const login = at(identities, which);
    const stored = await this.#memory.lookups.identityById(`id-${login}`);
    const revision = (stored?.revision ?? 0) + 1;
    const identity = identityOf(login, {
      state,
      revision,
      rights: names.map((name) => ({ kind: 'address', address: at(addresses, name) })),
      // Two of the same can't be written.
      credentials:
        password === null
          ? []
          : password === 7
            ? [appPassword('k7'), appPassword('k7')]
            : [appPassword(`k${password % 2}`)],
      ...(state === 'removed' ? { removedAt: this.clock.now() } : {}),
    });
    return identityChange(identity, isStale ? revision : revision - 1, this.clock.now());
  }
}

function deliveryOf(messageId: MessageId, recipientNumber: number): Delivery {
  const recipient = { forwardPath: 'al@x.example' };
  return { messageId, recipientNumber, recipient, domain: 'x.example', attempt: 0, delayReported: false };
}

function bornLeases({ message: { id }, recipients }: AcceptChange, whose: string): readonly Lease[] {
  return recipients.map((_, number) => ({
    owner: whose,
    delivery: { ...deliveryOf(id, number), attempt: 1 },
  }));
}

function dayAgo(now: number, days: number): string {
  return new Date(now - days * DAY).toISOString().slice(0, 10);
}

function inWords(outcome: Outcome): string {
  const { type } = outcome;
  if (type === 'claimed') return outcome.deliveries.length > 0 ? 'claimed some' : 'claimed none';
  if (type === 'limited') return outcome.hard ? 'limited hard' : 'limited soft';
  if (type === 'settled') return outcome.messageDone ? 'settled all' : 'settled some';
  const count = 'count' in outcome ? (outcome.count > 0 ? ' some' : ' none') : '';
  const more = (type === 'purged' && outcome.more) || (type === 'changed' && outcome.next !== undefined);
  return `${type}${count}${more ? ', more' : ''}`;
}

const expectedOutcomes = [
  'accept accepted',
  'accept failed',
  'accept limited hard',
  'accept limited soft',
  'accept queueFull',
  'claim claimed none',
  'claim claimed some',
  'credentialUsed noted',
  'dueNotices dueNotices',
  'erase erased none',
  'erase erased some',
  'free freed none',
  'free freed some',
  'identity failed',
  'identity stale',
  'identity taken',
  'identity written',
  'purge purged none',
  'purge purged none, more',
  'purge purged some',
  'purge purged some, more',
  'queue changed none',
  'queue changed some',
  'queue changed some, more',
  'record failed',
  'record recorded',
  'report failed',
  'report reported',
  'report stale',
  'settle failed',
  'settle settled all',
  'settle settled some',
  'settle stale',
  'undo tooLate',
  'undo undone',
  'withdraw withdrawn none',
  'withdraw withdrawn some',
  'sharedKey key',
] as const;

/** Each engine has its own words for why a change failed. */
async function outcomesOf(store: Store, changes: readonly Change[]): Promise<readonly Outcome[]> {
  const outcomes = await store.commit(changes);
  return outcomes.map((outcome) => (outcome.type === 'failed' ? { ...outcome, cause: '' } : outcome));
}

async function queueOf(lookups: Lookups): Promise<unknown> {
  return [
    await lookups.queue({}, { max: 100 }),
    await lookups.queueTotals(),
    await lookups.queueByIdentity({ max: 100 }),
  ];
}

type Everything = Awaited<ReturnType<typeof everythingOf>>;

async function everythingOf(lookups: Lookups) {
  const events = await lookups.events({ max: 1000 });
  const ids = [...new Set(events.flatMap(({ messageId }) => messageId ?? []))].toSorted();
  const terms = [
    ...addresses.map((address) => ({ kind: 'address', address }) as const),
    ...identities.map((login) => ({ kind: 'identity', identityId: `id-${login}` }) as const),
    ...ids.map((id) => ({ kind: 'id', id }) as const),
    { kind: 'label', label: 'label3' } as const,
  ];
  const { broken, forgotten } = await verifyTrail(lookups);
  assert.equal(broken, undefined, JSON.stringify(broken));
  return {
    queue: await queueOf(lookups),
    events,
    forgotten,
    found: await Promise.all(terms.map((term) => lookups.findMessages(term, { max: 5 }))),
    named: await Promise.all(terms.map((term) => lookups.findEvents([term], { max: 5 }))),
    told: await Promise.all(ids.map((id) => lookups.eventsOfMessage(id, 20))),
    identities: await lookups.identities({ max: 10 }),
    owners: await Promise.all([...addresses, ...identities].map((name) => lookups.identityByAddress(name))),
    credentials: await Promise.all(['k0', 'k1', 'k7'].map((id) => lookups.identityByCredential(id))),
    uses: await Promise.all(identities.map((login) => lookups.credentialUses(`id-${login}`))),
    keys: await Promise.all(
      [0, 1, 2, 3].map((days) => lookups.sharedKey({ purpose: 'label', period: dayAgo(START, days) })),
    ),
  };
}

/** Of the newest message that a queue command means. */
function withoutNumbers(outcome: Outcome): Outcome {
  return outcome.type === 'changed' && outcome.next !== undefined
    ? { ...outcome, next: { ...outcome.next, until: 0 } }
    : outcome;
}

/** Other engines have other places, and a chain for each lane of each life: what an event is stays, and what comes before what. */
function withoutPlaces(all: Everything): unknown {
  const event = ({
    chain: _c,
    sequence: _s,
    cursor: _w,
    ...rest
  }: TrailEvent & { readonly cursor?: Cursor }) => JSON.stringify(rest);
  return {
    ...all,
    events: all.events.map(event).toSorted(),
    found: all.found.map(({ ids, next }) => [ids, next !== undefined]),
    named: all.named.map(({ events, next }) => [events.map(event), next !== undefined]),
    told: all.told.map((events) => events.map(event)),
  };
}

async function assertAgreement(openRival: OpenRival, seed: number, numRuns: number): Promise<void> {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30, size: 'max' }), async (steps) => {
      const pair = await Pair.open(openRival, (what) => seen.add(what));
      try {
        for (const one of steps) {
          if (one === 'restart') await pair.restart();
          else if (one === 'index') await pair.index();
          else if ('pass' in one) pair.pass(one.pass);
          else if ('most' in one) {
            pair.most = one.most;
            pair.mostOfStrangers = one.most === undefined ? undefined : Math.ceil(one.most / 2);
          } else await pair.commit(one);
          const [memory, rival] = pair.lookups;
          assert.deepEqual(await queueOf(rival), await queueOf(memory));
          assert.equal(pair.queued, (await memory.queueTotals()).messages);
        }
        const [memory, rival] = (await Promise.all(pair.lookups.map(everythingOf))) as [
          Everything,
          Everything,
        ];
        if (pair.isTwin) assert.deepEqual(rival, memory);
        else assert.deepEqual(withoutPlaces(rival), withoutPlaces(memory));
      } finally {
        await pair.close();
      }
    }),
    { seed, numRuns },
  );
  // Else the steps would prove little.
  assert.deepEqual([...seen].sort(), [...expectedOutcomes].sort());
}

async function openSqlite(options: OpenOptions): Promise<Rival> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'postern-agree-'));
  const open = (): OpenStore => openSqliteStore({ dataDirectory, ...options });
  let opened = open();
  return {
    isTwin: true,
    get store() {
      return opened.store;
    },
    get lookups() {
      return opened.lookups;
    },
    queued: () => opened.writer.queued(),
    index: () => opened.writer.indexTail(3),
    restart() {
      opened.close();
      opened = open();
    },
    close() {
      opened.close();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

async function openPostgres(options: OpenOptions): Promise<Rival> {
  const database = await freshDatabase();
  const beside = await connect(database.server, { clock: options.clock });
  let lives = 0;
  const open = (): Promise<OpenPostgresStore> => {
    lives += 1;
    const own = { server: database.server, name: `node/${lives}`, clockOffset: 0, isTrusted: true } as const;
    return openPostgresStore({ ...options, ...own });
  };
  let opened = await open();
  return {
    isTwin: false,
    get store() {
      return opened.store;
    },
    get lookups() {
      return opened.lookups;
    },
    queued: () => opened.writer.queued(),
    index: () => opened.writer.indexTail(3),
    async restart() {
      await opened.close();
      // Here a withdrawal outlives its writer; the others forget it then.
      await beside.query('DELETE FROM inflight WHERE withdrawn_until IS NOT NULL');
      opened = await open();
    },
    async close() {
      await Promise.all([opened.close(), beside.close()]);
      await database.drop();
    },
  };
}

test('memory and sqlite give the same outcomes, the same queue and the same answers, whatever is asked of them', () =>
  assertAgreement(openSqlite, 20_261_128, 60));

test(
  'memory and postgres give the same outcomes, the same queue and the same answers, whatever is asked of them',
  { skip: withoutPostgres },
  () => assertAgreement(openPostgres, 9, 30),
);
