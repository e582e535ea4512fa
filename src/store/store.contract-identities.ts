// Contract, part five: identities. Written whole with a revision check; names stay taken; who may not send has a held queue.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Credential, Identity } from '../record/identity.ts';
import {
  acceptOf,
  appPassword,
  Bench,
  changed,
  DAY,
  deferred,
  HOUR,
  identityChange,
  identityOf,
  keyOf,
  type Open,
  settleOf,
  START,
} from './store.contract-fixtures.ts';

const alice = identityOf('alice@example.org', {
  displayName: 'Alice Ä.',
  rights: [
    { kind: 'address', address: 'alice@example.org' },
    { kind: 'address', address: 'a.lice@example.org' },
    { kind: 'granted', address: 'info@example.org' },
    { kind: 'domain', domain: 'lists.example.org' },
  ],
  credentials: [
    {
      id: 'password',
      kind: 'password',
      label: '',
      createdAt: START,
      verifiers: [{ type: 'argon2id', phc: '$x' }],
    },
    appPassword('k7'),
  ],
  limits: { messagesPerHour: 10, recipientsPerHour: 'none' },
});

export function identityContract(name: string, open: Open): void {
  takenContract(name, open);
  sharedAddressContract(name, open);
  tombstoneContract(name, open);
  heldQueueContract(name, open);
  mayNotSendContract(name, open);
  usesContract(name, open);
  findContract(name, open);
  roleContract(name, open);
  writeContract(name, open);
}

function roleContract(name: string, open: Open): void {
  test(`${name}: a role and the tokens of an identity are kept; ids of tokens count in their identity alone`, async () => {
    await using bench = await Bench.open(open);
    const token = { ...appPassword('k8'), kind: 'token', scopes: ['trace', 'queue'] } as const;
    const domainAdmin = {
      ...alice,
      role: 'domainAdmin',
      adminOf: ['example.org'],
      credentials: [token],
    } as const;
    await bench.written(domainAdmin);
    const bob = identityOf('bob@example.org', { credentials: [token] });
    await bench.written(bob);
    const { lookups } = bench;
    assert.deepEqual(await lookups.identityById(alice.id), domainAdmin);
    assert.equal(await lookups.identityByCredential('k8'), undefined, 'no mail comes with a token');
    const revoked = { ...token, disabled: { at: START, by: 'root' } };
    const after = changed(domainAdmin, { credentials: [revoked] });
    bench.notices.length = 0;
    await bench.written(after);
    assert.deepEqual(await lookups.identityById(alice.id), after);
    const [notice] = bench.notices;
    assert.deepEqual(notice?.type === 'identityChanged' && notice.gone, ['k8']);
  });
}

function findContract(name: string, open: Open): void {
  test(`${name}: an identity is found by id, login, own addresses and app passwords`, async () => {
    await using bench = await Bench.open(open);
    await bench.written(alice);
    const { lookups } = bench;
    assert.deepEqual(await lookups.identityById(alice.id), alice);
    assert.deepEqual(await lookups.identityByLogin('alice@example.org'), alice);
    assert.equal(await lookups.identityByLogin('a.lice@example.org'), undefined, 'an alias is no login');
    assert.deepEqual(await lookups.identityByAddress('alice@example.org'), alice);
    assert.deepEqual(await lookups.identityByAddress('a.lice@example.org'), alice);
    assert.equal(await lookups.identityByAddress('info@example.org'), undefined, 'granted is not own');
    assert.deepEqual(await lookups.identityByCredential('k7'), alice);
    assert.equal(
      await lookups.identityByCredential('password'),
      undefined,
      'every account has one of that name',
    );
    assert.equal(await lookups.identityById('nobody'), undefined);
    assert.deepEqual(bench.notices, [
      { type: 'identityChanged', identityId: alice.id, revision: 1, state: 'active', gone: [] },
    ]);
    assert.deepEqual(await bench.eventTypes(), ['identityChanged']);
  });
}

