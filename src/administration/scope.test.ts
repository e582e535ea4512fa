// The ports of an actor with a scope, asked directly: use cases come to their answers by several of them, so that a hole in one of these may not show there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { countedLookups } from '../../test/fakes/counted-lookups.ts';
import { emptyCounter } from '../policy/limits.ts';
import { acceptOf, identityChange, identityOf } from '../store/store.contract-fixtures.ts';
import { consoleEvent, consoleSessionOf } from '../store/store.contract-sessions.ts';
import type { Lookups, QueueEntry } from '../store/lookups.ts';
import type { Actor } from './actor.ts';
import { roles } from '../record/identity.ts';
import { scopedPorts } from './scope.ts';
import { ownUseCases, portsOf, type UseCaseName, useCases } from './use-cases.ts';

const logins = [
  'alice@example.org',
  'carol@example.org',
  'dora@other.example',
  'abel@third.example',
] as const;
const idOf = (login: string): string => `id-${login}`;
const [alice, carol, dora, abel] = logins;

const user: Actor = { who: alice, through: 'console', role: 'user', identityId: idOf(alice) };
const domainAdmin: Actor = {
  ...{ who: 'admin@example.org', through: 'console', role: 'domainAdmin' },
  domains: ['example.org', 'third.example'],
};

async function open() {
  const office = openOffice({ domains: ['example.org', 'other.example', 'third.example'] });
  const { store } = office.ports;
  const now = office.clock.now();
  for (const login of logins) {
    await store.commit([identityChange(identityOf(login), 0, now)]);
    const begin = consoleSessionOf({ key: login, name: `of ${login}`, identityId: idOf(login) });
    await store.commit([{ type: 'consoleSession', begin, event: consoleEvent(now) }]);
  }
  return office;
}

for (const [actor, mine, node] of [
  [user, alice, undefined],
  [domainAdmin, carol, 'inner-1'],
] as const)
  test(`the queue tells ${actor.role} ${node === undefined ? 'of no node' : 'which node has an attempt under way'}`, async () => {
    const { ports } = await open();
    const [id, identityId] = ['01ARZ3NDEKTSV4RRFFQ69G5FAV', idOf(mine)];
    await ports.store.commit([acceptOf(id, 1, { identityId })]);
    const onNode = (entries: readonly QueueEntry[]) =>
      entries.map((entry) => ({ ...entry, node: 'inner-1' }));
    const lookups = {
      ...ports.lookups,
      queue: async (...asked: Parameters<Lookups['queue']>) => onNode(await ports.lookups.queue(...asked)),
      queueOfMessages: async (...asked: Parameters<Lookups['queueOfMessages']>) =>
        onNode(await ports.lookups.queueOfMessages(...asked)),
    };
    const seen = scopedPorts({ ...ports, lookups }, actor).lookups;
    for (const entries of [await seen.queue({ identityId }, { max: 9 }), await seen.queueOfMessages([id], 9)])
      assert.deepEqual(
        entries.map((entry) => entry.node),
        [node],
      );
  });

