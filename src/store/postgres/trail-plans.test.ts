// No statement of the trail, of identities and of forgetting walks a table that grows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TraceTerm } from '../lookups.ts';
import {
  appPassword,
  changed,
  DAY,
  identityChange,
  identityOf,
  started,
} from '../store.contract-fixtures.ts';
import { keepChains } from './chains.ts';
import { accept, assertNoWalks, clock, open, type Opened, walksOf } from './plans.contract-fixtures.ts';
import { freshDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';
import { keepPartitions } from './partitions.ts';
import { indexSlice } from './term-index.ts';

async function fill({ connection }: Opened, rows: number): Promise<void> {
  const count = `FROM generate_series(1, ${rows}) AS n`;
  await connection.exec(`
    INSERT INTO chain (name, started_at, closed) SELECT n, n, n < ${rows - 3} ${count};
    INSERT INTO event (chain, sequence, time, type, message_id, identity_id, payload, salt, content_hash, link)
      SELECT 10 + n % 3, n, n, 'started', 'm' || n % 400, 'i' || n % 7, '{}', '', '', '' ${count};
    UPDATE chain SET head = ${rows}, head_link = '', indexed = ${rows} WHERE id > 9;
    INSERT INTO term SELECT 'identity:' || identity_id, place FROM event WHERE chain > 9;
    INSERT INTO identity (id, login, state, revision, removed_at, record)
      SELECT n, n, CASE WHEN n % 2 = 0 THEN 'active' ELSE 'removed' END, 1, CASE WHEN n % 2 = 0 THEN NULL ELSE 9e15::bigint + n END, '{}' ${count};
    INSERT INTO identity_name SELECT id, id FROM identity;
    INSERT INTO identity_credential SELECT id, id FROM identity;
    INSERT INTO identity_change (changed_at, identity_id, revision, state, gone) SELECT ${clock.now()}, id, 1, 'active', '[]' FROM identity;
    INSERT INTO credential_use SELECT id, '::1', 'k', 1 FROM identity;
    INSERT INTO inflight (id, owner, withdrawn_until) SELECT md5(n::text)::uuid, '', CASE WHEN n % 2 = 0 THEN n END ${count};
    INSERT INTO recipient (message_id, number, identity_id, forward_path, domain, due_at, attempt)
      SELECT md5(n::text)::uuid, 0, n % 9, 'x@x.example', 'x.example', n, 0 ${count};
    INSERT INTO counter SELECT id, 'w', 1, decode(repeat('00', 112), 'hex') FROM identity;`);
}

let asked = 0;

async function askEverything(opened: Opened): Promise<void> {
  asked += 1;
  await beginDay(opened);
  await identities(opened);
  await events(opened);
  await lookUp(opened);
  await forget(opened);
}

/** So that the trail has several partitions, and some to come. */
async function beginDay({ connection }: Opened): Promise<void> {
  const fail = (because: string): void => assert.fail(because);
  await keepPartitions(clock, fail).keep(connection, clock.now() + asked * DAY);
}

async function identities({ all, lookups }: Opened): Promise<void> {
  const now = clock.now();
  const one = identityOf(`one${asked}`, { credentials: [appPassword(`k${asked}`)] });
  const used = { credentialId: 'k', at: now, address: '::1' };
  await all(
    identityChange(one, 0, now),
    identityChange(changed(one, { state: 'removed', removedAt: now }), 1, now),
    { type: 'credentialUsed', identityId: one.id, ...used },
    { type: 'sharedKey', purpose: 'label', period: '2026-01-01', proposedKey: new Uint8Array(1) },
  );
  await lookups.identityById('2');
  await lookups.identityByLogin('2');
  await lookups.identitiesByAddress('2');
  await lookups.identityByCredential('2');
  for (const after of ['2', '3', undefined])
    for (const part of [{}, { domain: 'example.org' }, { prefix: '3', state: 'active' } as const])
      await lookups.identities({ ...part, max: 9, ...(after === undefined ? {} : { after }) });
  await lookups.credentialUses('2');
  await lookups.counter('2');
  await lookups.sharedKey({ purpose: 'label', period: '2026-01-01' });
}

/** By the writer of the chain, and by another. */
async function events({ all, channel, connection }: Opened): Promise<void> {
  await all(accept({ identityId: 'i1' }), { type: 'record', events: [started(clock.now())] });
  await keepChains(clock, () => [channel.trail]).keep(connection);
  await all({ type: 'record', events: [started(clock.now())] });
  const { chain, sequence } = channel.trail.end();
  assert.equal(await indexSlice(connection, { chain, from: sequence - 1, max: 9 }), sequence);
  const others = keepChains(clock, () => []);
  await others.keep(connection);
  await others.close(connection);
}

async function lookUp({ lookups }: Opened): Promise<void> {
  const terms: readonly TraceTerm[] = [
    { kind: 'identity', identityId: 'i1' },
    { kind: 'id', id: 'm7' },
  ];
  const { next } = await lookups.findEvents(terms, { max: 1, since: 0, until: clock.now() });
  await lookups.findEvents(terms, { max: 1, ...(next === undefined ? {} : { after: next }) });
  await lookUpMessages({ lookups });
  await lookups.daysOf('i1', 0);
  await lookups.newestAcceptances(2);
  const { next: older } = await lookups.looks({ max: 1, since: 0, until: clock.now() });
  await lookups.looks({ max: 1, who: 'root', ...(older === undefined ? {} : { after: older }) });
  const walked = await lookups.events({ max: 2 });
  await lookups.events({ max: 2, after: walked.at(-1)?.cursor ?? '' });
  await lookups.chains();
  const links = await lookups.links({ max: 2 });
  await lookups.links({ max: 2, after: links.at(-1)?.cursor ?? '' });
  await lookups.newestLinks(2);
  await lookups.indexEntries({ through: ['11:3'] });
  const { next: later } = await lookups.strayEntries({ max: 2 });
  await lookups.strayEntries({ max: 2, ...(later === undefined ? {} : { after: later }) });
}

async function lookUpMessages({ lookups }: Pick<Opened, 'lookups'>): Promise<void> {
  await lookups.findMessages({ kind: 'id', id: 'm7' }, { max: 1 });
  await lookups.eventsOfMessage('m7', 9);
  await lookups.eventsOfMessages(['m7', 'm8'], 9);
  await lookups.acceptances(['m7', 'm8']);
  await lookups.endedAttempts(['m7', 'm8'].map((messageId) => ({ messageId, recipientNumber: 0 })));
}

async function forget({ all }: Opened): Promise<void> {
  const now = clock.now() + DAY;
  await all(
    accept({ identityId: 'i1' }),
    { type: 'purge', now, eventsBefore: now, max: 9 },
    { type: 'erase', now, before: now, by: 'root', identityId: 'i1', addresses: ['bob@example.net'] },
  );
}

test(
  'postgres: no statement of the trail, of identities and of forgetting walks a table that grows',
  { skip: withoutPostgres },
  () => assertNoWalks(askEverything, fill),
);

/** So few that a part of their places looks as cheap as what is of one message. */
test(
  'postgres: the events of a message are found by its id, however few stand in a day',
  { skip: withoutPostgres },
  async () => {
    await using database = await freshDatabase();
    const opened = await open(database.server, 'few');
    await opened.connection.exec(`
      INSERT INTO event (chain, sequence, time, type, message_id, identity_id, payload, salt, content_hash, link)
        SELECT 10, n, n, 'started', 'm' || n / 2, 'i1', '{}', '', '', '' FROM generate_series(1, 1300) AS n;
      ANALYZE;`);
    await lookUpMessages(opened);
    assert.deepEqual(await walksOf(opened), []);
    await opened.connection.close();
  },
);
