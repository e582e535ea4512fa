// A morning of an invented house at example.org, for pictures of the console: the same at each run, by a clock that stands still.

import type { Fate, SettleChange } from '../../src/store/port.ts';
import { acceptOf, DAY, MINUTE } from '../../src/store/store.contract-fixtures.ts';
import { messageIdSource } from '../../src/base/message-id.ts';
import type { ConsoleCondition } from '../../src/console/condition.ts';
import type { AcceptedPayload, FatePayload } from '../../src/record/events.ts';
import { type FlowCounts, type FlowSpan, nothing, sum } from '../../src/server/flow.ts';
import { type Office, openOffice } from './administration.ts';
import { wellAt } from './console.ts';

const people = ['jane.miller', 'tom.baker', 'ines.costa', 'raj.patel', 'accounts', 'newsletter'] as const;
type Person = (typeof people)[number];

/** What the next hop says of a recipient, by domain; of others it takes the mail. */
const answers: Readonly<Record<string, { readonly type: 'deferred' | 'failed'; readonly said: string }>> = {
  'slow.example': { type: 'deferred', said: '451 4.7.1 Greylisted, try again in 300 seconds' },
  'full.example': { type: 'deferred', said: '452 4.2.2 The mailbox is over its quota' },
  'gone.example': { type: 'failed', said: '550 5.1.1 No such user here' },
};

/** Minutes before now, who, to whom, the subject. Oldest first. */
const mail: readonly (readonly [number, Person, readonly string[], string])[] = [
  [212, 'tom.baker', ['orders@slow.example'], 'Order 2026-1142'],
  [171, 'accounts', ['billing@full.example', 'desk@partner.example'], 'Invoice for November'],
  [72, 'ines.costa', ['anna@slow.example'], 'Plans for the fair'],
  [58, 'raj.patel', ['press@daily.example'], 'Interview on Thursday'],
  [44, 'jane.miller', ['old.friend@gone.example'], 'How are you?'],
  [31, 'accounts', ['ledger@partner.example'], 'Statement of account'],
  [26, 'newsletter', ['list@readers.example'], 'What is new in December'],
  [19, 'tom.baker', ['stock@supplier.example'], 'Delivery on Monday'],
  [12, 'ines.costa', ['hall4@fair.example', 'anna@slow.example'], 'Stand 4.112'],
  [7, 'raj.patel', ['editor@daily.example'], 'Photographs'],
  [4, 'jane.miller', ['bob@example.net', 'carol@partner.example'], 'Minutes of today'],
  [1, 'accounts', ['billing@partner.example'], 'Reminder'],
];

export interface Sample {
  readonly office: Office;
  readonly condition: Partial<ConsoleCondition>;
  /** Of the message whose trace is shown. */
  readonly messageId: string;
  readonly login: string;
}

export async function openSample(): Promise<Sample> {
  const office = openOffice({ extra: ['limits: { identity: { messagesPerHour: 100 } }'] });
  const { clock, ports } = office;
  const ids = messageIdSource((length) => ports.entropy.bytes(length));
  const accounts = new Map<Person, string>();
  for (const person of people) accounts.set(person, await addAccount(office, person));
  clock.advance(DAY);
  let shown = '';
  const now = clock.now() + 240 * MINUTE;
  for (const [before, person, to, subject] of mail) {
    clock.advance(now - before * MINUTE - clock.now());
    const identityId = accounts.get(person) ?? '';
    const messageId = ids.next(clock.now());
    await accept(office, { messageId, person, identityId, to, subject });
    clock.advance(900);
    await relay(office);
    if (person === 'jane.miller') shown = messageId;
  }
  clock.advance(now - clock.now());
  return { office, condition: conditionAt(now), messageId: shown, login: `jane.miller@example.org` };
}

async function addAccount(office: Office, person: Person): Promise<string> {
  const login = `${person}@example.org`;
  const { id } = await office.addAccount({ login, mailbox: true, allowReserved: true });
  if (person !== 'jane.miller') return id;
  await office.addAppPassword({ login, label: 'Thunderbird on the laptop' });
  await office.addAppPassword({ login, label: 'phone', lifetimeMs: 90 * DAY });
  await office.changeRight({ login, action: 'add', right: 'sales@example.org' });
  return id;
}

interface Sent {
  readonly messageId: string;
  readonly person: Person;
  readonly identityId: string;
  readonly to: readonly string[];
  readonly subject: string;
}