for (const [actor, mine, outside] of [
  [user, alice, carol],
  [domainAdmin, carol, dora],
] as const) {
  const { role } = actor;

  test(`no message of others is taken back by ${role}`, async () => {
    const office = await open();
    const now = office.clock.now();
    const { store } = scopedPorts(office.ports, actor);
    const came: boolean[] = [];
    for (const [login, messageId] of [
      [mine, '01ARZ3NDEKTSV4RRFFQ69G5FAV'],
      [outside, '01ARZ3NDEKTSV4RRFFQ69G5FAW'],
    ] as const) {
      const identityId = idOf(login);
      await office.ports.store.commit([acceptOf(messageId, now, { identityId, undoUntil: now + 10_000 })]);
      const undo = { type: 'undo', messageId, identityId, recipients: 1, now, by: 'x' } as const;
      came.push(
        await store.commit([undo]).then(
          ([{ type }]) => type === 'undone',
          () => false,
        ),
      );
    }
    assert.deepEqual(came, [true, false]);
  });

  test(`of the sessions of others ${role} sees none, ends none, and begins or uses none at all`, async () => {
    const office = await open();
    const { lookups, store } = scopedPorts(office.ports, actor);
    assert.equal((await lookups.consoleSessions(idOf(mine))).length, 1);
    assert.deepEqual(await lookups.consoleSessions(idOf(outside)), []);
    await assert.rejects(lookups.consoleSession(mine), { kind: 'denied' });
    const event = consoleEvent(office.clock.now());
    const ending = (login: string) =>
      store.commit([
        { type: 'consoleSession', end: { identityId: idOf(login), name: `of ${login}` }, event },
      ]);
    await assert.rejects(ending(outside), { kind: 'denied' });
    const begin = consoleSessionOf({ key: 'k', identityId: idOf(mine) });
    await assert.rejects(store.commit([{ type: 'consoleSession', begin, event }]), { kind: 'denied' });
    const use = { key: mine, usedAt: office.clock.now(), mark: 'x' };
    await assert.rejects(store.commit([{ type: 'consoleSession', use }]), { kind: 'denied' });
    await ending(mine);
    assert.equal((await office.ports.lookups.consoleSessions(idOf(outside))).length, 1);
  });

  test(`what others have sent is not counted for ${role}, and who looked is not told`, async () => {
    const { ports } = await open();
    const counted = { ...emptyCounter, hour: { ...emptyCounter.hour, start: 1 } };
    const all = { ...ports.lookups, counter: () => Promise.resolve(counted) };
    const { lookups } = scopedPorts({ ...ports, lookups: all }, actor);
    assert.deepEqual(await lookups.counter(idOf(outside)), emptyCounter);
    assert.deepEqual(await lookups.counter(idOf(mine)), counted);
    await assert.rejects(lookups.looks({ max: 10 }), { kind: 'denied' });
  });
}

test('who held or dropped the mail of a user, and why, is for those who look after it', async () => {
  const { ports, clock } = await open();
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const now = clock.now();
  const to = ['bob@example.net', 'eve@example.net'];
  const who = { selector: { messageId: id }, now, by: 'mallet (console)', because: 'suspicion' } as const;
  await ports.store.commit([
    acceptOf(id, now, { from: alice, identityId: idOf(alice), to }),
    ...(['hold', 'release', 'drop'] as const).map((action) => ({ type: 'queue', action, ...who }) as const),
  ]);
  const told = async (actor: Actor) => scopedPorts(ports, actor).lookups.eventsOfMessage(id, 10);
  const his = await told(user);
  const types = ['accepted', 'held', 'released', 'dropped', 'dropped'];
  assert.deepEqual(his.map(({ type }) => type).toSorted(), types.toSorted());
  assert.doesNotMatch(JSON.stringify(his), /mallet|suspicion/);
  assert.equal(JSON.stringify(await told(domainAdmin)).match(/mallet/g)?.length, 4);
});

for (const [actor, seen] of [
  [user, [alice]],
  [domainAdmin, [abel, carol, alice]],
] as const)
  test(`of the accounts that are near a limit ${actor.role} sees his own alone, in their order`, async () => {
    const { ports } = await open();
    const { nearLimits } = scopedPorts(
      { ...ports, nearLimits: async () => [abel, dora, carol, alice].map(idOf) },
      actor,
    );
    assert.deepEqual(await nearLimits?.(), seen.map(idOf));
  });

