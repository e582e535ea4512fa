// Who sent this? From whatever somebody has in hands to the record, and nobody is accused by what was forged or copied.

import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '../system/server.ts';
import { House, alice, bob, erin, idOf, submit } from './house.ts';

const house = await House.open();
after(() => house.close());

test('BCP134-3.1-h BCP134-3.1-i D-TR-1: id, label, Message-ID, address, the file: each leads to the same record', async () => {
  const client = await house.session(alice);
  const fields = [`From: <${alice}>`, 'To: y@far.example', 'Message-ID: <one@alice.example>', 'X-Tag: 1'];
  const id = idOf(await submit(client, { from: alice, to: ['only-once@far.example'], fields }));
  client.close();
  const copy = await house.copyOf(id);
  const label = /^Received: from ([0-9a-z]{16})\.client\.msa\.example\.org\r\n/m.exec(copy)?.[1] ?? '';
  const stripped = copy.replace(/^Message-ID: .*\r\n/m, '').replace(/^X-Tag: .*\r\n/m, '');
  assert.ok(!stripped.includes('one@alice.example'));
  const record = await house.tracedOne(id);
  assert.equal(record.accepted?.principal?.login, alice);
  for (const what of [
    label,
    `${label}.client.msa.example.org`,
    '<one@alice.example>',
    'one@alice.example',
    'ONLY-ONCE@far.example',
    house.file('copy.eml', copy),
    house.file('line-feeds.eml', copy.replaceAll('\r\n', '\n')),
    house.file('stripped.eml', stripped),
    house.file('header-alone.eml', stripped.slice(0, stripped.indexOf('\r\n\r\n'))),
  ]) {
    const { status, answer } = await house.traced(what);
    assert.equal(status, 0, what);
    const found = answer.messages.find((message) => message.id === id);
    assert.deepEqual(found?.accepted, record.accepted, what);
  }
});

test('what has an undo window waits, from the next message of an open session on, and both queue and trace say why', async () => {
  const client = await house.session(erin);
  const message = { from: erin, to: ['later@far.example'], fields: [`From: <${erin}>`] };
  await house.copyOf(idOf(await submit(client, message)));
  await house.account('undo-window', erin, '60s');
  const id = idOf(await submit(client, message));
  await house.account('undo-window', erin, '0s');
  const listed = await house.postern(['queue', 'list', id]);
  assert.match(listed.stdout, /waits to be sent: its sender may take it back \(undo window\)/);
  const { stdout } = await house.postern(['trace', id]);
  assert.match(stdout, /^ {2}undo {6}its sender could take it back until 2\S+Z$/m);
  await house.copyOf(idOf(await submit(client, message)));
  client.close();
  assert.equal((await house.tracedOne(id)).recipients[0]?.fate, 'queued', 'who sent later was first');
  assert.equal((await house.postern(['queue', 'retry', id])).status, 0);
  await house.copyOf(id);
});

const MESSAGE_ID = 'Message-ID: <of-bob@bob.example>';
const COPIED = 'the body of bob, which nobody else has written';