function writeContract(name: string, open: Open): void {
  test(`${name}: an identity is written only over the revision that its writer has seen`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    assert.deepEqual(await bench.one(identityChange(alice, 3, now)), { type: 'stale' });
    await bench.written(alice);
    assert.deepEqual(await bench.one(identityChange(alice, 0, now)), { type: 'stale' });
    const second = changed(alice, {
      displayName: 'Alice',
      rights: alice.rights.slice(0, 1),
      credentials: [],
    });
    const other = changed(alice, { displayName: 'Mallory' });
    const outcomes = await bench.store.commit([
      identityChange(second, 1, now),
      identityChange(other, 1, now),
    ]);
    assert.deepEqual(outcomes, [{ type: 'written' }, { type: 'stale' }]);
    await bench.restart();
    assert.deepEqual(await bench.lookups.identityById(alice.id), second);
    assert.equal(await bench.lookups.identityByAddress('a.lice@example.org'), undefined);
    assert.equal(await bench.lookups.identityByCredential('k7'), undefined);
    assert.deepEqual(await bench.eventTypes(), ['identityChanged', 'identityChanged']);
    // What she gave up is free for others.
    await bench.written(identityOf('a.lice@example.org', { credentials: [appPassword('k7')] }));
  });

  test(`BCP134-3.1-f: ${name}: the notice of a change names the credentials that let nobody in any more`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    const [password, phone] = alice.credentials as readonly [Credential, Credential];
    const disabled = { at: now, by: 'root' };
    const steps: readonly (readonly [why: string, credentials: readonly Credential[], gone: string[]])[] = [
      ['a new one', [password, phone, appPassword('k8')], []],
      ['a revoked one', [password, { ...phone, disabled }, appPassword('k8')], ['k7']],
      ['nothing', [password, { ...phone, disabled }, appPassword('k8')], []],
      ['a changed password', [{ ...password, createdAt: now + 1 }, phone, appPassword('k8')], ['password']],
      ['one that is there no more', [phone], ['password', 'k8']],
    ];
    let identity = alice;
    await bench.written(identity);
    for (const [why, credentials, gone] of steps) {
      bench.notices.length = 0;
      identity = changed(identity, { credentials });
      await bench.written(identity);
      const [notice] = bench.notices;
      assert.deepEqual(notice?.type === 'identityChanged' && notice.gone, gone, why);
    }
  });
}

const right = (kind: 'address' | 'granted', address: string) => [{ kind, address }] as const;
/** `what`: the name that is taken, if it may not be written. */
const takenVectors: readonly { readonly why: string; readonly identity: Identity; readonly what?: string }[] =
  [
    { why: 'login', identity: identityOf('alice@example.org', { id: 'other' }), what: 'alice@example.org' },
    { why: 'login that is an alias', identity: identityOf('a.lice@example.org'), what: 'a.lice@example.org' },
    {
      why: 'alias that is a login',
      identity: identityOf('bob', { rights: right('address', 'alice@example.org') }),
      what: 'alice@example.org',
    },
    {
      why: 'app password',
      identity: identityOf('bob', { credentials: [appPassword('k7')] }),
      what: 'credential k7',
    },
    {
      why: 'a grant takes nothing',
      identity: identityOf('bob', { rights: right('granted', 'alice@example.org') }),
    },
    { why: 'nor does what is only granted', identity: identityOf('info@example.org') },
    {
      why: 'an address that is no login is shared',
      identity: identityOf('bea', { rights: right('address', 'a.lice@example.org') }),
    },
  ];

function takenContract(name: string, open: Open): void {
  for (const state of ['active', 'suspended', 'removed'] as const) {
    test(`${name}: names of an identity that is ${state} are taken`, async () => {
      await using bench = await Bench.open(open);
      await bench.written(alice);
      if (state !== 'active') {
        const removed = state === 'removed' ? { removedAt: bench.clock.now() } : {};
        await bench.written(changed(alice, { state, ...removed }));
      }
      for (const { why, identity, what } of takenVectors) {
        const outcome = await bench.one(identityChange(identity, 0, bench.clock.now()));
        assert.deepEqual(outcome, what === undefined ? { type: 'written' } : { type: 'taken', what }, why);
        const stored = await bench.lookups.identityById(identity.id);
        assert.deepEqual(stored, what === undefined ? identity : undefined, why);
        if (what === undefined) {
          const moved = changed(identity, { login: `${identity.id} moved`, rights: [], credentials: [] });
          await bench.written(moved);
          bench.clock.advance(1);
          await bench.one({ ...identityChange(changed(moved, { state: 'removed' }), 2, bench.clock.now()) });
        }
      }
    });
  }

  test(`${name}: one app password can't stand twice in an identity`, async () => {
    await using bench = await Bench.open(open);
    const twice = identityOf('bob', { credentials: [appPassword('k1'), appPassword('k1')] });
    assert.equal((await bench.one(identityChange(twice, 0, START))).type, 'failed');
    assert.equal(await bench.lookups.identityByLogin('bob'), undefined);
    assert.deepEqual(await bench.eventTypes(), []);
  });
}

