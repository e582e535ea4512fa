// The one way in, from the first octet to the accept.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { concat, latin1 } from '../base/bytes.ts';
import { type Outcome, StoreUnavailable } from '../store/port.ts';
import { openSubmission } from './submit.ts';
import { alice, door, mxDoor, NOW, session, submissionWorld } from '../../test/fakes/submission.ts';
import {
  HEADER,
  BODY,
  WHOLE,
  envelope,
  open,
  submit,
  turn,
  answer,
  acceptsIn,
  onlyAccept,
  bytesOf,
  freed,
} from '../../test/fakes/submitted.ts';

test('D-TR-1: message, recipients, charge and the whole record are one change', async () => {
  const world = await submissionWorld({ settings: { limits: { messagesPerHour: 500 } } });
  const acceptance = await submit(world, WHOLE);
  assert.ok(acceptance.type === 'accepted');
  const { message, recipients, event, charge, dueAt } = onlyAccept(world);
  assert.equal(message.id, acceptance.id);
  assert.deepEqual(recipients, envelope.recipients);
  assert.equal(dueAt, NOW);
  assert.deepEqual(charge, {
    identityId: alice.identityId,
    charge: { at: NOW, recipients: 2, nullSender: false },
    limits: { messagesPerHour: 500 },
  });
  assert.ok(event.type === 'accepted');
  assert.equal(event.messageId, message.id);
  assert.equal(event.identityId, alice.identityId);
  const { payload } = event;
  assert.deepEqual(payload.session, session, 'address and port of both ends, EHLO name, TLS');
  assert.deepEqual(payload.envelope, envelope);
  assert.deepEqual(payload.principal, {
    identityId: alice.identityId,
    login: alice.login,
    credentialId: 'password',
    credentialLabel: 'password',
    mechanism: 'PLAIN',
  });
  assert.equal(payload.rule, 'From: own address alice@example.org');
  assert.equal(payload.withProtocol, 'ESMTPSA');
  assert.equal(payload.messageIdField, '<x@y.example>');
  assert.equal(payload.octets, message.octets);
  assert.deepEqual(payload.completed, []);
  assert.match(payload.label ?? '', /^[0-9a-z]{16}$/);
});

test('F-TX-4 F-FROM-13 6409-8-d: what leaves is the checked header and the body as it came, hash and sizes included', async () => {
  const inner = 'From: ceo@example.org\r\nSender: ceo@example.org\r\n\r\n--x\r\nFrom: ceo@example.org\r\n';
  for (const body of [BODY, '', inner, '\r\n\r\n', 'no end', '.dot\r\n..\r\n']) {
    for (const pieceSize of [1, 7, 100_000]) {
      const world = await submissionWorld();
      assert.equal(answer(await submit(world, `${HEADER}\r\n${body}`, door, pieceSize)), '250');
      const accept = onlyAccept(world);
      const { message } = accept;
      const bytes = bytesOf(accept);
      assert.equal(message.octets, bytes.length);
      assert.equal(Buffer.from(bytes.subarray(message.headerOctets)).toString('latin1'), body);
      const header = Buffer.from(bytes.subarray(0, message.headerOctets)).toString('latin1');
      assert.ok(header.startsWith('Received: ') && header.endsWith(`\r\n${HEADER}\r\n`));
      assert.ok(accept.event.type === 'accepted');
      assert.equal(accept.event.payload.bodyHash, createHash('sha256').update(latin1(body)).digest('hex'));
      assert.equal(message.body8bit, body === BODY);
      assert.equal(world.context.memory.used, 0);
    }
  }
});

test('5322-l 6409-6.3-b: a message without blank line is all header', async () => {
  const world = await submissionWorld();
  assert.equal(answer(await submit(world, HEADER)), '250');
  assert.equal(onlyAccept(world).message.octets, onlyAccept(world).message.headerOctets);
  assert.equal(answer(await submit(world, '')), '554 5.6.0', 'nothing at all');
  assert.equal(answer(await submit(world, '\r\nhello\r\n')), '554 5.6.0', 'a body alone');
  assert.equal(answer(await submit(world, 'hello\r\n')), '554 5.6.0', 'a line that is no field');
});

