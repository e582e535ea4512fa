// A server that limits the messages of a connection and says so to the next one: all messages arrive, each once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure, open, settled } from '../../test/fakes/client-world.ts';
import { BOB, CHUNKING, host, lines, MESSAGE, one } from '../../test/fakes/one-server.ts';
import { CAPABILITIES, type HostScript } from '../../test/fakes/smtp-hosts.ts';

function limited(command: 'MAIL' | 'DATA', reply: string, most: number, capabilities: readonly string[]) {
  const counts = new Map<number, number>();
  let refusals = 0;
  const script: HostScript = {
    capabilities: [...capabilities],
    answer(line, { dials }) {
      if (line.startsWith('MAIL')) counts.set(dials, (counts.get(dials) ?? 0) + 1);
      if (!line.startsWith(command) || (counts.get(dials) ?? 0) <= most) return undefined;
      refusals += 1;
      return reply;
    },
  };
  return { made: one(script), refusals: () => refusals };
}

for (const capabilities of [CAPABILITIES, CHUNKING, ['AUTH PLAIN']])
  for (const [command, reply] of [
    ['MAIL', '451 4.4.5 too many messages in this session'],
    ['DATA', '452 4.4.5 too many messages in this session'],
  ] as const)
    for (const most of [10, 3, 1])
      test(`C-ORD-12: forty messages where ${command} is told "${reply}" after ${most} all arrive (${capabilities.join(' ')})`, async () => {
        const { made, refusals } = limited(command, reply, most, capabilities);
        await using submission = await open(made, { port: 587 });
        const all = Array.from({ length: 40 }, (_, n) => `${MESSAGE}${n}\r\n`);
        const results = await settled(
          made.clock,
          Promise.all(all.map((text) => submission.submit(text, BOB))),
        );
        assert.equal(results.filter(({ accepted }) => accepted.length === 1).length, 40);
        const got = host(made).accepted.map(({ content }) => content);
        assert.deepEqual(got.toSorted(), all.toSorted());
        assert.equal(host(made).dials, Math.ceil(40 / most));
        assert.ok(refusals() < 40, 'the number is learned');
      });

test('C-ORD-12: what a fresh connection hears as well is final', async () => {
  let mails = 0;
  const made = one({
    answer: (line) => (line.startsWith('MAIL') && (mails += 1) > 1 ? '451 4.3.0 not now' : undefined),
  });
  await using submission = await open(made, { port: 587 });
  await settled(made.clock, submission.submit(MESSAGE, BOB));
  const error = await failure(settled(made.clock, submission.submit(MESSAGE, BOB)));
  assert.deepEqual([error.kind, error.retry, host(made).dials], ['refused', 'later', 2]);
  assert.equal(lines(made).filter((line) => line.startsWith('MAIL')).length, 3);
});
