// Sessions as time goes by, and as what they stand on changes: each ends by itself, and none is kept as it was given out.

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { IDLE_MS, SESSION_MS } from '../administration/console-sessions.ts';
import type { Credential, Identity, Role } from '../record/identity.ts';
import { appPassword, changed, identityChange, identityOf, START } from '../store/store.contract-fixtures.ts';
import { StoreUnavailable } from '../store/port.ts';
import { createSessions, type LetIn } from './sessions.ts';

const password: Credential = {
  ...{ id: 'password', kind: 'password', label: 'password', createdAt: START },
  verifiers: [{ type: 'argon2id', phc: '$x' }],
};
const totp: Credential = {
  ...{ id: 'totp', kind: 'totp', label: 'app', createdAt: START },
  verifiers: [{ type: 'totp', secret: '00', usedStep: 0, wrong: 0, wrongAt: 0 }],
};
const client = { address: '192.0.2.1', port: 1, browser: 'Firefox' };

async function begin(role: Role = 'admin') {
  const office = openOffice();
  const { clock, ports } = office;
  let alice = identityOf('alice@example.org', { credentials: [password], role });
  await ports.store.commit([identityChange(alice, 0, START)]);
  /** A console's own: another node has others. */
  const sessions = createSessions({ entropy: ports.entropy, ports });
  const enter = (of: LetIn = { who: alice, by: 'password' }) => sessions.begin(of, client);
  return {
    ...{ office, clock, sessions, enter },
    root: () => enter({ who: { osUser: 'root' }, by: 'link' }),
    another: () => createSessions({ entropy: ports.entropy, ports }),
    async change(said: Partial<Identity>) {
      const after = changed(alice, said);
      await ports.store.commit([identityChange(after, alice.revision, START)]);
      alice = after;
    },
  };
}

test('a session ends half an hour after it was used last, and after twelve hours whatever is done', async () => {
  for (const whose of ['root', 'enter'] as const) {
    const { sessions, clock, ...made } = await begin();
    const { token, session } = await made[whose]();
    for (let passed = 0; passed + IDLE_MS - 1 < SESSION_MS; passed += IDLE_MS - 1) {
      assert.equal((await sessions.find(token))?.name, session.name);
      clock.advance(IDLE_MS - 1);
    }
    assert.equal((await sessions.find(token))?.name, session.name);
    clock.advance(IDLE_MS - 1);
    assert.equal(await sessions.find(token), undefined);
    const other = await made[whose]();
    clock.advance(IDLE_MS);
    assert.equal(await sessions.find(other.token), undefined);
  }
});

test('who is in can look while the store writes nothing, until the half hour is over that was written', async () => {
  const { office, sessions, clock, enter } = await begin();
  const { token, session } = await enter();
  const full = () => Promise.reject(new StoreUnavailable('the disk is full'));
  const { lookups } = office.ports;
  const there = createSessions({
    entropy: office.ports.entropy,
    ports: { clock, lookups, store: { commit: full } },
  });
  for (const ms of [IDLE_MS / 2, IDLE_MS / 2 - 1]) {
    clock.advance(ms);
    assert.equal((await there.find(token))?.name, session.name);
  }
  clock.advance(1);
  assert.equal(await there.find(token), undefined);
  assert.equal(await sessions.find(token), undefined);
});

test('whoever looks after himself alone may pause; after twelve hours it is over for him too', async () => {
  const { sessions, clock, enter } = await begin('user');
  const { token } = await enter();
  clock.advance(SESSION_MS - 1);
  assert.equal((await sessions.find(token))?.actor.role, 'user');
  clock.advance(1);
  assert.equal(await sessions.find(token), undefined);
});

test('a page that is only open keeps no session alive', async () => {
  const { sessions, clock, enter } = await begin();
  const { session } = await enter();
  clock.advance(IDLE_MS - 1);
  assert.equal(await sessions.lives(session), true);
  clock.advance(1);
  assert.equal(await sessions.lives(session), false);
});

test('who leaves is out, and nobody else', async () => {
  const { sessions, enter, root } = await begin();
  const [one, other] = [await root(), await enter()];
  await sessions.end(one.session);
  assert.equal(await sessions.find(one.token), undefined);
  assert.equal((await sessions.find(other.token))?.actor.who, 'alice@example.org');
});

test('another node and a console that was started again know the session, and its end', async () => {
  const { sessions, enter, another } = await begin();
  const { token, session } = await enter();
  const there = await another().find(token);
  assert.deepEqual(there, session);
  assert.ok(there !== undefined);
  await another().end(there);
  assert.equal(await sessions.find(token), undefined);
});

