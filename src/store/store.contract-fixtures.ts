// Fixtures of the store's contract: a virtual clock, chance from a counter, one store opened for one test, and the
// changes that submission and relay would write, with defaults for everything that a test does not set.

import { createHash } from 'node:crypto';
import { type MessageId, messageIdSource } from '../base/message-id.ts';
import type { Entropy } from '../platform/platform.ts';
import { virtualClock as clockAt, type VirtualClock } from '../../test/fakes/clock.ts';
import { UNDO_GRACE_MS } from '../policy/undo-window.ts';
import type { EnvelopeRecipient } from '../protocol/envelope.ts';
import type { EventDraft, EventType, TrailEvent } from '../record/events.ts';
import type { Identity } from '../record/identity.ts';
import type { Lookups, TraceTerm } from './lookups.ts';
import type {
  AcceptChange,
  Change,
  ClaimChange,
  Delivery,
  Fate,
  IdentityChange,
  OutcomeOf,
  SettleChange,
  Store,
  StoreNotice,
} from './port.ts';

/** Tuesday, 24 November 2026, 09:00 UTC. */
export const START = Date.UTC(2026, 10, 24, 9);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function virtualClock(start: number = START): VirtualClock {
  return clockAt(start);
}

export type { VirtualClock };

/** Chance that is the same in every run. */
export function countedEntropy(): Entropy {
  let count = 0;
  return {
    bytes(length) {
      count += 1;
      return new Uint8Array(createHash('shake256', { outputLength: length }).update(String(count)).digest());
    },
  };
}

export interface OpenOptions {
  readonly clock: VirtualClock;
  readonly entropy: Entropy;
  fullBecause(): string | undefined;
  queuedMessagesMax(): number | undefined;
  strangersMessagesMax(): number | undefined;
}

export interface Opened {
  readonly store: Store;
  readonly lookups: Lookups;
  /** As after a kill and a new start: what was committed is there, nothing else. */
  restart(): Promise<Opened>;
  /** Another who works on the same. Absent: all who do have this one. */
  beside?(): Promise<Store>;
  /** Of the first chain of its trail. Absent: `local`. */
  readonly chainName?: string;
  /** All who do look now for what the others did. Absent: they are told at once. */
  hear?(): Promise<void>;
  /** Does a piece of what can wait. Absent: nothing does. */
  idle?(): Promise<unknown>;
  /** Ends the part of the trail that is written now, of those that are dropped whole. Absent: none is. */
  endDay?(): Promise<void>;
  /** So long, ms, counts that limits are judged by may be unknown to others, and lost by a kill. Absent: neither. */
  readonly countsLagMs?: number;
  /** A body that no message names is swept when it is so old, ms. Absent: at the next start. */
  readonly orphanMs?: number;
  /** By the clock of the database all bodies are so much older, ms. Absent: their ids say how old they are. */
  aged?(ms: number): Promise<void>;
  close(): Promise<void> | void;
}

export type Open = (options: OpenOptions) => Promise<Opened>;

/** One store for one test. */
export class Bench implements AsyncDisposable {
  readonly clock = virtualClock();
  readonly entropy = countedEntropy();
  readonly notices: StoreNotice[] = [];
  full: string | undefined;
  queuedMessagesMax: number | undefined;
  strangersMessagesMax: number | undefined;
  readonly #ids = messageIdSource((length) => this.entropy.bytes(length));
  #opened: Opened | undefined;
  #unsubscribe = (): void => undefined;

  static async open(open: Open): Promise<Bench> {
    const bench = new Bench();
    const { clock, entropy } = bench;
    const limits = {
      fullBecause: () => bench.full,
      queuedMessagesMax: () => bench.queuedMessagesMax,
      strangersMessagesMax: () => bench.strangersMessagesMax,
    };
    bench.#use(await open({ clock, entropy, ...limits }));
    return bench;
  }