async function accept(
  { ports, clock }: Office,
  { messageId, person, identityId, to, subject }: Sent,
): Promise<void> {
  const from = `${person}@example.org`;
  const messageIdField = `<${messageId.slice(-10).toLowerCase()}@mail.example.org>`;
  const text = `From: ${from}\r\nTo: ${to.join(', ')}\r\nSubject: ${subject}\r\nMessage-ID: ${messageIdField}\r\n\r\nHello.\r\n`;
  const said = { from, to, identityId, text, messageIdField };
  const { event, ...change } = acceptOf(messageId, clock.now(), said);
  const principal = {
    ...{ identityId, login: from, mechanism: 'PLAIN' },
    ...{ credentialId: `${person}-1`, credentialLabel: 'Thunderbird on the laptop' },
  };
  const payload = { ...(event.payload as AcceptedPayload), principal };
  const named = { type: 'accepted', time: clock.now(), messageId, identityId, payload } as const;
  await ports.store.commit([{ ...change, event: named }]);
}

/** Tries all that is due, once. */
async function relay({ ports, clock }: Office): Promise<void> {
  const owner = 'front 1';
  const [claimed] = await ports.store.commit([
    { type: 'claim', owner, token: `${owner} ${clock.now()}`, shares: [{ max: 100 }] },
  ]);
  if (claimed.type !== 'claimed') throw new Error(claimed.cause);
  for (const { messageId, recipientNumber, attempt, recipient } of claimed.deliveries) {
    const domain = recipient.forwardPath.split('@')[1] ?? '';
    const answer = answers[domain];
    const nextAttemptAt = clock.now() + 15 * MINUTE * attempt;
    const fate: Fate =
      answer?.type === 'deferred'
        ? { type: 'deferred', dueAt: nextAttemptAt, delayReported: false }
        : { type: 'final' };
    const said = answer?.said ?? '250 2.0.0 OK, queued';
    const payload: FatePayload = {
      ...{ recipient: recipient.forwardPath, recipientNumber, attempt },
      remote: 'smtp mta.internal [10.0.0.5]:25',
      tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', verified: true },
      ...{ status: said.split(' ')[1] ?? '', diagnostic: said },
      ...(answer?.type === 'deferred' ? { nextAttemptAt } : {}),
    };
    const event = { type: answer?.type ?? 'relayed', time: clock.now(), messageId, payload } as const;
    const settled: SettleChange['recipients'][number] = { recipientNumber, attempt, fate, event };
    await ports.store.commit([{ type: 'settle', owner, messageId, recipients: [settled] }]);
  }
}

/** From 0 to 1, the same for the same number, like chance. */
function chance(seed: number): number {
  const value = Math.sin(seed) * 43_758.5453;
  return value - Math.floor(value);
}

/** Mail by day and little by night. */
function minuteAt(at: number): FlowCounts {
  const hour = (at / 3_600_000) % 24;
  const rate = 1.6 * Math.max(0.05, Math.sin(((hour - 5) / 14) * Math.PI));
  const minute = at / MINUTE;
  const accepted = Math.floor(rate * 2 * chance(minute));
  const one = (share: number, seed: number): number => Number(chance(minute + seed) < share * rate);
  return {
    ...{ accepted, delivered: accepted + one(0.2, 0.1), deferred: one(0.05, 0.2) },
    ...{ failed: one(0.01, 0.3), refused: one(0.03, 0.4) },
  };
}

function spansOf(count: number, minutes: number, now: number): readonly FlowSpan[] {
  const last = Math.floor(now / (minutes * MINUTE)) * minutes * MINUTE;
  return Array.from({ length: count }, (_, number) => {
    const at = last - (count - 1 - number) * minutes * MINUTE;
    const within = Array.from({ length: minutes }, (_empty, minute) => minuteAt(at + minute * MINUTE));
    return { at, ...within.reduce(sum, nothing) };
  });
}

function conditionAt(now: number): Partial<ConsoleCondition> {
  const trail = { events: 184_220, lastLink: '5f0c9a31e7b24d68' };
  return {
    ...wellAt(now),
    startedAt: now - 9 * DAY,
    health: { problems: [], warnings: [], queue: { messages: 4, limit: 2_000_000 }, trail },
    flow: { since: now - 9 * DAY, hour: spansOf(60, 1, now), day: spansOf(96, 15, now) },
  };
}
