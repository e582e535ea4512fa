// The memory of open transactions is bounded by one budget, so that many of them can't fill the process: a recipient is refused with 452.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authenticatedClient, openFront } from '../../test/fakes/front.ts';
import { alice } from '../../test/fakes/submission.ts';

test('F-DOS-2/4 F-DOS-8: where memory for recipients is at its end the next one hears 452, and the end of a transaction gives it back', async () => {
  const here = await openFront({ memoryOctets: 2_000 });
  const { memory } = here.world.context;
  const client = await authenticatedClient(here);
  const ends: readonly (readonly [how: readonly string[], expected: RegExp])[] = [
    [['RSET'], /^250 /],
    [['EHLO again'], /^250-/],
    [['DATA', 'From: eve@example.org', '', 'x', '.'], /^354 .*\r\n550 5\.7\.1 /],
    [['DATA', `From: ${alice.login}`, '', 'x', '.'], /^354 .*\r\n250 /],
  ];
  for (const [how, expected] of ends) {
    assert.match(await client.say(`MAIL FROM:<${alice.login}>`), /^250 /);
    const replies: string[] = [];
    // Room for the message itself stays.
    for (let n = 0; n < 4; n += 1) replies.push(await client.say(`RCPT TO:<x${n}@far.example>`));
    assert.ok(
      replies.every((reply) => reply.startsWith('250 ')),
      replies.join(''),
    );
    const used = memory.used;
    assert.ok(used > 4 * 200 && used < 2_000, String(used));
    const [first = '', ...others] = how;
    const started = await client.say(first);
    const ended = others.length === 0 ? '' : await client.say(...others);
    assert.match(started + ended, expected);
    assert.equal(memory.used, 0, how.join(' '));
  }

  await client.say(`MAIL FROM:<${alice.login}>`);
  const replies: string[] = [];
  for (let n = 0; n < 12; n += 1) replies.push(await client.say(`RCPT TO:<x${n}@far.example>`));
  const busy = '452 4.3.1 Too much mail is being received now, try again later\r\n';
  assert.deepEqual([...new Set(replies.slice(9))], [busy]);
  assert.ok(memory.used <= 2_000);
  await client.leave();
  assert.equal(memory.used, 0);
});

test('5321-al: a mailbox that is named again hears 250 and has the message once, as it was named first', async () => {
  const here = await openFront();
  const { store } = here.world;
  const client = await authenticatedClient(here);
  const named = [
    'bob@far.example> NOTIFY=NEVER',
    'bob@FAR.Example> NOTIFY=SUCCESS',
    'Bob@far.example>',
    'uta@müller.test>',
    'uta@xn--mller-kva.test>',
    'uta@MÜLLER.test>',
    '"bob"@far.example>',
  ];
  await client.say(`MAIL FROM:<${alice.login}> SMTPUTF8`);
  for (const one of named) assert.match(await client.say(`RCPT TO:<${one}`), /^250 2\.1\.5 /, one);
  const ended = await client.say('DATA', `From: ${alice.login}`, '', 'x', '.');
  assert.match(ended, /^354 .*\r\n250 /);
  const change = store.changes.findLast((one) => one.type === 'accept');
  assert.ok(change?.type === 'accept' && change.event.type === 'accepted');
  const recipients = [
    { forwardPath: 'bob@far.example', notify: ['NEVER'] },
    { forwardPath: 'Bob@far.example' },
    { forwardPath: 'uta@müller.test' },
  ];
  assert.deepEqual(change.recipients, recipients);
  assert.deepEqual(change.event.payload.envelope.recipients, recipients);
  assert.equal(change.charge?.charge.recipients, 3);

  await client.say('MAIL FROM:<>');
  assert.match(await client.say('RCPT TO:<x@far.example>'), /^250 /);
  assert.match(await client.say('RCPT TO:<x@FAR.example>'), /^250 /, 'still one recipient');
  assert.match(await client.say('RCPT TO:<y@far.example>'), /^550 /);
});