  #use(opened: Opened): void {
    this.#opened = opened;
    this.#unsubscribe();
    this.#unsubscribe = opened.store.subscribe((notice) => this.notices.push(notice));
  }

  get #live(): Opened {
    if (this.#opened === undefined) throw new Error('the store is not open');
    return this.#opened;
  }

  get store(): Store {
    return this.#live.store;
  }

  get lookups(): Lookups {
    return this.#live.lookups;
  }

  /** Two who work on it at once. */
  async both(): Promise<readonly [Store, Store]> {
    return [this.store, (await this.#live.beside?.()) ?? this.store];
  }

  get chainName(): string {
    return this.#live.chainName ?? 'local';
  }

  /** When this resolves, each of both has heard of what the other did. */
  async hear(): Promise<void> {
    await this.#live.hear?.();
  }

  /** Two who charge one account at once may know too little of each other. */
  get countsLag(): boolean {
    return this.#live.countsLagMs !== undefined;
  }

  /** Waits until what was counted is known to all and outlives a kill. */
  async counted(): Promise<void> {
    this.clock.advance(this.#live.countsLagMs ?? 0);
    await this.hear();
  }

  /** A new start, and all that is swept then or later. */
  async swept(): Promise<void> {
    await this.restart();
    const { orphanMs = 0 } = this.#live;
    this.clock.advance(orphanMs);
    await this.#live.aged?.(orphanMs);
    await this.#live.idle?.();
  }

  /** What is recorded from now on stands in another part of the trail, if whole parts of it are dropped. */
  async endDay(): Promise<void> {
    await this.#live.endDay?.();
  }

  /** A piece of what can wait. */
  async idle(): Promise<unknown> {
    return this.#live.idle?.();
  }

  async restart(): Promise<void> {
    this.clock.advance(1);
    this.#use(await this.#live.restart());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened?.close();
  }

  nextId(): MessageId {
    return this.#ids.next(this.clock.now());
  }

  async one<const C extends Change>(change: C): Promise<OutcomeOf<C>> {
    const [outcome] = await this.store.commit([change]);
    return outcome;
  }

  /** Accepts and gives back what was accepted. */
  async accepted(said: Said = {}): Promise<AcceptChange> {
    const change = acceptOf(this.nextId(), this.clock.now(), said);
    const outcome = await this.one(change);
    if (outcome.type !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
    return change;
  }

  async claim(owner: string, said: Partial<ClaimChange> = {}): Promise<readonly Delivery[]> {
    const token = `${owner} ${this.entropy.bytes(8).toString()}`;
    const change = {
      type: 'claim',
      owner,
      token,
      shares: [{ max: 100 }],
    } as const;
    const outcome = await this.one({ ...change, ...said });
    if (outcome.type !== 'claimed') throw new Error(outcome.cause);
    return outcome.deliveries;
  }

  async written(identity: Identity, expectRevision: number = identity.revision - 1): Promise<void> {
    const outcome = await this.one(identityChange(identity, expectRevision, this.clock.now()));
    if (outcome.type !== 'written') throw new Error(`not written: ${JSON.stringify(outcome)}`);
  }

  /** `messageId/number` of everything that stands in the queue. */
  async queued(selector = {}): Promise<readonly string[]> {
    const entries = await this.lookups.queue(selector, { max: 1000 });
    return entries.map(({ delivery }) => keyOf(delivery));
  }

  async text(id: MessageId): Promise<string | undefined> {
    const content = await this.lookups.content(id);
    if (content === undefined) return undefined;
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }

  async eventTypes(): Promise<readonly EventType[]> {
    return (await this.events()).map(({ type }) => type);
  }

  /** All of the trail. */
  async events(): Promise<readonly TrailEvent[]> {
    const walked = await this.lookups.events({ max: 10_000 });
    return walked.map(({ cursor: _cursor, ...event }) => event as TrailEvent);
  }

  async findIds(term: TraceTerm, max: number): Promise<readonly MessageId[]> {
    return (await this.lookups.findMessages(term, { max })).ids;
  }
}

export function keyOf({ messageId, recipientNumber }: Delivery): string {
  return `${messageId}/${recipientNumber}`;
}

/** Properties of a message that a test sets; the others have defaults. */
export interface Said {
  readonly from?: string;
  readonly to?: readonly (string | EnvelopeRecipient)[];
  readonly identityId?: string;
  readonly credentialId?: string;
  readonly text?: string;
  /** The body was staged; `text` is the header. */
  readonly staged?: boolean;
  readonly owner?: string;
  readonly dueAt?: number;
  /** Of its undo window; it is due as long after it as in a server. */
  readonly undoUntil?: number;
  readonly charge?: Omit<NonNullable<AcceptChange['charge']>, 'charge'>;
  readonly headerFrom?: readonly string[];
  readonly messageIdField?: string;
  readonly label?: string;
}

const TEXT = 'From: alice@example.org\r\nSubject: hello\r\n\r\nHello.\r\n';

export function acceptOf(id: MessageId, now: number, said: Said): AcceptChange {
  const { from = 'alice@example.org', to = ['bob@example.net'], text = TEXT, identityId, owner } = said;
  const { credentialId } = said;
  const recipients = to.map((one) => (typeof one === 'string' ? { forwardPath: one } : one));
  const envelope = { reversePath: from, body: '7BIT', smtputf8: false, envelopeId: `env ${id}` } as const;
  const whose = identityId === undefined ? {} : { identityId };
  const bytes = Buffer.from(text);
  return {
    type: 'accept',
    message: {
      id,
      acceptedAt: now,
      // A null sender without an identity is our own.
      role: identityId !== undefined ? 'submission' : from === '' ? 'local' : 'mx',
      ...whose,
      ...(credentialId === undefined ? {} : { credentialId }),
      envelope,
      octets: bytes.length,
      headerOctets: text.indexOf('\r\n\r\n') + 4,
      headerUtf8: false,
      body8bit: false,
    },
    recipients,
    content: said.staged === true ? { kind: 'staged', header: bytes } : { kind: 'inline', bytes },
    event: {
      type: 'accepted',
      time: now,
      messageId: id,
      ...whose,
      payload: {
        session,
        envelope: { ...envelope, recipients },
        rule: 'own address',
        withProtocol: 'ESMTPSA',
        headerFrom: said.headerFrom ?? [from],
        subjectOctets: 5,
        completed: ['date'],
        octets: bytes.length,
        bodyHash: createHash('sha256').update(bytes).digest('hex'),
        ...(said.messageIdField === undefined ? {} : { messageIdField: said.messageIdField }),
        ...(said.label === undefined ? {} : { label: said.label }),
        ...(said.undoUntil === undefined ? {} : { undoUntil: said.undoUntil }),
      },
    },
    dueAt: said.dueAt ?? (said.undoUntil === undefined ? now : said.undoUntil + UNDO_GRACE_MS),
    ...(owner === undefined ? {} : { owner }),
    ...(said.charge === undefined
      ? {}
      : { charge: { ...said.charge, charge: chargeOf(now, from, to.length) } }),
  };
}

function chargeOf(at: number, from: string, recipients: number) {
  return { at, recipients, nullSender: from === '' };
}

const session = {
  sessionId: 's1',
  role: 'submission',
  clientAddress: '192.0.2.7',
  clientPort: 50_123,
  serverAddress: '198.51.100.1',
  serverPort: 465,
  ehlo: 'client.example.net',
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' },
} as const;

export const final: Fate = { type: 'final' };

export function deferred(dueAt: number, delayReported: boolean = false): Fate {
  return { type: 'deferred', dueAt, delayReported };
}

/** Ends the attempts of these deliveries of one message with one fate. */
export function settleOf(
  owner: string,
  deliveries: readonly Delivery[],
  fate: Fate,
  now: number,
): SettleChange {
  return {
    type: 'settle',
    owner,
    messageId: deliveries[0]?.messageId ?? '',
    recipients: deliveries.map((delivery) => ({
      recipientNumber: delivery.recipientNumber,
      attempt: delivery.attempt,
      fate,
      event: fateEvent(delivery, fate, now),
    })),
  };
}

/** The same, with a notice for each. */
export function withNotices(change: SettleChange, now: number, tellBy = now + 10_000): SettleChange {
  const recipients = change.recipients.map((one) => {
    const { recipientNumber, fate } = one;
    const action = fate.type === 'final' ? 'failed' : 'delayed';
    const about = {
      forwardPath: `r${recipientNumber}@x.example`,
      action,
      status: '5.1.1',
      diagnostic: 'no',
    } as const;
    return { ...one, notice: { recipientNumber, at: now, about } };
  });
  return { ...change, recipients, tellBy };
}

export function fateEvent(
  delivery: Delivery,
  fate: Fate,
  time: number,
  ended: 'relayed' | 'failed' = 'relayed',
): EventDraft {
  const { messageId, recipientNumber, attempt } = delivery;
  const { forwardPath: recipient } = delivery.recipient;
  const told =
    fate.type === 'final'
      ? ({ type: ended, status: '2.0.0', diagnostic: '250 2.0.0 OK, queued' } as const)
      : ({ type: 'deferred', status: '4.2.1', diagnostic: '450 4.2.1 come back later' } as const);
  const { type, status, diagnostic } = told;
  const payload = { recipient, recipientNumber, attempt, status, diagnostic, remote: 'mx.example.net' };
  return { type, time, messageId, payload };
}

export function identityOf(login: string, said: Partial<Identity> = {}): Identity {
  return {
    id: `id-${login}`,
    login,
    state: 'active',
    mailbox: true,
    rights: login.includes('@') ? [{ kind: 'address', address: login }] : [],
    credentials: [],
    limits: {},
    revision: 1,
    createdAt: START,
    ...said,
  };
}

/** The next revision of an identity. */
export function changed(identity: Identity, said: Partial<Identity>): Identity {
  return { ...identity, ...said, revision: identity.revision + 1 };
}

export function appPassword(id: string): Identity['credentials'][number] {
  const verifiers = [{ type: 'sha256', salt: '00', digest: '11' }] as const;
  return { id, kind: 'appPassword', label: 'phone', createdAt: START, verifiers };
}

export function identityChange(identity: Identity, expectRevision: number, now: number): IdentityChange {
  const { id: identityId, login } = identity;
  const payload = { by: 'root', action: 'change', detail: { login } };
  return {
    type: 'identity',
    identity,
    expectRevision,
    event: { type: 'identityChanged', time: now, identityId, payload },
  };
}

export function started(time: number): EventDraft {
  return { type: 'started', time, payload: { by: 'root', action: 'start', detail: {} } };
}
