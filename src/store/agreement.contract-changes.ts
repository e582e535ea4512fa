// From deeds to changes: of what stands in the store, so that most of them mean something there.

import { type MessageId, messageIdSource } from '../base/message-id.ts';
import {
  addresses,
  at,
  dayAgo,
  type Deed,
  domains,
  HOUR,
  identities,
  senders,
} from './agreement.contract-deeds.ts';
import type { EraseChange } from './forgetting.ts';
import type { Lookups } from './lookups.ts';
import type { ReportChange } from './notices.ts';
import type { AcceptChange, Change, Delivery, FreeChange, Outcome, SettleChange } from './port.ts';
import type { QueueChange } from './queue-change.ts';
import {
  acceptOf,
  appPassword,
  deferred,
  fateEvent,
  final,
  identityChange,
  identityOf,
  MINUTE,
  started,
  type VirtualClock,
  withNotices,
} from './store.contract-fixtures.ts';
import type { UndoChange } from './undo.ts';
import { WITHDRAWN_MS } from './withdrawals.ts';

interface Lease {
  readonly owner: string;
  readonly delivery: Delivery;
}

export class Changes {
  readonly #clock: VirtualClock;
  readonly #isTwin: boolean;
  readonly #lookups: Lookups;
  readonly #ids: MessageId[] = [];
  readonly #nextId = messageIdSource((length) => new Uint8Array(length));
  readonly #leases: Lease[] = [];
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

  /** `lookups`: of the memory engine, which is asked the same. */
  constructor(clock: VirtualClock, isTwin: boolean, lookups: Lookups) {
    this.#clock = clock;
    this.#isTwin = isTwin;
    this.#lookups = lookups;
  }

  async of(deeds: readonly Deed[]): Promise<readonly Change[]> {
    const changes: Change[] = [];
    this.#group = changes;
    for (const one of deeds) {
      if (one.do !== 'claim') this.#repeatable.clear();
      changes.push(await this.#changeOf(one));
    }
    return changes;
  }

  learn(change: Change, outcome: Outcome): void {
    if (change.type === 'claim' && outcome.type === 'claimed') {
      this.#leases.push(...outcome.deliveries.map((delivery) => ({ owner: change.owner, delivery })));
      if (outcome.deliveries.length > 0) this.#repeatable.set(change.owner, change.token);
    }
    if (change.type !== 'claim') this.#repeatable.clear();
    const accept = change.type === 'report' ? change.report : change;
    if (accept?.type === 'accept') this.#accepted.add(accept.message.id);
    if (change.type === 'accept' && change.owner !== undefined)
      this.#leases.push(...bornLeases(change, change.owner));
  }

  timePassed(): void {
    this.#repeatable.clear();
  }

  restarted(): void {
    this.#withdrawn.clear();
  }

  #token({ owner: whose, token }: Extract<Deed, { do: 'claim' }>): string {
    if (this.#isTwin) return `t${token}`;
    this.#claims += 1;
    return (token === 0 ? this.#repeatable.get(whose) : undefined) ?? `claim ${this.#claims}`;
  }

  #id(index: number): MessageId {
    const id = this.#ids[index] ?? this.#nextId.next(this.#clock.now());
    // Ids are named in any order, and each keeps its own.
    this.#ids[index] = id;
    return id;
  }

  async #accept(
    said: { id: number; to: readonly number[]; from: number; again?: boolean },
    more: object = {},
  ): Promise<AcceptChange> {
    const to = said.to.map((one) => at(addresses, one));
    const isKnown = !this.#isTwin && (await this.#isKnown(this.#id(said.id)));
    const isAgain = said.again === true || isKnown;
    const mayStay = this.#isTwin || isKnown || (isAgain && this.#accepted.has(this.#id(said.id)));
    if (!mayStay) this.#ids[said.id] = this.#nextId.next(this.#clock.now());
    const from = at(senders, said.from);
    const accept = acceptOf(this.#id(said.id), this.#clock.now(), { from, to, ...more });
    return isAgain ? { ...accept, again: true } : accept;
  }

  /** It is in the queue, asked for, or taken back. */
  async #isKnown(id: MessageId): Promise<boolean> {
    const isAsked = this.#group.some((change) => change.type === 'accept' && change.message.id === id);
    const isWithdrawn = (this.#withdrawn.get(id) ?? 0) > this.#clock.monotonic();
    return isAsked || isWithdrawn || (await this.#lookups.message(id)) !== undefined;
  }

  async #changeOf(one: Deed): Promise<Change> {
    const now = this.#clock.now();
    switch (one.do) {
      case 'accept':
        return this.#acceptAs(one);
      case 'withdraw':
        this.#withdrawn.set(this.#id(one.id), this.#clock.monotonic() + WITHDRAWN_MS);
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
    return this.#accept(one, { ...whose, ...leased, label, dueAt: this.#clock.now() + one.dueIn });
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
    return { type: 'free', ownerPrefix: one.prefix, dueAt: this.#clock.now(), ...only };
  }

  #queue(one: Extract<Deed, { do: 'queue' }>): QueueChange {
    return {
      type: 'queue',
      action: one.action,
      selector: this.#selector(one.by, one.which),
      ...(one.reason === undefined ? {} : { reason: one.reason }),
      now: this.#clock.now(),
      by: 'root',
      ...(one.max === undefined ? {} : { max: one.max }),
      ...(one.after === null ? {} : { after: this.#after(one.after) }),
    };
  }

  async #undo({ id, wrong }: Extract<Deed, { do: 'undo' }>): Promise<UndoChange> {
    const all = await this.#lookups.queue({}, { max: 100 });
    const late = all.filter(
      ({ dueAt, active, message: { identityId } }) =>
        dueAt > this.#clock.now() && !active && identityId !== undefined,
    );
    const messageId = late[id % Math.max(1, late.length)]?.message.id ?? this.#id(id);
    const waiting = await this.#lookups.queue({ messageId }, { max: 10 });
    const identityId = waiting[0]?.message.identityId ?? 'nobody';
    return {
      ...{ type: 'undo', messageId, now: this.#clock.now(), by: 'al (console)' },
      identityId: wrong === 'identity' ? 'another' : identityId,
      recipients: waiting.length + (wrong === 'recipients' ? 1 : 0),
    };
  }

  #after({ until, ...after }: NonNullable<Extract<Deed, { do: 'queue' }>['after']>) {
    const messageId = this.#id(after.id);
    return { ...after, messageId, until: this.#isTwin ? until : Number.MAX_SAFE_INTEGER };
  }

  #erase(one: Extract<Deed, { do: 'erase' }>): EraseChange {
    const now = this.#clock.now();
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
    const now = this.#clock.now();
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
    const now = this.#clock.now();
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
    const stored = await this.#lookups.identityById(`id-${login}`);
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
      ...(state === 'removed' ? { removedAt: this.#clock.now() } : {}),
    });
    return identityChange(identity, isStale ? revision : revision - 1, this.#clock.now());
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
