// What of its sender holds for a message is what holds at its end: state, rights, credential, undo window.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1 } from '../base/bytes.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { Door } from './context.ts';
import { alice, aliceAsStored, door, NOW, submissionWorld, type World } from '../../test/fakes/submission.ts';
import { WHOLE, envelope, open, answer, acceptsIn, onlyAccept, freed } from '../../test/fakes/submitted.ts';

test('what has an undo window is nobody’s until then, from the moment that it was accepted; what has none leaves at once', async () => {
  const withWindow: Door = { ...door, principal: { ...alice, undoSeconds: 10 } };
  const { principal = alice } = withWindow;
  const nullSender: Envelope = { ...envelope, reversePath: '' };
  for (const { why, through = withWindow, mail = envelope, waits = false, tookMs = 0, size = 0 } of [
    { why: 'a window', waits: true },
    { why: 'a message that took longer to come than its window', waits: true, tookMs: 300_000 },
    { why: 'a large message', waits: true, size: 300_000 },
    { why: 'no window', through: door },
    { why: 'the null sender', mail: nullSender },
    { why: 'a service', through: { ...withWindow, principal: { ...principal, mailbox: false } } },
  ]) {
    const world = await submissionWorld({ relayFromMemory: true });
    const submission = open(world, through, mail);
    await submission.write(latin1(WHOLE));
    if (size > 0) await submission.write(latin1(`${'x'.repeat(size)}\r\n`));
    world.clock.advance(tookMs);
    assert.equal(answer(await submission.finish()), '250', why);
    const { message, event, dueAt, owner } = onlyAccept(world);
    assert.ok(event.type === 'accepted');
    const until = waits ? NOW + tookMs + 10_000 : undefined;
    assert.deepEqual([event.payload.undoUntil, message.acceptedAt], [until, NOW], why);
    assert.equal(dueAt, until === undefined ? NOW : until + 3000, why);
    assert.equal(owner, waits ? undefined : world.context.holder.owner, why);
    assert.equal(world.handedOver.length, waits ? 0 : 1, why);
    assert.deepEqual(freed(world), [], why);
  }
});

const revision = (world: World): void =>
  world.context.identityStatuses.noticed({
    type: 'identityChanged',
    identityId: alice.identityId,
    revision: 2,
    state: 'active',
    gone: [],
  });

test('an undo window that was set while the message came is already its own', async () => {
  const world = await submissionWorld();
  const submission = open(world);
  await submission.write(latin1(WHOLE));
  world.identities.set(alice.identityId, { ...aliceAsStored, revision: 2, undoSeconds: 10 });
  revision(world);
  assert.equal(answer(await submission.finish()), '250');
  assert.equal(onlyAccept(world).dueAt, NOW + 13_000);
});

type Held = readonly [act: (world: World) => void, expected: string, why: string];
const meanwhile: readonly Held[] = [
  [() => undefined, '250', 'nothing happened'],
  [(world) => revision(world), '250', 'a change that takes nothing away'],
  [
    (world) => {
      world.identities.set(alice.identityId, { ...aliceAsStored, revision: 2, state: 'suspended' });
      revision(world);
    },
    '550 5.7.1',
    'suspended',
  ],
  [
    (world) => {
      world.identities.set(alice.identityId, { ...aliceAsStored, revision: 2, rights: [] });
      revision(world);
    },
    '550 5.7.1',
    'the right to the address was taken away',
  ],
  [
    (world) => {
      const rights = [{ kind: 'granted', address: 'alice@example.org' }] as const;
      world.identities.set(alice.identityId, { ...aliceAsStored, revision: 2, rights });
      revision(world);
    },
    '250',
    'another right covers it',
  ],
  [
    (world) => {
      world.identities.delete(alice.identityId);
      revision(world);
    },
    '550 5.7.1',
    'removed',
  ],
  [
    (world) => {
      world.identities.set(alice.identityId, { ...aliceAsStored, revision: 2, credentials: [] });
      revision(world);
    },
    '550 5.7.1',
    'her credential was revoked',
  ],
];

test('F-TX-2 BCP134-3.1-f: what happens to the identity between MAIL and the final dot counts', async () => {
  for (const [act, expected, why] of meanwhile) {
    const world = await submissionWorld();
    const submission = open(world);
    await submission.write(latin1(WHOLE));
    act(world);
    assert.equal(answer(await submission.finish()), expected, why);
    assert.equal(acceptsIn(world).length, expected === '250' ? 1 : 0, why);
  }
});

test('F-TX-2: a right that only the header used counts as well', async () => {
  const world = await submissionWorld();
  const submission = open(world);
  await submission.write(latin1(WHOLE.replace('alice@', 'sales@')));
  const rights = aliceAsStored.rights.slice(0, 1);
  world.identities.set(alice.identityId, { ...aliceAsStored, revision: 2, rights });
  revision(world);
  assert.equal(answer(await submission.finish()), '550 5.7.1');
});

test('F-TX-2: a credential that ends while the message comes in is at its end', async () => {
  const world = await submissionWorld();
  const [password] = aliceAsStored.credentials;
  assert.ok(password !== undefined);
  const expiresAt = NOW + 60_000;
  world.identities.set(alice.identityId, { ...aliceAsStored, credentials: [{ ...password, expiresAt }] });
  const submission = open(world, { ...door, principal: { ...alice, proof: { ...alice.proof, expiresAt } } });
  await submission.write(latin1(WHOLE));
  world.clock.advance(60_000);
  assert.equal(answer(await submission.finish()), '421 4.7.0');
});
