// The one way in, from the first octet to the outcome of the accept.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { concat, latin1 } from '../base/bytes.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { type AcceptChange, type FreeChange, type Outcome, StoreUnavailable } from '../store/port.ts';
import type { Door } from './context.ts';
import { type Acceptance, openSubmission, type Submission } from './submit.ts';
import {
  alice,
  aliceAsStored,
  door,
  mxDoor,
  NOW,
  session,
  submissionWorld,
  type World,
} from '../../test/fakes/submission.ts';

const HEADER =
  'From: alice@example.org\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <x@y.example>\r\n';
const BODY = 'Hello,\r\nFrom: ceo@example.org\r\n\xff\xfe\x00 octets\r\n';
const WHOLE = `${HEADER}\r\n${BODY}`;

const envelope: Envelope = {
  reversePath: 'alice@example.org',
  body: '8BITMIME',
  smtputf8: false,
  recipients: [{ forwardPath: 'b@far.example' }, { forwardPath: 'c@far.example' }],
};

function open(world: World, through: Door = door, mail: Envelope = envelope): Submission {
  return openSubmission(world.context, through, mail);
}

async function submit(
  world: World,
  text: string,
  through: Door = door,
  pieceSize = 1000,
): Promise<Acceptance> {
  const submission = open(world, through);
  const bytes = latin1(text);
  for (let at = 0; at < bytes.length; at += pieceSize)
    await submission.write(bytes.subarray(at, at + pieceSize));
  return await submission.finish();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function answer(acceptance: Acceptance): string {
  if (acceptance.type === 'accepted') return '250';
  const { code, status } = acceptance.refusal.reply;
  return `${code} ${status}`;
}

function acceptsIn({ store }: World): readonly AcceptChange[] {
  return store.changes.filter((change) => change.type === 'accept');
}

function onlyAccept(world: World): AcceptChange {
  const [accept, ...more] = acceptsIn(world);
  assert.ok(accept !== undefined && more.length === 0);
  return accept;
}

function bytesOf({ content }: AcceptChange): Uint8Array {
  assert.ok(content.kind === 'inline');
  return content.bytes;
}

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

function freed({ store }: World): readonly FreeChange[] {
  return store.changes.filter((change) => change.type === 'free');
}

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

test('an accept with an undo window is taken back like others when its outcome is unknown', async () => {
  const world = await submissionWorld();
  world.store.answer = ({ type }) => {
    if (type === 'accept') throw new StoreUnavailable('gone');
    return undefined;
  };
  const through: Door = { ...door, principal: { ...alice, undoSeconds: 10 } };
  assert.equal(answer(await submit(world, WHOLE, through)), '451 4.3.0');
  await turn();
  assert.deepEqual(
    world.store.changes.map(({ type }) => type).filter((type) => type !== 'sharedKey'),
    ['accept', 'withdraw'],
  );
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

type Failing = readonly [act: (world: World) => void, expected: string, why: string];
const full = (code: string): Error => Object.assign(new Error('write'), { code });

const outcomes: readonly Failing[] = [
  [
    ({ store }) => (store.answer = () => ({ type: 'limited', limit: 'messagesPerHour', hard: false })),
    '451 4.7.1',
    'over the hour',
  ],
  [
    ({ store }) => (store.answer = () => ({ type: 'limited', limit: 'messagesPerDay', hard: true })),
    '550 5.7.1',
    'over the day',
  ],
  [
    ({ store }) => (store.answer = () => ({ type: 'full', cause: 'free space' })),
    '452 4.3.1',
    'the floor of free space',
  ],
  [
    ({ store }) => (store.answer = () => ({ type: 'queueFull', cause: 'as many as may' })),
    '452 4.3.1',
    'a full queue',
  ],
  [
    ({ store }) => (store.answer = () => ({ type: 'failed', cause: 'bug' })),
    '451 4.3.0',
    'this change alone failed',
  ],
  [({ store }) => (store.answer = () => Promise.reject(new Error('bug'))), '451 4.3.0', 'anything else'],
  [
    ({ store }) => (store.staging = () => Promise.reject(full('ENOSPC'))),
    '452 4.3.1',
    'no space for the body',
  ],
  [({ store }) => (store.staging = () => Promise.reject(full('EDQUOT'))), '452 4.3.1', 'nor in the quota'],
  [({ store }) => (store.staging = () => Promise.reject(full('EIO'))), '451 4.3.0', 'a broken disk'],
];

test('every outcome that is no acceptance is told as such, and leaves nothing behind', async () => {
  for (const [act, expected, why] of outcomes) {
    const world = await submissionWorld();
    act(world);
    assert.equal(answer(await submit(world, `${WHOLE}${'x'.repeat(300_000)}`, door, 65_536)), expected, why);
    assert.equal(world.context.memory.used, 0, why);
    assert.equal(world.handedOver.length, 0, why);
    assert.deepEqual(freed(world), [], why);
  }
});

test('after an unknown outcome the client is told to come again, and the message is taken back', async () => {
  const world = await submissionWorld({ relayFromMemory: true });
  let times = 0;
  world.store.answer = ({ type }) => {
    times += 1;
    if (type === 'accept' || times < 4) throw new StoreUnavailable('gone');
    // A change that was not done is asked again as well.
    return times === 4 ? { type: 'failed', cause: 'database or disk is full' } : undefined;
  };
  assert.equal(answer(await submit(world, WHOLE)), '451 4.3.0');
  assert.equal(world.context.withdrawing.size, 1, 'a drain waits for it');
  for (let second = 0; second < 5; second += 1) {
    await new Promise(setImmediate);
    world.clock.advance(1000);
  }
  const { message } = onlyAccept(world);
  assert.equal(world.context.withdrawing.size, 0);
  const last = world.store.changes.at(-1);
  assert.ok(last?.type === 'withdraw');
  assert.deepEqual([last.messageId, last.owner], [message.id, world.context.holder.owner]);
  assert.equal(world.clock.waiting, 0, 'asked until the store had answered, and no more');
  assert.equal(world.context.memory.used, 0);
});

test('after an unknown outcome the stage stays: the message may be in the queue', async () => {
  const world = await submissionWorld();
  world.store.answer = ({ type }) => {
    if (type === 'accept') throw new StoreUnavailable('gone');
    return undefined;
  };
  assert.equal(answer(await submit(world, `${WHOLE}${'x'.repeat(300_000)}`)), '451 4.3.0');
  assert.equal(world.store.stages.get(onlyAccept(world).message.id)?.state, 'finished');
});

test('5321-y: a client that was told to come again while its message was accepted finds it taken back, or not taken', async () => {
  for (const when of ['staging', 'committing'] as const) {
    const world = await submissionWorld({ relayFromMemory: true });
    const submission = open(world);
    const body = when === 'staging' ? 'x'.repeat(300_000) : 'x';
    await submission.write(latin1(`${WHOLE}${body}`));
    const giveUp = (): Promise<undefined> => {
      submission.giveUp();
      return Promise.resolve(undefined);
    };
    if (when === 'staging')
      world.store.staging = (step) => (step === 'finish' ? giveUp() : Promise.resolve());
    else world.store.answer = ({ type }) => (type === 'accept' ? giveUp() : undefined);
    assert.equal(answer(await submission.finish()), '451 4.3.0', when);
    const expected = when === 'staging' ? [] : ['accept', 'withdraw'];
    assert.deepEqual(
      world.store.changes.map(({ type }) => type).filter((type) => type !== 'sharedKey'),
      expected,
      when,
    );
    assert.deepEqual(world.handedOver, []);
    assert.equal(world.context.memory.used, 0);
  }
});

test('a client that leaves while its message is accepted takes no body away', async () => {
  const world = await submissionWorld();
  const submission = open(world);
  await submission.write(latin1(`${WHOLE}${'x'.repeat(300_000)}`));
  const finishing = submission.finish();
  await submission.abort();
  assert.equal(answer(await finishing), '250');
  await submission.abort();
  assert.equal(world.store.stages.get(submission.id)?.state, 'finished');
});

test('a transaction that is void leaves neither memory nor stage', async () => {
  for (const text of ['From: al', WHOLE, `${WHOLE}${'x'.repeat(300_000)}`]) {
    const world = await submissionWorld();
    const submission = open(world);
    await submission.write(latin1(text));
    await submission.abort();
    assert.equal(world.context.memory.used, 0);
    assert.notEqual(world.store.stages.get(submission.id)?.state, 'open');
    assert.equal(acceptsIn(world).length, 0);
  }
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

test('where other nodes relay, a message whose outcome is not known is taken back all the same', async () => {
  const world = await submissionWorld({ relaysHere: false });
  world.store.answer = ({ type }) => {
    if (type === 'accept') throw new StoreUnavailable('no answer');
    return undefined;
  };
  assert.equal(answer(await submit(world, WHOLE)), '451 4.3.0');
  await turn();
  assert.deepEqual(
    world.store.changes
      .filter(({ type }) => type === 'withdraw')
      .map((change) => 'messageId' in change && change.messageId),
    [onlyAccept(world).message.id],
  );
});