function sharedAddressContract(name: string, open: Open): void {
  test(`${name}: an address that is no login belongs to all who have it; whose login it is comes first, tombstones last`, async () => {
    await using bench = await Bench.open(open);
    const team = [{ kind: 'address', address: 'team@example.org' }] as const;
    const [ann, ben, cleo] = ['ann', 'ben', 'cleo'].map((one) => identityOf(one, { rights: team }));
    assert.ok(ann && ben && cleo);
    for (const one of [ann, ben]) await bench.written(one);
    const having = async (address: string = 'team@example.org') =>
      (await bench.lookups.identitiesByAddress(address)).map(({ login }) => login);
    assert.deepEqual(await having(), ['ann', 'ben']);
    assert.equal((await bench.lookups.identityByAddress('team@example.org'))?.login, 'ann');
    const gone = changed(ann, { state: 'removed', removedAt: bench.clock.now(), removedFrom: 'active' });
    await bench.written(gone);
    assert.deepEqual(await having(), ['ben', 'ann'], 'the first grantee goes, the address stays');
    await bench.written(cleo);
    await bench.restart();
    assert.deepEqual(await having(), ['ben', 'cleo', 'ann']);
    // What somebody has, if only as a tombstone, is nobody's new login.
    const newcomer = identityOf('team@example.org');
    const taken = { type: 'taken', what: 'team@example.org' };
    assert.deepEqual(await bench.one(identityChange(newcomer, 0, bench.clock.now())), taken);
    for (const one of [ben, cleo]) await bench.written(changed(one, { rights: [] }));
    assert.deepEqual(await having(), ['ann']);
    assert.deepEqual(await bench.one(identityChange(newcomer, 0, bench.clock.now())), taken);
    const { removedAt: _, removedFrom: _from, ...back } = gone;
    await bench.written(changed(back as Identity, { state: 'active' }));
    assert.deepEqual(await having(), ['ann'], 'restored');
    await bench.one({ type: 'purge', eventsBefore: START + 9 * DAY, now: START + 9 * DAY, max: 9 });
    assert.deepEqual(await having(), ['ann'], 'what is restored is no tombstone');
    await bench.written(changed(changed(changed(ann, {}), {}), { rights: [] }));
    await bench.written(newcomer);
    assert.deepEqual(await having(), ['team@example.org']);
    assert.deepEqual(await having('nobody@example.org'), []);
  });
}

