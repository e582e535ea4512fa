// No statement walks a table that grows: as planned while the tables were empty, over a thousand rows that nobody has counted, over rows that were counted, and
// over the many that have gone under an old snapshot, of which PostgreSQL counts none.
// Every change and every look-up of the queue is asked over one connection, which knows all its statements afterwards.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageId } from '../../base/message-id.ts';
import { emptyCounter } from '../../policy/limits.ts';
import type { ClaimChange, Delivery } from '../port.ts';
import type { QueueSelector } from '../selector.ts';
import {
  changed,
  deferred,
  final,
  HOUR,
  identityChange,
  identityOf,
  MINUTE,
  settleOf,
  withNotices,
} from '../store.contract-fixtures.ts';
import { consoleEvent, consoleSessionOf } from '../store.contract-sessions.ts';
import { packedCounter } from '../counter-row.ts';
import { WITHDRAWN_MS } from '../withdrawals.ts';
import { hasBody, insertPart, removeBody } from './bodies.ts';
import { COUNTERS_EVERY_MS } from './counters.ts';
import { accept, assertNoWalks, clock, type Opened } from './plans.contract-fixtures.ts';
import { withoutPostgres } from './postgres.contract-fixtures.ts';
import { sqlOver } from './sql.ts';
import { createSweep } from './sweep.ts';

/** Some are in hand, more wait to be claimed. */
async function fill({ all, connection }: Opened, messages: number): Promise<void> {
  const to = ['a@much.example', 'b@much.example'];
  const count = `FROM generate_series(1, ${messages}) AS n`;
  await connection.exec(`
    INSERT INTO identity (id, login, state, revision, record) SELECT n, n, 'active', 1, '{}' ${count};
    INSERT INTO identity_name SELECT id, id FROM identity;
    INSERT INTO identity_credential SELECT id, id FROM identity;
    INSERT INTO counter SELECT id, 'w', 1, '' FROM identity;
    INSERT INTO guess SELECT id, 'w', 2, 1 FROM identity;
    INSERT INTO console_session SELECT id, id, id, '', 1, 1, '{}' FROM identity;
    INSERT INTO queue_total SELECT 'domain', n, n % 10 ${count};
    INSERT INTO queue_change (kind, key, count) SELECT 'domain', n, 1 ${count};
    INSERT INTO notice SELECT md5(n::text)::uuid, n % 2, n, ${clock.now() + HOUR}, '{}' ${count};
    INSERT INTO inflight (id, owner, withdrawn_until) SELECT md5(n::text)::uuid, '', n ${count};`);
  for (let count = 0; count < messages; count += 100) {
    await all(...Array.from({ length: 100 }, () => accept({ to, owner: 'z', identityId: 'al' })));
    if (count > 0) await all({ type: 'free', ownerPrefix: 'z', dueAt: clock.now() + HOUR });
  }
}

let asked = 0;

async function askEverything(opened: Opened): Promise<void> {
  asked += 1;
  await accepts(opened);
  const half = await settles(opened);
  await reports(opened, half);
  await claims(opened);
  await commandsAndLookups(opened, half);
}

/** Charged, with a body of its own, asked again, taken back; and what is swept. */
async function accepts(opened: Opened): Promise<void> {
  const { all, connection, counters } = opened;
  const sql = sqlOver(connection);
  const charged = accept({ identityId: 'al', charge: { identityId: 'al', limits: {} } });
  const staged = accept({ staged: true });
  const { id } = staged.message;
  await insertPart(sql, id, 0, new Uint8Array(1));
  assert.equal(await hasBody(sql, id), true);
  const old = packedCounter(emptyCounter);
  await sql.run("INSERT INTO counter VALUES ('al', $1, 1, $2)", `earlier life ${asked}`, old);
  const again = { ...accept({ owner: 'a' }), again: true } as const;
  await all(charged, staged, again);
  clock.advance(2 * COUNTERS_EVERY_MS);
  await all(
    { ...charged, again: true },
    accept({ identityId: 'al', charge: { identityId: 'al', limits: {} } }),
  );
  await counters.flush(sql, 'all');
  for (const { message } of [again, staged])
    await all({ type: 'withdraw', messageId: message.id, owner: 'a', now: clock.now(), by: 'root' });
  const counts = [{ name: '1', count: 2 }, { name: 'al', count: 0 }, { name: '2' }];
  await all({ type: 'guesses', writer: 'a', counts });
  await sessions(opened);
  await removeBody(sql, id);
  await createSweep(clock)(sql, clock.now());
  clock.advance(WITHDRAWN_MS);
  await all(again);
}

async function sessions({ all, lookups }: Opened): Promise<void> {
  const session = consoleSessionOf({ key: `plan ${asked}`, endsAt: clock.now() });
  const event = consoleEvent(clock.now());
  await all(
    { type: 'consoleSession', begin: session, event },
    { type: 'consoleSession', use: { key: session.key, usedAt: clock.now(), mark: '' } },
    { type: 'consoleSession', end: session, event },
  );
  await lookups.consoleSession(session.key);
  await lookups.consoleSessions(session.identityId);
}

