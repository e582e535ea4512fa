// What open transactions hold comes out of one budget, so that many of them can't fill the process: the recipient gives way, with 452.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authenticatedClient, openFront } from '../../test/fakes/front.ts';
import { alice } from '../../test/fakes/submission.ts';

test('F-DOS-2 F-DOS-8: where memory for recipients is at its end the next one hears 452, and the end of a transaction gives it back', async () => {
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