test('BCP134-3.1-i D-TR-6: lines that were forged or copied accuse nobody', async () => {
  const clients = [await house.session(bob), await house.session(alice)] as const;
  const fields = [`From: <${bob}>`, MESSAGE_ID];
  const ofBob = idOf(await submit(clients[0], { from: bob, to: ['list@far.example'], fields, body: COPIED }));
  const copyOfBob = await house.copyOf(ofBob);
  const [line = ''] = /^Received: from [\s\S]*?\r\n(?![ \t])/m.exec(copyOfBob) ?? [];
  assert.match(line, new RegExp(`id ${ofBob}`));
  const unknown = line.replace(ofBob, '06FN0Z2V3W00000000000000AB');

  // Alice hides behind lines of bob and of nobody.
  const forged = [unknown.trimEnd(), line.trimEnd(), `From: <${alice}>`, MESSAGE_ID];
  const spam = { from: alice, to: ['victim@far.example'], fields: forged, body: 'spam' };
  const ofAlice = idOf(await submit(clients[1], spam));
  for (const client of clients) client.close();
  const { status, answer } = await house.traced(house.file('spam.eml', await house.copyOf(ofAlice)));
  assert.equal(status, 0);
  assert.deepEqual(
    answer.messages.map(({ id, evidence }) => [id, evidence]),
    [
      [ofAlice, 'message'],
      [ofBob, 'none'],
    ],
  );
  const words = (await house.postern(['trace', join(house.server.directory, 'spam.eml')])).stdout;
  assert.match(
    words,
    /claims From: alice@example\.org[\s\S]*who {7}alice@[\s\S]*UNVERIFIED[\s\S]*who {7}bob@/,
  );

  for (const { why, content, evidence, status: expected } of showings(copyOfBob, line)) {
    const result = await house.traced(house.file('shown.eml', content));
    const found = result.answer.messages.find(({ id }) => id === ofBob);
    assert.deepEqual([found?.evidence, result.status], [evidence, expected], why);
  }
});

/** Messages that somebody may show us, and how far they prove that bob sent them. */
function showings(
  copyOfBob: string,
  line: string,
): readonly {
  readonly why: string;
  readonly content: string;
  readonly evidence: string;
  readonly status: number;
}[] {
  return [
    { why: 'what bob sent', content: copyOfBob, evidence: 'message', status: 0 },
    {
      why: 'with another To and Subject above his body',
      content: copyOfBob.replace(/^Message-ID/m, 'To: x@far.example\r\nSubject: pay now\r\nMessage-ID'),
      evidence: 'body',
      status: 0,
    },
    {
      why: 'saved by a program that writes other line ends and drops the last one',
      content: copyOfBob.replaceAll('\r\n', '\n').trimEnd(),
      evidence: 'message',
      status: 0,
    },
    {
      why: 'a mailing list put its words under it',
      content: `${copyOfBob}-- \r\nlist\r\n`,
      evidence: 'line',
      status: 0,
    },
    {
      why: 'his line above words of somebody who never was here',
      content: `${line}From: <${bob}>\r\nMessage-ID: <x@evil.example>\r\n\r\nspam\r\n`,
      evidence: 'none',
      status: 1,
    },
    {
      why: 'with another label: we wrote no such line',
      content: copyOfBob.replace(/from [0-9a-z]{16}\./, 'from 0123456789abcdef.').replace(COPIED, 'other'),
      evidence: 'none',
      status: 1,
    },
    {
      why: 'only his Message-ID',
      content: `From: <${bob}>\r\n${MESSAGE_ID}\r\n\r\nother\r\n`,
      evidence: 'none',
      status: 1,
    },
  ];
}

test('D-TR-6 F-HDR-4: a hostile header breaks nothing, and its escapes do not reach the terminal', async () => {
  const ours = (id: string): string =>
    `Received: from x.client.msa.example.org\r\n\tby msa.example.org with ESMTPSA id ${id};\r\n\tMon, 1 Jan 2024 00:00:00 +0000\r\n`;
  const id = '06FN0Z2V3W00000000000000AB';
  const hostile = [
    'Received: \r\n',
    'Received: by msa.example.org id ;\r\n',
    ours('../../etc/passwd'),
    ours(id.toLowerCase()),
    ours(`${id}' OR 1=1 --`),
    `Received: from ${'('.repeat(5000)} by msa.example.org id ${id};\r\n`,
    `Received: by msa.example.org.evil.example with SMTP id ${id};\r\n`,
    `Received: by evil.example (by msa.example.org with SMTP id ${id});\r\n`,
    `Received: ${'a'.repeat(200_000)}\r\n`,
    'Received\x00: \x1b[2J\r\n',
    'From: \x1b]0;owned\x07 <\x1b[31m@evil.example>\r\n',
    `Message-ID: <\x1b[2J\u202E@evil.example>\r\n`,
    ours(id).repeat(2000),
  ].join('');
  const path = house.file('hostile.eml', hostile);
  const { status, stdout, stderr } = await house.postern(['trace', path]);
  assert.equal(status, 1, stderr);
  assert.doesNotMatch(stdout + stderr, /\x1b|\x07|\0/);
  assert.match(
    stderr,
    /^postern: the trail knows nothing of the file: looked for 50 ids of our Received lines .*It did not pass here, its lines were changed, or/,
  );
});

