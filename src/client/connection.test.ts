// The life of a connection under submissions: lost, slow, ended by the server, opened again, closed, and shared by many.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure, open, settled } from '../../test/fakes/client-world.ts';
import { BOB, brief, CHUNKING, host, MESSAGE, one, send } from '../../test/fakes/one-server.ts';
import { CAPABILITIES } from '../../test/fakes/smtp-hosts.ts';

test('C-ORD-11 E-S-2: a connection lost before the end accepted nothing; lost after it, nobody knows, and it is not sent again', async () => {
  for (const [command, kind, retry] of [
    ['MAIL', 'interrupted', 'later'],
    ['DATA', 'interrupted', 'later'],
    ['END', 'outcomeUnknown', 'never'],
  ] as const) {
    const made = one({ answer: (line) => (line.startsWith(command) ? 'close' : undefined) });
    const error = await failure(send(made));
    assert.deepEqual([error.kind, error.retry], [kind, retry]);
    assert.equal(host(made).dials, 1, 'never after MAIL was sent (C-ORD-4)');
    if (kind === 'outcomeUnknown') assert.match(error.nextStep, /Message-ID/);
  }
});

test('C-ORD-11 E-Q-3: each command has its time: MAIL and RCPT 5 minutes, DATA 2, the end 10', async () => {
  for (const [command, minutes] of [
    ['MAIL', 5],
    ['RCPT', 5],
    ['DATA', 2],
    ['END', 10],
  ] as const) {
    const made = one({
      capabilities: ['AUTH PLAIN'],
      answer: (line) => (line.startsWith(command) ? 'silence' : undefined),
    });
    const error = await failure(send(made));
    const waited = made.clock.now() / 60_000;
    assert.ok(waited >= minutes && waited < minutes + 0.2, `${command}: ${waited} minutes`);
    assert.equal(error.kind, command === 'END' ? 'outcomeUnknown' : 'interrupted');
  }
});

test('C-ORD-14 F-TX-8: a server that lets us in and says goodbye in one breath is an error, and nothing waits for it', async () => {
  const made = one({
    answer: (line) => (line.startsWith('AUTH') ? '235 2.7.0 welcome\r\n421 4.3.2 going down' : undefined),
  });
  const error = await failure(settled(made.clock, open(made, { port: 587 })));
  assert.deepEqual([error.retry, error.reply?.code], ['later', 421]);
});

test('F-SMUG-3 E-Q-3: a 354 that is taken back in one breath gets nothing of the content', async () => {
  for (const verdict of ['451 4.3.0 disk full', '250 2.0.0 kept']) {
    const made = one({ answer: (line) => (line === 'DATA' ? `354 go\r\n${verdict}` : undefined) });
    await failure(send(made));
    assert.deepEqual(host(made).accepted, []);
  }
});

test('C-ORD-4 E-Q-3: a server that takes one message a connection and closes after its 421 gets each once', async () => {
  const seen = new Map<number, number>();
  const made = one({
    answer(line, { dials }) {
      if (!line.startsWith('MAIL')) return undefined;
      seen.set(dials, (seen.get(dials) ?? 0) + 1);
      return seen.get(dials) === 1 ? undefined : ['421 4.7.0 one a connection', 'close'];
    },
  });
  await using submission = await open(made, { port: 587 });
  const results = await settled(
    made.clock,
    Promise.all(['1', '2', '3', '4'].map((subject) => submission.submit(`Subject: ${subject}\n\n`, BOB))),
  );
  assert.deepEqual(results.flatMap(brief), Array<string>(4).fill('accepted 250'));
  assert.equal(host(made).accepted.length, 4);
});

test('C-ORD-15: closing twice, or while a connection is opened again, ends and leaves nothing open', async () => {
  const made = one({});
  const submission = await open(made, { port: 587 });
  const sent = submission.submit(MESSAGE, BOB);
  const closed = Promise.all([submission.close(), submission.close()]);
  await settled(made.clock, Promise.all([sent, closed]));
  const other = one({});
  const again = await open(other, { port: 587 });
  host(other).hangUp();
  await new Promise((resolve) => setImmediate(resolve));
  const controller = new AbortController();
  const aborted = failure(again.submit(MESSAGE, BOB, { signal: controller.signal }));
  // It is dialled, and not yet secured.
  while (other.network.dialled.length < 2) await Promise.resolve();
  controller.abort();
  await settled(other.clock, Promise.all([aborted, again.close()]));
  for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([other.network.dialled.length, made.network.open, other.network.open], [2, 0, 0]);
});

test('C-ORD-4: a server that closed an idle connection is called again; what it may have taken is not sent again', async () => {
  for (const capabilities of [CAPABILITIES, CHUNKING]) {
    const made = one({ capabilities });
    await using submission = await open(made, { port: 587 });
    await settled(made.clock, submission.submit(MESSAGE, BOB));
    host(made).hangUp();
    await new Promise((resolve) => setImmediate(resolve));
    const result = await settled(made.clock, submission.submit(MESSAGE, BOB));
    assert.deepEqual(brief(result), ['accepted 250']);
    assert.deepEqual([host(made).dials, host(made).accepted.length], [2, 2]);
  }
  let mails = 0;
  const surprising = one({
    capabilities: CHUNKING,
    answer: (line) =>
      line.startsWith('MAIL') && (mails += 1) === 2 ? ['421 4.4.2 idle for too long', 'close'] : undefined,
  });
  await using submission = await open(surprising, { port: 587 });
  await settled(surprising.clock, submission.submit(MESSAGE, BOB));
  surprising.clock.advance(60_000);
  const again = await settled(surprising.clock, submission.submit(MESSAGE, BOB));
  assert.deepEqual(brief(again), ['accepted 250']);
  assert.deepEqual([host(surprising).dials, host(surprising).accepted.length], [2, 2]);
});

for (const capabilities of [CAPABILITIES, CHUNKING, ['AUTH PLAIN']])
  test(`EXT-PIPE-b: many messages at once over one connection keep their own outcomes, with ${capabilities.join(' ')}`, async () => {
    let sender = 0;
    const made = one({
      capabilities,
      answer(line) {
        if (line.startsWith('MAIL')) sender = Number(/<s(\d+)@/.exec(line)?.[1]);
        if (line.startsWith('MAIL') && sender % 7 === 3) return '550 5.7.1 not yours';
        if (line.startsWith('RCPT') && sender % 7 === 4) return '550 5.1.1 nobody';
        return line === 'END' && sender % 7 === 5 ? '451 4.3.0 later' : undefined;
      },
    });
    await using submission = await open(made, { port: 587 });
    const outcomes = await settled(
      made.clock,
      Promise.all(
        Array.from({ length: 100 }, (_, at) =>
          submission
            .submit(`Subject: ${at}\n\nx\n`, { ...BOB, reversePath: `s${at}@example.org` })
            .then(brief, (error: { reply?: { code: number } }) => [`error ${error.reply?.code}`]),
        ),
      ),
    );
    const expected = ['accepted 250', 'error 550', 'error 550', 'error 451'];
    outcomes.forEach((outcome, at) =>
      assert.deepEqual(outcome, [expected[Math.max(0, (at % 7) - 2)] ?? expected[0]]),
    );
    assert.deepEqual(
      host(made).accepted.map(({ content }) => /Subject: (\d+)/.exec(content)?.[1]),
      Array.from({ length: 100 }, (_, at) => at)
        .filter((at) => at % 7 < 3 || at % 7 === 6)
        .map(String),
    );
    assert.equal(host(made).dials, 1);
  });