const ends: readonly { readonly why: string; readonly said: Partial<Identity> }[] = [
  { why: 'suspended', said: { state: 'suspended' } },
  { why: 'removed', said: { state: 'removed', removedAt: START } },
  { why: 'another role', said: { role: 'desk' } },
  { why: 'more of a role', said: { adminOf: ['example.org'] } },
  { why: 'another password', said: { credentials: [{ ...password, createdAt: START + 1 }] } },
  {
    why: 'password revoked',
    said: { credentials: [{ ...password, disabled: { at: START, by: 'root' } }] },
  },
  { why: 'a second factor more', said: { credentials: [password, totp] } },
];

for (const { why, said } of ends)
  test(`a session is over at once: ${why}`, async () => {
    const { sessions, enter, root, change } = await begin();
    const [hers, other] = [await enter(), await root()];
    await change(said);
    assert.equal(await sessions.lives(hers.session), false);
    assert.equal(await sessions.find(hers.token), undefined);
    assert.equal((await sessions.find(other.token))?.actor.who, 'root', 'nobody else’s');
  });

test('what a program sends with, and other facts of the account, end no session', async () => {
  const { sessions, enter, change } = await begin();
  const { token } = await enter();
  await change({ credentials: [password, appPassword('k7')], limits: { messagesPerHour: 1 } });
  assert.equal((await sessions.find(token))?.actor.who, 'alice@example.org');
});

test('of who changes his own sign-in this session goes on, and the others are over; not with another role', async () => {
  const { sessions, enter, change } = await begin();
  const [here, there] = [await enter(), await enter()];
  await change({ credentials: [password, totp] });
  await sessions.renew(here.session);
  assert.equal((await sessions.find(here.token))?.name, here.session.name);
  assert.equal(await sessions.find(there.token), undefined);
  await change({ role: 'user' });
  await sessions.renew(here.session);
  assert.equal(await sessions.find(here.token), undefined);
});

test('where its owner changes his sign-in at the same time, a session that was stolen is over all the same', async () => {
  const { sessions, enter, change } = await begin();
  const { token, session } = await enter();
  await change({ credentials: [{ ...password, createdAt: START + 1 }] });
  await change({ credentials: [password, totp] });
  await sessions.renew(session);
  assert.equal(await sessions.find(token), undefined);
});

test('a session that has ended is not brought back by its last act', async () => {
  const { sessions, enter, change } = await begin();
  const { token, session } = await enter();
  await sessions.end(session);
  await change({ credentials: [password, totp] });
  await sessions.renew(session);
  assert.equal(await sessions.find(token), undefined);
});

test('what was never given out opens nothing', async () => {
  const { sessions, enter } = await begin();
  const { token } = await enter();
  for (const wrong of ['', undefined, token.slice(1), `${token}A`, token.toLowerCase()])
    assert.equal(await sessions.find(wrong), undefined, wrong);
});

test('no token can be read in what is kept or recorded, nor what stands in forms', async () => {
  const { office, enter, root } = await begin();
  const all = [await enter(), await root()];
  const kept = [
    ...(await office.ports.lookups.consoleSessions('')),
    ...(await office.ports.lookups.consoleSessions('id-alice@example.org')),
    ...(await office.trail()),
  ];
  const text = inspect(kept, { depth: 9 });
  assert.match(text, /192\.0\.2\.1/, 'it is seen what is kept');
  for (const { token, session } of all)
    for (const secret of [token, session.formToken]) assert.ok(!text.includes(secret));
});

test('a proof of a time to come is forgotten once it is seen, on all nodes, and does not come back when the clock gets there; one that another clock is ahead stays', async () => {
  for (const [aheadMs, stays] of [
    [3 * 3_600_000, false],
    [60_001, false],
    [60_000, true],
  ] as const) {
    const { clock, enter, sessions, another, office } = await begin('user');
    const { token, session } = await enter({
      who: identityOf('alice@example.org', { credentials: [password], role: 'user' }),
      by: 'password and code',
    });
    const { provedAt } = session.actor;
    assert.equal(provedAt, START);
    clock.advance(-aheadMs);
    assert.ok(await sessions.find(token));
    clock.advance(aheadMs);
    for (const node of [sessions, another()]) {
      const found = (await node.find(token)) ?? assert.fail();
      assert.equal(found.actor.provedAt, stays ? START : undefined, String(aheadMs));
    }
    const forgotten = JSON.stringify(await office.trail()).match(/"console proof forgotten"/g) ?? [];
    assert.equal(forgotten.length, stays ? 0 : 1);
  }
});
