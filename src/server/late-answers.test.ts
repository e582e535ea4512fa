// Answers that come too late: the client is gone, or was told to try again. What they would permit is not done.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Change, StoreUnavailable } from '../store/port.ts';
import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import { refusal } from '../protocol/refusal.ts';
import {
  authenticated,
  authenticatedClient,
  Client,
  Later,
  openFront,
  REPLY_MS,
  turns,
} from '../../test/fakes/front.ts';
import type { Credential, Identity } from '../record/identity.ts';
import { alice, aliceAsStored } from '../../test/fakes/submission.ts';

const bob: AuthenticationOutcome = {
  type: 'authenticated',
  principal: { ...alice, identityId: 'i-bob', login: 'bob@example.org' },
};
const wrong: AuthenticationOutcome = {
  type: 'refused',
  refusal: refusal('authFailed', 'wrong secret'),
  notBeforeMs: 0,
  cause: 'wrong secret',
};

test('a client that leaves while its AUTH is checked does not count as a session of its identity for ever', async () => {
  const here = await openFront();
  for (let n = 0; n < 3; n += 1) {
    const client = new Client(here.front);
    await client.say('EHLO client', 'AUTH PLAIN AGEAYg==');
    await client.leave();
    here.authentication.answer(authenticated);
    await turns();
  }
  assert.equal(here.admission.connections, 0);
  const one = here.admission.connected('192.0.2.1', 'submission');
  assert.equal(one.authenticated(alice.identityId), true, 'its only place is free');
  one.left();
  const [first, second] = [0, 1].map(() => here.admission.connected('', 'submission'));
  assert.deepEqual([first?.admitted, second?.admitted], [true, false], 'nor was its network forgiven');
});

test('D-TR-1: an AUTH that is answered after its 454 does not make another of who was let in since', async () => {
  const here = await openFront();
  const client = new Client(here.front);
  await client.say('EHLO client', 'AUTH PLAIN AGEAYg==');
  here.world.clock.advance(REPLY_MS);
  assert.match(await client.hear(), /454 /);
  await client.say('AUTH PLAIN AGEAYg==');
  // The first is answered late, the second in time.
  here.authentication.answer(bob);
  await turns();
  here.authentication.answer(authenticated);
  assert.match(await client.hear(), /235 /);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<x@far.example>', 'DATA');
  assert.match(await client.say(`From: ${alice.login}`, '', 'x', '.'), /^250 /);
  const accepted = here.world.store.changes.find(({ type }) => type === 'accept');
  assert.ok(accepted?.type === 'accept');
  assert.equal(accepted.message.identityId, alice.identityId);
});

test('D-TR-1: nor does one that comes after somebody else was let in: the session stays that person’s', async () => {
  const here = await openFront();
  const client = new Client(here.front);
  await client.say('EHLO client', 'AUTH PLAIN AGEAYg==');
  here.world.clock.advance(REPLY_MS);
  assert.match(await client.hear(), /454 /);
  await client.say('AUTH PLAIN AGEAYg==');
  here.authentication.answerLast(authenticated);
  assert.match(await client.hear(), /235 /);
  // The answer to the first question, for which the client got 454.
  here.authentication.answer(bob);
  await turns();
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<x@far.example>', 'DATA');
  assert.match(await client.say(`From: ${alice.login}`, '', 'x', '.'), /^250 /);
  const accepted = here.world.store.changes.find(({ type }) => type === 'accept');
  assert.ok(accepted?.type === 'accept');
  assert.equal(accepted.message.identityId, alice.identityId);
  const { session, principal } = accepted.event.payload as { session: object; principal: { login: string } };
  assert.ok(session !== undefined && principal.login === alice.login, 'nor does the record name another');
  const others = here.admission.connected('192.0.2.1', 'submission');
  assert.equal(others.authenticated('i-bob'), true, 'his place was never taken');
  await client.leave();
});