test('a large body is staged before the accept that names it', async () => {
  const world = await submissionWorld();
  const body = 'x'.repeat(300 * 1024);
  const acceptance = await submit(world, `${HEADER}\r\n${body}`, door, 65_536);
  assert.ok(acceptance.type === 'accepted');
  const { content, message } = onlyAccept(world);
  assert.equal(content.kind, 'staged');
  const stage = world.store.stages.get(acceptance.id);
  assert.equal(stage?.state, 'finished');
  assert.equal(Buffer.from(concat(stage.pieces)).toString(), body);
  assert.equal(message.octets, message.headerOctets + body.length);
  assert.equal(world.context.memory.used, 0);
});

test('small messages are handed to the relay with their lease; that of others goes back', async () => {
  const leased = await submissionWorld({ relayFromMemory: true });
  await submit(leased, WHOLE);
  const { owner, untried } = onlyAccept(leased);
  assert.deepEqual([owner, untried], ['node1/1/front0', undefined]);
  const pieces = [bytesOf(onlyAccept(leased))];
  assert.deepEqual(leased.handedOver[0]?.content, { pieces, hasDotLines: true });
  assert.deepEqual(freed(leased), []);
  const shared = await submissionWorld();
  await submit(shared, WHOLE);
  await turn();
  assert.deepEqual([shared.handedOver.length, freed(shared).length], [0, 1]);
});

test('F-TX-2 BCP134-3.1-f: what the store holds, for its identity was suspended meanwhile, is not handed over', async () => {
  const world = await submissionWorld({ relayFromMemory: true });
  world.store.answer = ({ type }) => (type === 'accept' ? { type: 'accepted', held: true } : undefined);
  assert.equal(answer(await submit(world, WHOLE)), '250');
  await turn();
  assert.deepEqual(world.handedOver, []);
  const [free] = freed(world);
  assert.deepEqual(
    free?.only?.map(({ attempt }) => attempt),
    [1, 1],
    'its lease goes back',
  );
});

test('5321-y: what is not relayed from memory is leased until its outcome is known, then let go until the store has heard it', async () => {
  const world = await submissionWorld();
  const troubles: (() => Outcome)[] = [
    () => {
      throw new StoreUnavailable('away');
    },
    () => ({ type: 'failed', cause: 'database or disk is full' }),
  ];
  world.store.answer = ({ type }) => (type === 'free' ? troubles.shift()?.() : undefined);
  await submit(world, WHOLE);
  const { owner, untried, message } = onlyAccept(world);
  assert.deepEqual(
    [owner, untried],
    ['node1/1/front0', true],
    'nobody may claim it before the client is answered',
  );
  for (let second = 0; second < 5; second += 1) {
    await turn();
    world.clock.advance(1000);
  }
  const frees = freed(world);
  assert.equal(frees.length, 3, 'asked again');
  const only = [0, 1].map((recipientNumber) => ({ messageId: message.id, recipientNumber, attempt: 0 }));
  const ownerPrefix = 'node1/1/front0';
  assert.deepEqual(frees[2], { type: 'free', ownerPrefix, only, dueAt: NOW + 2000 });
});

const early: readonly (readonly [text: string, expected: string, why: string])[] = [
  [`From: ceo@example.org\r\n\r\n${BODY}`, '550 5.7.1', 'not her address'],
  [`From : alice@example.org\r\n\r\n${BODY}`, '554 5.6.0', 'no header'],
  [`${HEADER}X: ${'x'.repeat(300_000)}\r\n\r\n${BODY}`, '552 5.3.4', '5322-k: a header over 256 KiB'],
  [`${'X: y\r\n'.repeat(50_000)}\r\n`, '552 5.3.4', 'of many fields'],
  [`${HEADER}${'X: y\r\n'.repeat(998)}\r\n`, '554 5.6.0', '1001 fields'],
  [`${HEADER}X: ${'x'.repeat(65_536)}\r\n\r\n`, '554 5.6.0', 'a field over 64 KiB'],
];