function tombstoneContract(name: string, open: Open): void {
  test(`${name}: a tombstone keeps its names until retention drops it, then they are free`, async () => {
    await using bench = await Bench.open(open);
    await bench.written(alice);
    const removed = changed(alice, { state: 'removed', removedAt: bench.clock.now() });
    await bench.written(removed);
    await bench.one({
      type: 'credentialUsed',
      identityId: alice.id,
      credentialId: 'k7',
      at: START,
      address: '::1',
    });
    const newcomer = identityOf('alice@example.org', { id: 'newcomer', credentials: [appPassword('k7')] });
    assert.deepEqual(await bench.lookups.identityByAddress('a.lice@example.org'), removed);
    const purge = {
      type: 'purge',
      eventsBefore: bench.clock.now(),
      now: bench.clock.now(),
      max: 10,
    } as const;
    await bench.one(purge);
    const early = await bench.one(identityChange(newcomer, 0, bench.clock.now()));
    assert.deepEqual(early, { type: 'taken', what: 'alice@example.org' });
    await bench.one({ ...purge, eventsBefore: purge.eventsBefore + 1 });
    assert.equal(await bench.lookups.identityById(alice.id), undefined);
    assert.equal(await bench.lookups.identityByLogin('alice@example.org'), undefined);
    assert.deepEqual(await bench.lookups.credentialUses(alice.id), []);
    await bench.written(newcomer);
    assert.deepEqual(await bench.lookups.identityByCredential('k7'), newcomer);
  });

  test(`${name}: what a tombstone had sent goes with it, also what is counted in the same group`, async () => {
    await using bench = await Bench.open(open);
    await bench.written(alice);
    const now = bench.clock.now();
    await bench.written(changed(alice, { state: 'removed', removedAt: now }));
    const limits = { messagesPerHour: 1 };
    const charged = { identityId: alice.id, charge: { identityId: alice.id, limits } };
    const sent = acceptOf(bench.nextId(), now, charged);
    const [first, dropped, purged] = await bench.store.commit([
      sent,
      { type: 'queue', action: 'drop', selector: { messageId: sent.message.id }, now, by: 'root' },
      { type: 'purge', eventsBefore: now + 1, now, max: 10 },
    ]);
    assert.deepEqual([first.type, dropped.type, purged.type], ['accepted', 'changed', 'purged']);
    await bench.accepted(charged);
  });

  test(`E-Q-8: ${name}: a tombstone stays while it has mail in the queue, which would go without it`, async () => {
    await using bench = await Bench.open(open);
    await bench.written(alice);
    const waiting = await bench.accepted({ identityId: alice.id });
    const inHand = await bench.accepted({ identityId: alice.id, owner: 'a' });
    await bench.written(changed(alice, { state: 'removed', removedAt: bench.clock.now() }));
    const now = bench.clock.now() + DAY;
    const purge = { type: 'purge', eventsBefore: now, now, max: 10 } as const;
    const command = { type: 'queue', now, by: 'root' } as const;
    for (const { message } of [waiting, inHand]) {
      await bench.one(purge);
      assert.notEqual(await bench.lookups.identityById(alice.id), undefined);
      await bench.restart();
      await bench.one({ type: 'free', ownerPrefix: '', dueAt: bench.clock.now() });
      assert.deepEqual(await bench.claim('b'), []);
      await bench.one({ ...command, action: 'drop', selector: { messageId: message.id } });
    }
    await bench.one(purge);
    assert.equal(await bench.lookups.identityById(alice.id), undefined);
  });
}

function heldQueueContract(name: string, open: Open): void {
  test(`E-Q-8: ${name}: while an identity may not send no attempt begins, and its queue goes on afterwards`, async () => {
    await using bench = await Bench.open(open);
    const hers = { identityId: alice.id } as const;
    await bench.written(alice);
    const waiting = await bench.accepted(hers);
    const leased = await bench.accepted({ ...hers, owner: 'a' });
    const [attempt] = await bench.lookups.queue({ messageId: leased.message.id }, { max: 1 });
    assert.ok(attempt);
    const far = await bench.accepted({ ...hers, dueAt: bench.clock.now() + DAY });
    const others = await bench.accepted({ identityId: 'somebody else' });
    const suspended = changed(alice, { state: 'suspended' });
    bench.notices.length = 0;
    await bench.written(suspended);
    assert.deepEqual(bench.notices, [
      { type: 'identityChanged', identityId: alice.id, revision: 2, state: 'suspended', gone: [] },
    ]);
    // What comes in meanwhile (its transaction was under way) is held from birth.
    const late = await bench.accepted(hers);
    await bench.one(settleOf('a', [attempt.delivery], deferred(bench.clock.now()), bench.clock.now()));
    bench.clock.advance(HOUR);
    await bench.restart();
    const latest = await bench.accepted(hers);
    assert.deepEqual((await bench.claim('b')).map(keyOf), [`${others.message.id}/0`]);
    const all = [waiting, leased, far, late, latest].map(({ message }) => `${message.id}/0`);
    assert.deepEqual(await bench.queued({ held: true }), all);
    // Retry and release of the operator don't lift it.
    const command = { type: 'queue', selector: hers, now: bench.clock.now(), by: 'root' } as const;
    assert.deepEqual(await bench.one({ ...command, action: 'release' }), { type: 'changed', count: 0 });
    await bench.one({ ...command, action: 'retry', selector: { messageId: waiting.message.id } });
    assert.deepEqual(await bench.claim('b'), []);
    await bench.written(changed(suspended, { displayName: 'still suspended' }));
    assert.deepEqual(await bench.claim('b'), []);

    bench.notices.length = 0;
    await bench.written(changed(changed(suspended, {}), { state: 'active' }));
    assert.deepEqual(
      bench.notices.map(({ type }) => type),
      ['due', 'identityChanged'],
    );
    assert.deepEqual(await bench.queued({ held: true }), []);
    const claimed = (await bench.claim('b')).map(keyOf).sort();
    assert.deepEqual(
      claimed,
      [waiting, leased, late, latest].map(({ message }) => `${message.id}/0`),
    );
    bench.clock.advance(DAY);
    assert.deepEqual((await bench.claim('b')).map(keyOf), [`${far.message.id}/0`]);
  });
}