function deliveryOf(messageId: MessageId, recipientNumber: number): Delivery {
  const recipient = { forwardPath: 'b@x.example' };
  return { messageId, recipientNumber, recipient, domain: 'x.example', attempt: 1, delayReported: false };
}

/** Gives a message with a notice. */
async function settles({ all }: Opened): Promise<MessageId> {
  const now = clock.now();
  const whole = accept({ owner: 'a' });
  const half = accept({ owner: 'a', to: ['a@x.example', 'b@x.example'] });
  const [one, first, second] = [
    deliveryOf(whole.message.id, 0),
    deliveryOf(half.message.id, 0),
    deliveryOf(half.message.id, 1),
  ];
  await all(whole, half);
  await all(
    { ...settleOf('a', [one], final, now), again: true },
    withNotices(settleOf('a', [first], final, now), now, now),
    settleOf('a', [second], deferred(now), now),
  );
  return half.message.id;
}

async function reports({ all }: Opened, messageId: MessageId): Promise<void> {
  const now = clock.now();
  const [due] = await all({ type: 'dueNotices', putOffMs: MINUTE, max: 9 });
  assert.ok(due.type === 'dueNotices' && due.due.length === 1);
  const payload = { recipients: [], reportId: messageId };
  const event = { type: 'reported', time: now, messageId, payload } as const;
  const notices = [{ recipientNumber: 0, at: now }];
  await all({ type: 'report', messageId, notices, report: accept({ from: '', owner: 'a' }), event });
}

/** Those of one who may not send are met, put aside, and put back; one that is asked again has lost some meanwhile. */
async function claims({ all }: Opened): Promise<void> {
  const now = clock.now();
  const bot = identityOf(`bot${asked}`);
  const suspended = changed(bot, { state: 'suspended' });
  const claim = (token: string, after?: string): ClaimChange => ({
    ...{ type: 'claim', owner: 'c', token: `${token} ${asked}` },
    shares: [{ domains: ['y.example'], max: 2 }, { max: 3 }],
    ...(after === undefined ? {} : { after }),
  });
  await all(identityChange(bot, 0, now), accept({ identityId: bot.id }), accept({ to: ['a@y.example'] }));
  await all(identityChange(suspended, 1, now), claim('meets'));
  await all(identityChange(changed(suspended, { state: 'active' }), 2, now), claim('puts back', 'x.example'));
  const again = { ...suspended, revision: 4 };
  const [, outcome] = await all(identityChange(again, 3, now), claim('puts back'));
  assert.ok(outcome.type === 'claimed');
  await all({ type: 'free', ownerPrefix: 'c', only: outcome.deliveries, dueAt: now });
  await all({ type: 'free', ownerPrefix: 'c', dueAt: now });
}

const selectors: readonly QueueSelector[] = [
  {},
  { identityId: 'al' },
  { domain: 'much.example' },
  { credentialId: 'k' },
  { from: 'alice@example.org' },
  { to: 'b@much.example' },
  { held: true },
  { held: false },
  { identityId: 'al', held: true },
  { domain: 'much.example', identityId: 'al' },
  { dueAfter: 0 },
  { nextHop: { name: 'mta', domains: ['much.example'], takes: 'these' } },
  { nextHop: { name: 'mta', domains: ['other.example'], takes: 'others' } },
  { acceptedSince: 1, acceptedBefore: 2 },
  { acceptedBefore: 2 },
  { identityId: 'al', acceptedBefore: 2 },
];

async function commandsAndLookups({ all, lookups }: Opened, messageId: MessageId): Promise<void> {
  const command = { type: 'queue', now: clock.now(), by: 'root', max: 2 } as const;
  const waiting = accept({ identityId: 'al', dueAt: clock.now() + HOUR });
  await all(waiting);
  const undo = { messageId: waiting.message.id, identityId: 'al', recipients: 1 } as const;
  await all({ type: 'undo', ...undo, now: clock.now(), by: 'root' });
  const after = { messageId, recipientNumber: 0 };
  for (const selector of [...selectors, { messageId }]) {
    for (const action of ['hold', 'release', 'retry', 'drop'] as const)
      await all({ ...command, action, selector });
    await lookups.queue(selector, { max: 3 });
    await lookups.queue(selector, { max: 3, after });
    await lookups.queueCount(selector);
    if (selector.acceptedBefore !== undefined) await lookups.queueCount(selector, 5);
  }
  await lookups.message(messageId);
  await lookups.queueOfMessages([messageId], 3);
  await lookups.queueTotals();
  await lookups.queueByIdentity({ max: 3 });
  await lookups.queueByIdentity({ max: 3, domains: ['example.org'] });
}

test('postgres: no statement of the queue walks a table that grows', { skip: withoutPostgres }, () =>
  assertNoWalks(askEverything, fill, [
    ...['inflight', 'message', 'content', 'recipient', 'notice', 'queue_change'],
  ]),
);