test('BCP134-3.1-h BCP134-3.1-i D-TR-1: a login leads to all it did: under whatever address, refused, failed to log in, in a time, from a client', async () => {
  await house.account('rights', erin, 'add', 'sales@example.org');
  const client = await house.session(erin);
  const fields = ['From: <sales@example.org>'];
  const id = idOf(await submit(client, { from: 'sales@example.org', to: ['deal@far.example'], fields }));
  assert.match(
    await submit(client, { from: bob, to: ['x@far.example'], fields: [`From: <${bob}>`] }),
    /^550 5\.7\.1 /,
  );
  client.close();
  await assert.rejects(house.session(erin, 'wrong password'), /535 5\.7\.8/);
  const { id: identityId } = JSON.parse(await house.account('show', erin, '--json')) as { id: string };
  for (const what of [erin, 'erin', identityId]) {
    const { answer } = await eventually(`refusals of ${what}`, 10, async () => {
      const found = await house.traced(what);
      return found.answer.refusals.length < 2 ? undefined : found;
    });
    assert.ok(
      answer.messages.some((message) => message.id === id),
      what,
    );
    assert.deepEqual(
      answer.refusals.map(({ type, payload }) => [type, payload?.session.clientAddress]),
      [
        ['authenticationFailed', '127.0.0.1'],
        ['refused', '127.0.0.1'],
      ],
      what,
    );
  }
  const shown = async (...options: string[]): Promise<string> =>
    (await house.postern(['trace', 'erin', ...options])).stdout;
  assert.match(await shown(), /^erin@example\.org {2}identity [a-z0-9]{16}, active$/m);
  assert.match(
    await shown('--since', '1h', '--ip', '::ffff:127.0.0.1'),
    /log-in failed[\s\S]*because {3}wrong secret[\s\S]*refused MAIL 550 5\.7\.1[\s\S]*because[\s\S]*sender {4}<sales@/,
  );
  for (const options of [
    ['--until', '1h'],
    ['--since', '2126-01-01'],
    ['--ip', '192.0.2.7'],
  ]) {
    const { status, stderr } = await house.postern(['trace', 'erin', ...options]);
    assert.deepEqual(
      [status, /knows of nothing that erin@example\.org sent/.test(stderr)],
      [1, true],
      stderr,
    );
  }
  const first = (await house.traced('erin', '--max', '1')).answer;
  assert.deepEqual([first.messages.length, first.refusals.length, first.more], [0, 1, true]);
  const next = (await house.traced('erin', '--max', '1', '--before', String(first.next))).answer;
  assert.deepEqual(
    next.refusals.map(({ type }) => type),
    ['refused'],
  );
});

test('D-TR-5: a look-up is itself recorded: who asked what, why, and what was found', async () => {
  const { answer } = await house.traced(alice, '--reason', 'ticket 4711', '--max', '1');
  assert.equal(answer.messages.length, 1);
  assert.ok(answer.more);
  const event = (await house.exported()).findLast(({ type }) => type === 'lookedUp');
  assert.deepEqual(event?.payload, {
    by: `${userInfo().username} (command line)`,
    action: 'trace',
    detail: { question: alice, reason: 'ticket 4711', found: 1 },
  });
});

house.testThatAllHolds();