function mayNotSendContract(name: string, open: Open): void {
  test(`${name}: what the operator holds stays held when the identity may send again`, async () => {
    await using bench = await Bench.open(open);
    await bench.written(alice);
    await bench.accepted({ identityId: alice.id });
    const command = { type: 'queue', selector: {}, now: bench.clock.now(), by: 'root' } as const;
    await bench.one({ ...command, action: 'hold' });
    await bench.written(changed(alice, { state: 'suspended' }));
    await bench.written({ ...alice, revision: 3 });
    assert.equal((await bench.lookups.queueTotals()).held, 1);
    assert.deepEqual(await bench.claim('b'), []);
    assert.deepEqual(await bench.one({ ...command, action: 'release' }), { type: 'changed', count: 1 });
    assert.equal((await bench.claim('b')).length, 1);
  });

  test(`${name}: F-TX-2: an accept says whether its identity may send, asked again too`, async () => {
    await using bench = await Bench.open(open);
    await bench.written(alice);
    const leased = acceptOf(bench.nextId(), bench.clock.now(), { identityId: alice.id, owner: 'a' });
    assert.deepEqual(await bench.one(leased), { type: 'accepted' });
    await bench.written(changed(alice, { state: 'suspended' }));
    const held = acceptOf(bench.nextId(), bench.clock.now(), { identityId: alice.id, owner: 'a' });
    for (const change of [held, leased, held])
      assert.deepEqual(await bench.one(change), { type: 'accepted', held: true });
    await bench.restart();
    for (const change of [held, leased])
      assert.deepEqual(await bench.one(change), { type: 'accepted', held: true });
    await bench.written({ ...alice, revision: 3 });
    assert.deepEqual(await bench.one(held), { type: 'accepted' });
  });

  test(`${name}: an identity born suspended or removed later holds its queue; drop ends it`, async () => {
    await using bench = await Bench.open(open);
    const bot = identityOf('bot', { state: 'suspended' });
    await bench.written(bot);
    await bench.accepted({ identityId: bot.id });
    await bench.written(changed(bot, { state: 'removed', removedAt: bench.clock.now() }));
    await bench.accepted({ identityId: bot.id });
    await bench.restart();
    await bench.accepted({ identityId: bot.id });
    assert.deepEqual(await bench.claim('b'), []);
    const drop = {
      type: 'queue',
      action: 'drop',
      selector: { identityId: bot.id },
      now: START,
      by: 'root',
    } as const;
    assert.deepEqual(await bench.one(drop), { type: 'changed', count: 3 });
    assert.deepEqual(await bench.queued(), []);
  });
}

function usesContract(name: string, open: Open): void {
  test(`${name}: the last twenty uses of credentials are known, newest first, each address once`, async () => {
    await using bench = await Bench.open(open);
    await bench.written(alice);
    const use = (at: number, address: string, credentialId = 'k7') =>
      ({ type: 'credentialUsed', identityId: alice.id, credentialId, at, address }) as const;
    for (let at = 1; at <= 25; at += 1) {
      assert.deepEqual(await bench.one(use(START + at, `192.0.2.${at}`)), { type: 'noted' });
    }
    await bench.store.commit([use(START + 30, '192.0.2.20'), use(START + 31, '192.0.2.20', 'password')]);
    await bench.one({ ...use(START, '::1'), identityId: 'other' });
    const uses = await bench.lookups.credentialUses(alice.id);
    assert.equal(uses.length, 20);
    assert.deepEqual(uses.slice(0, 3), [
      { credentialId: 'password', at: START + 31, address: '192.0.2.20' },
      { credentialId: 'k7', at: START + 30, address: '192.0.2.20' },
      { credentialId: 'k7', at: START + 25, address: '192.0.2.25' },
    ]);
    assert.equal(uses.at(-1)?.address, '192.0.2.7');
    assert.equal((await bench.lookups.credentialUses('other')).length, 1);
    assert.deepEqual(await bench.lookups.credentialUses('nobody'), []);
    assert.deepEqual(await bench.lookups.identityById(alice.id), alice, 'no revision');
    assert.deepEqual(await bench.eventTypes(), ['identityChanged'], 'no event');
  });
}