const since = { ...alice, proof: { ...alice.proof, since: 0 } };
const [password] = aliceAsStored.credentials as readonly [Credential];
const revised = { ...aliceAsStored, revision: 2 };
const meanwhile: readonly (readonly [stored: Identity | undefined, reply: RegExp, cause: string])[] = [
  [{ ...revised, displayName: 'Alice' }, /^235 /, ''],
  [{ ...revised, state: 'suspended' }, /^535 5\.7\.8 /, 'the identity is suspended'],
  [{ ...revised, state: 'removed' }, /^535 5\.7\.8 /, 'the identity is removed'],
  [undefined, /^535 5\.7\.8 /, 'the identity is removed'],
  [{ ...revised, credentials: [] }, /^535 5\.7\.8 /, 'the credential of the login was revoked'],
  [
    { ...revised, credentials: [{ ...password, createdAt: 1 }] },
    /^535 5\.7\.8 /,
    'the password of the login was changed',
  ],
];

/** Alice's login, asked but not answered yet; then she is changed. */
async function changedWhileChecked(stored: Identity | undefined) {
  const here = await openFront();
  const { context, identities } = here.world;
  const client = new Client(here.front);
  await client.say('EHLO client');
  assert.equal(await client.say('AUTH PLAIN AGEAYg=='), '');
  if (stored === undefined) identities.delete(alice.identityId);
  else identities.set(alice.identityId, stored);
  context.identityStatuses.noticed(changeOf(2));
  return { ...here, client };
}

function changeOf(revision: number) {
  const { identityId } = alice;
  return { type: 'identityChanged', identityId, revision, state: 'active', gone: [] } as const;
}

test('BCP134-3.1-f: who was changed while the secret was checked is let in as of now, or refused as a wrong secret is', async () => {
  for (const [stored, expected, cause] of meanwhile) {
    const here = await changedWhileChecked(stored);
    here.authentication.answer({ type: 'authenticated', principal: since });
    assert.match(await here.client.hear(), expected, cause);
    assert.match(here.logged.join(''), new RegExp(cause));
    const isIn = expected.test('235 ');
    here.front.journal.flush();
    const recorded = here.world.store.changes.flatMap((one) => (one.type === 'record' ? one.events : []));
    assert.deepEqual(
      recorded.map(({ type, identityId }) => [type, identityId]),
      isIn ? [] : [['authenticationFailed', alice.identityId]],
    );
    const other = here.admission.connected('192.0.2.1', 'submission');
    assert.equal(other.authenticated(alice.identityId), !isIn, 'who is refused takes no place');
  }
});

test('BCP134-3.1-f: whose standing can’t be told when the secret was right is told to try again', async () => {
  const down = await changedWhileChecked(revised);
  const broken = () => Promise.reject(new StoreUnavailable());
  Object.assign(down.world.context.lookups, { identityById: broken });
  down.authentication.answer(authenticated);
  assert.match(await down.client.hear(), /^454 4\.7\.0 /);

  const again = await changedWhileChecked(revised);
  const look = new Later<Identity | undefined>();
  Object.assign(again.world.context.lookups, { identityById: look.ask });
  again.authentication.answer(authenticated);
  assert.equal(await again.client.hear(), '', 'not before the directory has answered');
  again.world.context.identityStatuses.noticed(changeOf(3));
  look.answer(revised);
  assert.match(await again.client.hear(), /^454 4\.7\.0 /, 'changed once more');

  const late = await changedWhileChecked(revised);
  Object.assign(late.world.context.lookups, { identityById: look.ask });
  late.authentication.answer(authenticated);
  await turns();
  late.world.clock.advance(REPLY_MS);
  assert.match(await late.client.hear(), /^454 /);
  look.answer(revised);
  await turns();
  assert.match(await late.client.say(`MAIL FROM:<${alice.login}>`), /^530 /);
});

