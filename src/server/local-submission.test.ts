// A message of a program on this host is judged as one on a connection is, to the octet.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFront, turns } from '../../test/fakes/front.ts';
import { aliceAsStored } from '../../test/fakes/submission.ts';
import { submitLocally } from './local-submission.ts';

const MESSAGE = 'From: alice@example.org\r\nTo: x@far.example\r\n\r\n';
const limits = {
  ...{ messageOctetsMax: 1000, recipientsMax: 100 },
  longLines: 'refuse' as const,
  timeouts: { beforeAuthMs: 60_000, loginMs: 60_000, idleMs: 60_000, replyMs: 60_000 },
};

test('EXT-SIZE-b: of a local program too exactly the limit is taken, one octet more is not', async () => {
  const { front } = await openFront({ memoryOctets: 1_000_000 });
  for (const [octets, code] of [
    [1000, undefined],
    [1001, 552],
  ] as const) {
    const content = Buffer.from(`${MESSAGE}${'x'.repeat(octets - MESSAGE.length - 2)}\r\n`);
    assert.equal(content.length, octets);
    const answer = await submitLocally(front, limits, {
      ...{ login: 'alice@example.org', osUser: 'alice', content },
      envelope: { reversePath: 'alice@example.org', recipients: ['x@far.example'] },
    });
    assert.equal(answer.type === 'refused' ? answer.reply.code : undefined, code, JSON.stringify(answer));
  }
});

test('BCP134-3.1-f: of a local program too nothing is accepted whose account was suspended meanwhile', async () => {
  const { front, mailbox, world } = await openFront();
  const answered = submitLocally(front, limits, {
    ...{ login: 'alice@example.org', osUser: 'alice', content: Buffer.from(MESSAGE) },
    envelope: { reversePath: 'alice@example.org', recipients: ['bob@example.org'] },
  });
  await turns();
  const { id: identityId } = aliceAsStored;
  world.identities.set(identityId, { ...aliceAsStored, state: 'suspended', revision: 2 });
  world.context.identityStatuses.noticed({
    ...{ type: 'identityChanged', identityId, revision: 2 },
    ...{ state: 'suspended', gone: [] },
  });
  mailbox.answer('exists');
  const answer = await answered;
  assert.equal(answer.type === 'refused' ? answer.reply.code : undefined, 550, JSON.stringify(answer));
  assert.ok(world.store.changes.every(({ type }) => type !== 'accept'));
});

const envelope = { reversePath: 'alice@example.org', recipients: ['x@far.example'] };
const bound = { login: 'alice@example.org', osUser: 'alice' };
const content = Buffer.from(MESSAGE);

const ORIGINAL = { addressType: 'rfc822', address: 'x+list@far.example' };

test('D-TR-1 EXT-DSN-a: what a local program asks of reports, and each of its recipients once, is recorded as on a connection', async () => {
  const { front, world } = await openFront();
  const recipients = [
    { forwardPath: 'x@far.example', notify: ['FAILURE', 'DELAY'], originalRecipient: ORIGINAL },
    'y@far.example',
    { forwardPath: 'X@FAR.example' },
    'y@FAR.example',
  ] as const;
  const answer = await submitLocally(front, limits, {
    ...{ ...bound, content },
    envelope: { reversePath: 'alice@example.org', recipients, ret: 'HDRS', envelopeId: 'a+b=c' },
  });
  assert.deepEqual(answer.type === 'accepted' ? answer.refused : answer, []);
  const accept = world.store.changes.find(({ type }) => type === 'accept');
  assert.ok(accept?.type === 'accept');
  assert.deepEqual(accept.recipients, [
    { forwardPath: 'x@far.example', notify: ['FAILURE', 'DELAY'], originalRecipient: ORIGINAL },
    { forwardPath: 'y@far.example' },
    { forwardPath: 'X@FAR.example' },
  ]);
  const { ret, envelopeId, reversePath } = accept.message.envelope;
  assert.deepEqual([ret, envelopeId, reversePath], ['HDRS', 'a+b=c', 'alice@example.org']);
  const { session, withProtocol } = accept.event.payload as { session: object; withProtocol: string };
  assert.equal(withProtocol, 'local');
  assert.deepEqual(session, {
    ...{ sessionId: 's', role: 'local', ehlo: 'localhost' },
    ...{ clientAddress: '127.0.0.1', clientPort: 0, serverAddress: '127.0.0.1', serverPort: 0 },
  });
});

test('D-TR-1: a local program hears what became of each recipient, and each refusal is on record', async () => {
  const { front, mailbox, world } = await openFront();
  const asked = (recipients: readonly string[]) =>
    submitLocally(front, limits, { ...{ ...bound, content }, envelope: { ...envelope, recipients } });
  const some = asked(['nobody@example.org', 'x@far.example']);
  await turns();
  mailbox.answer('unknown');
  const nobody = { forwardPath: 'nobody@example.org', code: 550, status: '5.1.1' };
  const answer = await some;
  assert.ok(answer.type === 'accepted' && answer.refused.length === 1);
  assert.deepEqual({ ...answer.refused[0], text: '' }, { ...nobody, text: '' });
  assert.doesNotMatch(answer.refused[0]?.text ?? '', /5\.1\.1/, 'the text is without its status');

  const none = asked(['nobody@example.org']);
  await turns();
  mailbox.answer('unknown');
  const refused = await none;
  assert.ok(refused.type === 'refused' && refused.refused?.length === 1);
  assert.deepEqual([refused.reply.code, refused.reply.status], [550, '5.1.1']);
  assert.ok(!('forwardPath' in refused.reply));

  front.journal.flush();
  const recorded = world.store.changes.flatMap((one) => (one.type === 'record' ? one.events : []));
  const causes = recorded.map(({ payload }) => payload as { command: string; reversePath?: string });
  assert.deepEqual(
    causes.map(({ command, reversePath }) => [command, reversePath]),
    [
      ['RCPT', 'alice@example.org'],
      ['RCPT', 'alice@example.org'],
    ],
  );
});

test('6409-6.1 6409-6.3-d: of a local program too the reverse-path and the header are judged', async () => {
  const { front, world } = await openFront();
  const eve = Buffer.from('From: eve@example.org\r\n\r\n');
  const byPath = await submitLocally(front, limits, {
    ...{ ...bound, content },
    envelope: { ...envelope, reversePath: 'eve@example.org' },
  });
  const byHeader = await submitLocally(front, limits, { ...{ ...bound, content: eve }, envelope });
  for (const answer of [byPath, byHeader])
    assert.ok(answer.type === 'refused' && answer.reply.code === 550 && answer.refused === undefined);
  assert.ok(world.store.changes.every(({ type }) => type !== 'accept'));
  assert.equal(world.context.memory.used, 0);
});

test('5321-y: a local program is told to try again when nothing was heard in time, and the message does not leave', async () => {
  const { front, world } = await openFront();
  const answered = submitLocally(front, limits, {
    ...{ ...bound, content },
    envelope: { ...envelope, recipients: ['bob@example.org'] },
  });
  await turns();
  world.clock.advance(60_000);
  const answer = await answered;
  assert.equal(answer.type === 'refused' ? answer.reply.code : undefined, 451);
  assert.ok(world.store.changes.every(({ type }) => type !== 'accept'));
});
