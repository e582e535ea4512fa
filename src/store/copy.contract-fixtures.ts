// Stores for tests of copies: a place of each engine, what fills one with everything that a store may keep, and all that is asked of one to see whether it keeps the
// same.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Lookups, TraceTerm } from './lookups.ts';
import { openPostgresStore } from './postgres/open.ts';
import { endDay, freshDatabase } from './postgres/postgres.contract-fixtures.ts';
import { postgresTransfer } from './postgres/transfer.ts';
import { openSqliteStore } from './sqlite/open.ts';
import { sqliteTransfer } from './sqlite/transfer.ts';
import {
  acceptOf,
  appPassword,
  Bench,
  changed,
  DAY,
  deferred,
  final,
  HOUR,
  identityOf,
  MINUTE,
  type Open,
  settleOf,
  START,
  started,
  withNotices,
} from './store.contract-fixtures.ts';
import type { Transfer } from './transfer.ts';

/** Where a store may be. */
export interface TestPlace {
  readonly transfer: Transfer;
  open(): Promise<Bench>;
}

export type EngineName = 'sqlite' | 'postgres';

export function placeOf(t: TestContext, engine: EngineName): Promise<TestPlace> {
  return engine === 'sqlite' ? sqlitePlace(t) : postgresPlace(t);
}

export async function sqlitePlace(t: TestContext): Promise<TestPlace & { readonly directory: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-copy-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return {
    ...{ directory, transfer: sqliteTransfer(directory) },
    open: () =>
      openBench(async (options) => {
        const { store, lookups, writer, close } = openSqliteStore({ ...options, dataDirectory: directory });
        return { store, lookups, restart: noRestart, close, idle: async () => writer.indexTail(3) };
      }),
  };
}

export async function postgresPlace(t: TestContext): Promise<TestPlace & { readonly server: Server }> {
  const { server, drop } = await freshDatabase();
  t.after(drop);
  let lives = 0;
  return {
    ...{ server, transfer: postgresTransfer(server, { isTrusted: true }) },
    open: () =>
      openBench(async (options) => {
        const name = `node/${(lives += 1)}`;
        const opened = await openPostgresStore({
          ...{ ...options, server, name, clockOffset: 0, isTrusted: true },
        });
        const { store, lookups, writer, close } = opened;
        return {
          ...{ store, lookups, restart: noRestart, close, idle: () => writer.indexTail(3) },
          endDay: () => endDay(server, options.clock),
        };
      }),
  };
}

type Server = Awaited<ReturnType<typeof freshDatabase>>['server'];

const noRestart = (): Promise<never> => Promise.reject(new Error('open it again'));

const openBench = (open: Open): Promise<Bench> => Bench.open(open);

/** Of which there is something of every kind. */
export async function fill(bench: Bench): Promise<void> {
  await fillIdentities(bench);
  await fillTrail(bench);
  await fillQueue(bench);
  await suspend(bench);
}

const team = { kind: 'address', address: 'team@x.example' } as const;
const al = identityOf('al@x.example', {
  rights: [{ kind: 'address', address: 'al@x.example' }, team],
  credentials: [appPassword('k1')],
});
const eve = identityOf('eve@x.example', { rights: [team] });
const old = identityOf('old@x.example', { credentials: [appPassword('k2')] });

async function fillIdentities(bench: Bench): Promise<void> {
  for (const identity of [al, eve, old, identityOf('bot')]) await bench.written(identity);
  const removedAt = bench.clock.now();
  await bench.written(changed(old, { state: 'removed', removedAt, credentials: [] }));
  for (const [address, credentialId] of [
    ['192.0.2.1', 'k1'],
    ['192.0.2.9', 'password'],
    ['2001:db8::1', 'k1'],
  ] as const)
    await bench.one({ type: 'credentialUsed', identityId: al.id, credentialId, at: START, address });
  for (const [purpose, octet] of [
    ['label', 1],
    ['tickets', 2],
  ] as const)
    await bench.one({
      ...{ type: 'sharedKey', purpose, period: '2026-11-24' },
      proposedKey: new Uint8Array(32).fill(octet),
    });
}

const COUNTED = { identityId: al.id, limits: { messagesPerHour: 100 } } as const;

/** With something forgotten by age, and something by name. */
async function fillTrail(bench: Bench): Promise<void> {
  const { clock } = bench;
  await bench.one({ type: 'record', events: [started(clock.now() - 3 * DAY), started(clock.now())] });
  const gone = await bench.accepted({ to: ['gone@y.example'], identityId: al.id, charge: COUNTED });
  const deliveries = await bench.claim('n/1/1');
  await bench.one(settleOf('n/1/1', deliveries, final, clock.now()));
  clock.advance(HOUR);
  const now = clock.now();
  await bench.one({ type: 'purge', eventsBefore: now - 2 * DAY, now, max: 100 });
  const [address] = gone.recipients.map(({ forwardPath }) => forwardPath);
  await bench.one({ type: 'erase', addresses: [address ?? ''], before: now, now, by: 'root' });
}

export const BODY = Buffer.alloc(600_000, 'body octets\r\n');

