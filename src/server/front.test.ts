// A front as it is put together: what main asks of it, whom it knows, and what it writes. Its lines and its listening are the test's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turns } from '../../test/fakes/front.ts';
import { plan, wholeFront } from '../../test/fakes/whole-front.ts';

const LOGIN = 'AUTH PLAIN AGEAYg==';

test('a login that the lookup thread let in is known for a while, from that address, until a reload', async () => {
  const { asked, client, ask, clock } = await wholeFront();
  await ask({ ask: 'listen' });
  const logins = async (address: string): Promise<number> => {
    const before = asked.lookupThread.length;
    assert.match(await client(address, 'EHLO c', LOGIN), /^235 /m);
    return asked.lookupThread.length - before;
  };
  assert.equal(await logins('192.0.2.1'), 1);
  assert.equal(await logins('192.0.2.1'), 0, 'known');
  assert.equal(await logins('192.0.2.2'), 1, 'from elsewhere');
  clock.advance(61_000);
  assert.equal(await logins('192.0.2.1'), 1, 'a minute later');
  await ask({ ask: 'reload', plan });
  assert.equal(await logins('192.0.2.1'), 1, 'after a reload names may mean something else');
});

test('sessions of the self-test are marked at level debug, and not counted', async () => {
  const { ask, client, figures, told, clock } = await wholeFront();
  await ask({ ask: 'listen' });
  await ask({ ask: 'selfTest', from: '127.1.2.3' });
  await client('::ffff:127.1.2.3', 'EHLO c', 'QUIT');
  assert.deepEqual((await figures()).counts.connections, {});
  await ask({ ask: 'selfTest', from: undefined });
  await client('::ffff:127.1.2.3', 'EHLO c', 'QUIT');
  assert.deepEqual((await figures()).counts.connections, { submission: 1 });
  clock.advance(1_000);
  assert.equal(told.join('').match(/"msg":"connected"/g)?.length, 1);
});

test('a front listens once, takes nothing from its drain on, gives back its leases, and its last lines are heard', async () => {
  const { ask, client, listening, takes, asked, told } = await wholeFront();
  await Promise.all([ask({ ask: 'listen' }), ask({ ask: 'listen' })]);
  assert.equal(listening(), 1);
  await client('192.0.2.1', 'EHLO c', 'QUIT');
  asked.store.length = 0;
  await ask({ ask: 'drain', graceMs: 1_000 });
  assert.equal(takes(), false);
  assert.match(JSON.stringify(asked.store), /free.*local\/x\/1\.1/);
  assert.match(told.join(''), /"msg":"disconnected"/);
});

test('a plan that can not be used changes nothing', async () => {
  const { ask, client } = await wholeFront();
  await ask({ ask: 'listen' });
  const broken = { cert: 'no certificate', key: 'no key' };
  await assert.rejects(
    ask({ ask: 'reload', plan: { ...plan, hostname: 'new.example.org', certificates: [broken] } }),
  );
  assert.match(await client('192.0.2.1', 'QUIT'), /^220 msa\.example\.org /);
  await ask({ ask: 'reload', plan: { ...plan, hostname: 'new.example.org' } });
  assert.match(await client('192.0.2.1', 'QUIT'), /^220 new\.example\.org /);
});

for (const relays of [true, false])
  test(`a front ${relays ? 'claims what is due' : 'without the role relay claims nothing, and drains'}`, async () => {
    const { ask, asked, clock, figures } = await wholeFront({}, relays);
    await ask({ ask: 'listen' });
    clock.advance(60_000);
    await turns();
    assert.equal(JSON.stringify(asked.store).includes('"claim"'), relays);
    assert.deepEqual((await figures()).relay.downRoutes, []);
    await ask({ ask: 'drain', graceMs: 1_000 });
    assert.match(JSON.stringify(asked.store), /free/);
  });