test('of a search by an identity of his own one part is looked at, and it is told that there is more; by others as if there were none', async () => {
  const { ports, clock } = await open();
  const now = clock.now();
  const ids = ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '01ARZ3NDEKTSV4RRFFQ69G5FAW'];
  for (const id of ids)
    await ports.store.commit([
      acceptOf(id, now, { from: alice, identityId: idOf(alice), to: ['b@x.example'] }),
    ]);
  const { lookups, asked } = countedLookups(ports.lookups);
  const search = async (login: string) => {
    const range = { recipient: 'nobody', max: 1, examinedMax: 1 };
    const term = { kind: 'identity', identityId: idOf(login) } as const;
    return scopedPorts({ ...ports, lookups }, user).lookups.findEvents([term], range);
  };
  const { events, next } = await search(alice);
  assert.deepEqual([events, next !== undefined], [[], true]);
  assert.ok(asked() <= 2, `asked ${asked()} times`);
  assert.deepEqual(await search(carol), { events: [] });
});

test('a domain admin lists the accounts of all his domains in one order, a page at a time, or of one of them', async () => {
  const { lookups } = scopedPorts((await open()).ports, domainAdmin);
  const listed = async (page: Partial<Parameters<typeof lookups.identities>[0]> = {}) =>
    (await lookups.identities({ max: 10, ...page })).map(({ login }) => login);
  assert.deepEqual(await listed(), [abel, alice, carol]);
  assert.deepEqual(await listed({ max: 2 }), [abel, alice]);
  assert.deepEqual(await listed({ max: 2, after: alice }), [carol]);
  assert.deepEqual(await listed({ domain: 'example.org' }), [alice, carol]);
  assert.deepEqual(await listed({ domain: 'other.example' }), []);
});

test('a user lists himself alone, once, and only where he is asked for', async () => {
  const { lookups } = scopedPorts((await open()).ports, user);
  const listed = async (page: Partial<Parameters<typeof lookups.identities>[0]> = {}) =>
    (await lookups.identities({ max: 10, ...page })).map(({ login }) => login);
  assert.deepEqual(await listed(), [alice]);
  assert.deepEqual(await listed({ after: alice }), []);
  assert.deepEqual(await listed({ prefix: 'c' }), []);
  assert.deepEqual(await listed({ state: 'removed' }), []);
});

test('what is about oneself reaches nobody else in any role; what is about others does, where the role has no bounds', async () => {
  const { ports, clock } = await open();
  for (const name of Object.keys(useCases) as UseCaseName[])
    for (const role of roles) {
      const actor: Actor = {
        ...user,
        role,
        ...(role === 'domainAdmin' ? { domains: ['other.example'] } : {}),
      };
      const { lookups, store } = portsOf(ports, actor, name);
      const change = identityChange(identityOf(carol), 9, clock.now());
      const reaches = [
        (await lookups.identityById(idOf(carol))) !== undefined,
        (await lookups.consoleSessions(idOf(carol))).length > 0,
        await store.commit([change]).then(
          () => true,
          () => false,
        ),
      ];
      const isFree = !Object.hasOwn(ownUseCases, name) && !['user', 'domainAdmin'].includes(role);
      assert.deepEqual(reaches, [isFree, isFree, isFree], `${name} ${role}`);
      const himself = Object.hasOwn(ownUseCases, name) || role !== 'domainAdmin';
      assert.equal((await lookups.identityById(idOf(alice))) !== undefined, himself, `${name} ${role}`);
    }
});

test('of the last attempt at the mail of a user its next hop is for those who look after it', async () => {
  const { ports, clock } = await open();
  const messageId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  await ports.store.commit([
    acceptOf(messageId, clock.now(), { from: alice, identityId: idOf(alice), to: ['b@x.example'] }),
  ]);
  const reply = 'smtp 127.0.0.1:2598: connect ECONNREFUSED 127.0.0.1:2598';
  const place = { messageId, recipientNumber: 0 };
  const ended = { ...place, attempts: 1, last: { at: 1, status: '4.4.1', reply } };
  const lookups = { ...ports.lookups, endedAttempts: () => Promise.resolve([ended]) };
  const told = (actor: Actor) => scopedPorts({ ...ports, lookups }, actor).lookups.endedAttempts([place]);
  assert.deepEqual(await told(user), [
    { ...ended, last: { ...ended.last, reply: 'no reply of another server' } },
  ]);
  assert.deepEqual(await told(domainAdmin), [ended]);
});