async function fillQueue(bench: Bench): Promise<void> {
  const { clock } = bench;
  const parameters = {
    notify: ['FAILURE', 'DELAY'],
    originalRecipient: { addressType: 'rfc822', address: 'bob@y.example' },
  } as const;
  await bench.accepted({
    ...{ identityId: al.id, credentialId: 'k1', charge: COUNTED, label: 'label1' },
    to: [{ forwardPath: 'bob@y.example', ...parameters }, 'zo\u00eb@b\u00fccher.example', 'bob2@y.example'],
  });
  const [first, second] = await bench.claim('n/1/1', { shares: [{ max: 2 }] });
  if (first === undefined || second === undefined) throw new Error('nothing was due');
  const now = clock.now();
  await bench.one(withNotices(settleOf('n/1/1', [first], final, now), now));
  await bench.one(settleOf('n/1/1', [second], deferred(now + HOUR, true), now));
  // Only the report about it is left.
  await bench.accepted({ from: '', to: ['dan@z.example'] });
  const dan = await bench.claim('n/1/1', { shares: [{ domains: ['z.example'], max: 1 }] });
  await bench.one(withNotices(settleOf('n/1/1', dan, final, now), now, now + HOUR));

  await bench.accepted({ owner: 'n/1/1', identityId: al.id, to: ['h1@y.example', 'h2@z.example'] });
  await bench.accepted({ owner: 'n/1/2', dueAt: now + MINUTE });
  const id = bench.nextId();
  const stage = await bench.store.stage(id);
  await stage.append(BODY.subarray(0, 300_000), BODY.subarray(300_000));
  await stage.finish();
  const header = 'From: al@x.example\r\nSubject: large\r\n\r\n';
  await bench.one(
    acceptOf(id, now, { staged: true, text: header, identityId: al.id, to: ['big@y.example'] }),
  );
  await bench.accepted({ to: ['held@y.example'], identityId: 'id-bot' });
  await bench.accepted({ to: ['review@y.example'], identityId: al.id });
  for (const [to, reason] of [
    ['held@y.example', 'operator'],
    ['review@y.example', 'review'],
  ] as const)
    await bench.one({ type: 'queue', action: 'hold', selector: { to }, reason, now, by: 'root' });
  await bench.one({ type: 'withdraw', messageId: bench.nextId(), owner: 'n/1/1', now, by: 'n' });
}

/** With mail in the queue, which a claim has put aside. */
async function suspend(bench: Bench): Promise<void> {
  for (const to of [['p1@y.example', 'p2@z.example'], ['p3@y.example']])
    await bench.accepted({ identityId: eve.id, to });
  await bench.written(changed(eve, { state: 'suspended' }));
  await bench.claim('n/1/3');
  await bench.one({ type: 'free', ownerPrefix: 'n/1/3', dueAt: bench.clock.now() });
}

const LOGINS = ['al@x.example', 'eve@x.example', 'old@x.example', 'bot'];
const ADDRESSES = ['team@x.example', 'bob@y.example', 'zo\u00eb@b\u00fccher.example', 'gone@y.example'];

/** One after the other: the order of what is told counts. */
async function askEach<T, A>(of: readonly T[], ask: (one: T) => Promise<A>): Promise<readonly A[]> {
  const answers: A[] = [];
  for (const one of of) answers.push(await ask(one));
  return answers;
}

async function textOf(content: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content ?? []) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

/** What look-ups tell, without what engines may tell in another way: where chains stand in the walk, and leases. */
export async function everythingOf(lookups: Lookups): Promise<unknown> {
  const walked = await lookups.events({ max: 10_000 });
  const events = walked.map(({ cursor: _cursor, ...event }) => event);
  const ids = [...new Set(events.flatMap(({ messageId }) => messageId ?? []))];
  const terms: readonly TraceTerm[] = [
    ...ADDRESSES.map((address) => ({ kind: 'address', address }) as const),
    ...LOGINS.map((login) => ({ kind: 'identity', identityId: `id-${login}` }) as const),
    ...ids.map((id) => ({ kind: 'id', id }) as const),
    { kind: 'label', label: 'label1' },
    { kind: 'network', address: '192.0.2.7' },
  ];
  const queue = await lookups.queue({}, { max: 1000 });
  const ranges = [{ max: 100 }, { max: 100, until: START + MINUTE }, { max: 100, since: START + MINUTE }];
  return {
    events: events.toSorted((one, other) => one.chain - other.chain || one.sequence - other.sequence),
    found: await askEach(terms, (term) => askEach(ranges, (range) => lookups.findMessages(term, range))),
    named: await askEach(terms, (term) => lookups.findEvents([term], { max: 100 })),
    told: await askEach(ids, (id) => lookups.eventsOfMessage(id, 100)),
    queue: queue.map(({ active: _active, node: _node, ...entry }) => entry),
    totals: await lookups.queueTotals(),
    held: await lookups.queueCount({ held: true }),
    ofIdentities: await askEach(LOGINS, (login) => lookups.queueCount({ identityId: `id-${login}` })),
    contents: await askEach(ids, async (id) => textOf(await lookups.content(id))),
    identities: await lookups.identities({ max: 100 }),
    owners: await askEach([...ADDRESSES, ...LOGINS], (name) => lookups.identitiesByAddress(name)),
    logins: await askEach(LOGINS, (login) => lookups.identityByLogin(login)),
    credentials: await askEach(['k1', 'k2'], (id) => lookups.identityByCredential(id)),
    uses: await askEach(LOGINS, (login) => lookups.credentialUses(`id-${login}`)),
    keys: await askEach(['label', 'tickets'], (purpose) =>
      lookups.sharedKey({ purpose, period: '2026-11-24' }),
    ),
  };
}
