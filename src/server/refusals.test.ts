// What the trail says of a refusal is what it was: why the principal may not go on, and by which command the message came.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RefusedPayload } from '../record/events.ts';
import type { Credential, Identity, Principal } from '../record/identity.ts';
import { authenticatedClient, Client, openFront, REPLY_MS, turns } from '../../test/fakes/front.ts';
import { alice, aliceAsStored } from '../../test/fakes/submission.ts';

type Here = Awaited<ReturnType<typeof openFront>>;

const [password] = aliceAsStored.credentials as readonly [Credential];

function becomes(here: Here, changed: Partial<Identity>): void {
  const { identities, context } = here.world;
  identities.set(alice.identityId, { ...aliceAsStored, ...changed, revision: 2 });
  const state = changed.state ?? 'active';
  context.identityStatuses.noticed({
    type: 'identityChanged',
    identityId: alice.identityId,
    revision: 2,
    state,
    gone: [],
  });
}

function refusals(here: Here): readonly RefusedPayload[] {
  return here.world.store.changes
    .flatMap((change) => (change.type === 'record' ? change.events : []))
    .flatMap((event) => (event.type === 'refused' ? [event.payload] : []));
}

async function clientAs(here: Here, principal: Principal): Promise<Client> {
  const client = new Client(here.front);
  await client.say('EHLO client', 'AUTH PLAIN AGEAYg==');
  here.authentication.answer({ type: 'authenticated', principal });
  assert.match(await client.hear(), /235 /);
  return client;
}

const over = /^550 5\.7\.1 This account may not submit mail/;
const identityStatuses: readonly (readonly [changed: Partial<Identity>, cause: string, reply?: RegExp])[] = [
  [{ credentials: [] }, 'the credential of the login was revoked'],
  [
    { credentials: [{ ...password, disabled: { at: 1, by: 'root' } }] },
    'the credential of the login was revoked',
  ],
  [
    { credentials: [{ ...password, expiresAt: 1 }] },
    'the credential of the login has expired',
    /^421 4\.7\.0 The login has expired, log in again/,
  ],
  [{ credentials: [{ ...password, createdAt: 5 }] }, 'the password of the login was changed'],
  [{ state: 'suspended' }, 'the identity is suspended'],
  [{ state: 'removed' }, 'the identity is removed'],
];

test('BCP134-3.1-f D-TR-1: a refusal after a change says what was changed, at MAIL and at the end of the message', async () => {
  for (const [changed, cause, expected = over] of identityStatuses) {
    const here = await openFront({ perIdentity: 2 });
    const since = { ...alice, proof: { ...alice.proof, since: password.createdAt } };
    const [first, second] = [await clientAs(here, since), await clientAs(here, since)];
    await second.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<x@far.example>', 'DATA');
    becomes(here, changed);
    const atMail = await first.say(`MAIL FROM:<${alice.login}>`);
    const atEnd = await second.say(`From: ${alice.login}`, '', 'x', '.');
    for (const reply of [atMail, atEnd]) assert.match(reply, expected);
    assert.deepEqual(
      refusals(here).map((one) => [
        one.command,
        one.cause.replace(/^(?:active identity|valid credential): /, ''),
      ]),
      [
        ['MAIL', cause],
        ['DATA', `${cause}, at end of data`],
      ],
    );
  }
});

test('D-TR-1: a message that came by BDAT is refused as such', async () => {
  const here = await openFront();
  const client = await authenticatedClient(here);
  const text = 'From: eve@example.org\r\n\r\nx\r\n';
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<x@far.example>');
  assert.match(await client.say(`BDAT ${text.length} LAST`, text.slice(0, -2)), /^550 5\.7\.1 /);
  assert.deepEqual(
    refusals(here).map(({ command, replyCode }) => [command, replyCode]),
    [['BDAT', 550]],
  );
});

test('D-TR-1 5321-y: what is answered 451 because nothing was heard in time is recorded, and no second answer besides', async () => {
  const here = await openFront();
  const client = await authenticatedClient(here);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<nobody@example.org>');
  here.world.clock.advance(REPLY_MS);
  assert.match(await client.hear(), /451 /);
  here.mailbox.answer('unknown');
  await turns();
  assert.deepEqual(
    refusals(here).map(({ command, replyCode, cause }) => [command, replyCode, cause]),
    [['RCPT', 451, 'no answer in time']],
  );
});