test('5322-k 6409-3.2-e: what is refused at the blank line is drained, not stored, and told at the end', async () => {
  for (const [text, expected, why] of early) {
    const world = await submissionWorld();
    assert.equal(answer(await submit(world, `${text}${'x'.repeat(400_000)}`, door, 10_000)), expected, why);
    assert.equal(acceptsIn(world).length, 0, why);
    assert.equal(world.store.stages.size, 0, why);
    assert.equal(world.context.memory.used, 0, why);
  }
});

test('F-DOS-2/4: strangers’ mail that fills its part of the memory leaves users theirs', async () => {
  const world = await submissionWorld({ memoryOctets: 10_000, strangersMemoryOctets: 1000 });
  const long = `X-Long: ${'y'.repeat(990)}\r\n`;
  assert.equal(answer(await submit(world, `From: x@far.example\r\n${long}\r\nx\r\n`, mxDoor)), '452 4.3.1');
  assert.equal(answer(await submit(world, `${long}${WHOLE}`)), '250');
  assert.equal(world.context.memory.used, 0);
});

test('no memory left for the header: the client is told to come again', async () => {
  const world = await submissionWorld({ memoryOctets: 50 });
  assert.equal(answer(await submit(world, WHOLE, door, 10)), '452 4.3.1');
  assert.equal(world.context.memory.used, 0);
});

test('a bug at the blank line is a temporary refusal at the end, no exception', async () => {
  const world = await submissionWorld();
  const labels = { ...world.context.labels, label: () => assert.fail('a bug') };
  const submission = openSubmission({ ...world.context, labels }, door, envelope);
  await submission.write(latin1(WHOLE));
  assert.equal(answer(await submission.finish()), '451 4.3.0');
});

test('a null reverse-path is counted as such, mail of role mx is charged to nobody', async () => {
  const world = await submissionWorld();
  const report = open(world, door, {
    ...envelope,
    reversePath: '',
    recipients: [{ forwardPath: 'b@far.example' }],
  });
  await report.write(latin1(WHOLE));
  assert.equal(answer(await report.finish()), '250');
  assert.deepEqual(onlyAccept(world).charge?.charge, { at: NOW, recipients: 1, nullSender: true });
  const stranger = await submissionWorld();
  assert.equal(answer(await submit(stranger, WHOLE, mxDoor)), '250');
  const { charge, message, event } = onlyAccept(stranger);
  assert.deepEqual([charge, message.identityId, event.identityId], [undefined, undefined, undefined]);
});

test('a reload does not reach into a running transaction', async () => {
  const world = await submissionWorld();
  let settings = world.context.settings();
  const submission = openSubmission({ ...world.context, settings: () => settings }, door, envelope);
  settings = { ...settings, hostname: 'new.example.org', domains: new Set() };
  await submission.write(latin1(WHOLE));
  assert.equal(answer(await submission.finish()), '250');
  assert.match(Buffer.from(bytesOf(onlyAccept(world))).toString('latin1'), /by msa\.example\.org/);
});

test('where other nodes relay, a message is of nobody from its birth, and nothing has to be given back', async () => {
  const world = await submissionWorld({ relaysHere: false });
  assert.equal(answer(await submit(world, WHOLE)), '250');
  const { owner, untried } = onlyAccept(world);
  assert.deepEqual([owner, untried, world.handedOver], [undefined, undefined, []]);
  await turn();
  assert.deepEqual(
    world.store.changes.filter(({ type }) => type === 'free'),
    [],
  );
});