test('5321-y: a MAIL that was answered 451 begins nothing, and changes nobody, when its sender is looked up too late', async () => {
  const here = await openFront();
  const client = await authenticatedClient(here);
  const { lookups, identityStatuses } = here.world.context;
  const later = new Later<Identity | undefined>();
  Object.assign(lookups, { identityById: () => later.ask() });
  const changed = { identityId: alice.identityId, revision: 2, state: 'active', gone: [] } as const;
  identityStatuses.noticed({ type: 'identityChanged', ...changed });
  await client.say(`MAIL FROM:<sales@example.org>`);
  here.world.clock.advance(REPLY_MS);
  assert.match(await client.hear(), /451 /);
  // By now she has no right to it.
  later.answer({ ...aliceAsStored, rights: [], revision: 2 });
  await turns();
  assert.match(await client.say('RCPT TO:<x@far.example>'), /503 /);
  Object.assign(lookups, { identityById: () => Promise.resolve({ ...aliceAsStored, revision: 2 }) });
  assert.match(await client.say('MAIL FROM:<sales@example.org>'), /250 /);
});

test('5321-y: a recipient that was answered 451 does not get the message when its mailbox is found too late', async () => {
  const here = await openFront();
  const client = await authenticatedClient(here);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<bob@example.org>');
  here.world.clock.advance(REPLY_MS);
  assert.match(await client.hear(), /451 /);
  here.mailbox.answer('exists');
  await client.say('RCPT TO:<x@far.example>', 'DATA');
  assert.match(await client.say(`From: ${alice.login}`, '', 'x', '.'), /^250 /);
  const accepted = here.world.store.changes.find(({ type }) => type === 'accept');
  assert.ok(accepted?.type === 'accept');
  assert.deepEqual(accepted.recipients, [{ forwardPath: 'x@far.example' }]);
});

test('F-DOS-8: a recipient that is answered after its transaction has ended takes no memory', async () => {
  const here = await openFront();
  const client = await authenticatedClient(here);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<bob@example.org>', 'RSET');
  here.world.clock.advance(REPLY_MS);
  assert.match(await client.hear(), /451 [^]*250 /);
  here.mailbox.answer('exists');
  await turns();
  assert.equal(here.world.context.memory.used, 0);
});

test('5321-y: a message that was answered 451 while it was being accepted is taken back, and the session goes on', async () => {
  const here = await openFront();
  const store = new Later<undefined>();
  here.world.store.answer = (change: Change) => (change.type === 'accept' ? store.ask() : undefined);
  const client = await authenticatedClient(here);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<x@far.example>', 'DATA');
  await client.say(`From: ${alice.login}`, '', 'first', '.');
  here.world.clock.advance(REPLY_MS);
  assert.match(await client.hear(), /451 /);
  await client.say(`MAIL FROM:<${alice.login}>`, 'RCPT TO:<y@far.example>');
  store.answer(undefined);
  await turns();
  const [accept, withdraw] = here.world.store.changes.filter(({ type }) => type !== 'sharedKey');
  assert.ok(accept?.type === 'accept' && withdraw?.type === 'withdraw');
  assert.equal(withdraw.messageId, accept.message.id);
  await client.say('DATA');
  await client.say(`From: ${alice.login}`, '', 'second', '.');
  store.answer(undefined);
  assert.match(await client.hear(), /^250 /, 'the transaction after it was not forgotten with it');
  assert.equal(here.world.context.memory.used, 0);
});

test('6409-5.2-b: what is refused after a session has ended is logged, and not counted for ever', async () => {
  const here = await openFront();
  for (let n = 0; n < 60; n += 1) {
    const client = new Client(here.front);
    await client.say('EHLO client', 'AUTH PLAIN AGEAYg==');
    await client.leave();
    here.authentication.answer(wrong);
    await turns();
  }
  // All of them have the same session id here: a count that stayed would have stopped the log at fifty.
  assert.equal(here.logged.join('').match(/"wrong secret"/g)?.length, 60);
});
