// A login that ends with data for the client: until the client has heard its 235 nobody acts as the one it will be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, openFront } from '../../test/fakes/front.ts';
import { alice } from '../../test/fakes/submission.ts';

const finalData = Buffer.from('v=1');
const bob = { ...alice, identityId: 'i-bob', login: 'bob@example.org' };

async function judged(principal = alice) {
  const here = await openFront();
  const client = new Client(here.front);
  await client.say('EHLO client');
  await client.say('AUTH PLAIN AGEAYg==');
  here.authentication.answer({ type: 'authenticated', principal, finalData });
  assert.equal(await client.hear(), `334 ${finalData.toString('base64')}\r\n`);
  return { here, client };
}

function recorded(here: Awaited<ReturnType<typeof openFront>>) {
  here.front.journal.flush();
  return here.world.store.changes.flatMap((one) => (one.type === 'record' ? one.events : []));
}

test('AUTH-aj BCP134-3.1-a: the empty line logs in, and the message is hers', async () => {
  const { here, client } = await judged();
  assert.match(await client.say(''), /^235 /);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<x@far.example>', 'DATA');
  assert.match(await client.say(`From: ${alice.login}`, '', 'x', '.'), /^250 /);
  const accepted = here.world.store.changes.find(({ type }) => type === 'accept');
  assert.ok(accepted?.type === 'accept' && accepted.message.identityId === alice.identityId);
});

test('AUTH-aj D-TR-1: a login that the client called off is on no record, and the next is counted for whose it is', async () => {
  const { here, client } = await judged(bob);
  assert.match(await client.say('*'), /^501 /);
  assert.match(await client.say('MAIL FROM:<bob@example.org>'), /^530 /);
  assert.deepEqual(recorded(here), []);
  await client.say('AUTH PLAIN AGEAYg==');
  here.authentication.answer({ type: 'authenticated', principal: alice });
  assert.match(await client.hear(), /^235 /);
  const other = here.admission.connected('192.0.2.1', 'submission');
  assert.equal(other.authenticated(bob.identityId), true, 'his place is free');
  const another = here.admission.connected('192.0.2.2', 'submission');
  assert.equal(another.authenticated(alice.identityId), false, 'hers is taken');
});

test('BCP134-3.1-f: who is suspended before the empty line hears 421 with the 235', async () => {
  const { here, client } = await judged();
  const { identityId } = alice;
  here.connections.noticed({
    type: 'identityChanged',
    identityId,
    revision: 2,
    state: 'suspended',
    gone: [],
  });
  assert.equal(await client.say(), '', 'not in the midst of the exchange');
  assert.match(await client.say(''), /^235 [^]*421 4\.7\.0 /);
});

test('AUTH-ab: material from the judge goes to the exchange, which may not have asked for any', async () => {
  const here = await openFront();
  const client = new Client(here.front);
  await client.say('EHLO client');
  await client.say('AUTH PLAIN AGEAYg==');
  here.authentication.answer({ type: 'material', octets: Buffer.of(1) });
  assert.match(await client.hear(), /^454 /, 'PLAIN asked for none');
});
