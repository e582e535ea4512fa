// SMTP over pipes: the replies that a program gets, and the messages that are submitted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { type PipedAnswer, type PipedMessage, speakOverPipe } from './pipe.ts';

const accepted: PipedAnswer = { type: 'accepted', id: '<1@example.org>' };

async function* pieces(parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

/** All that was answered, and all that was handed in. */
async function spoken(parts: readonly string[], answers: readonly PipedAnswer[] = []) {
  const clock = virtualClock(0);
  const messages: PipedMessage[] = [];
  let heard = '';
  const end = await speakOverPipe({
    ...{ input: pieces(parts), clock, hostname: 'box' },
    ...{ messageOctetsMax: 1000, recipientsMax: 3 },
    write: (bytes) => void (heard += Buffer.from(bytes).toString('latin1')),
    handIn(message) {
      messages.push(message);
      return Promise.resolve(answers[messages.length - 1] ?? accepted);
    },
  });
  return { heard, messages, end };
}

const codes = (heard: string): readonly number[] =>
  heard
    .split('\r\n')
    .filter((line) => /^\d{3} /.test(line))
    .map((line) => Number(line.slice(0, 3)));

const WHOLE =
  'EHLO box\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@x.example>\r\nDATA\r\nTo: b@x.example\r\n\r\n..dot\r\n.\r\n';

test('5321-i: a program submits without TLS and login, message by message', async () => {
  const second = WHOLE.replace('EHLO box', 'RSET').replace('..dot', 'two');
  const { heard, messages } = await spoken([WHOLE, `${second}QUIT\r\n`]);
  assert.deepEqual(codes(heard), [220, 250, 250, 250, 354, 250, 250, 250, 250, 354, 250, 221]);
  assert.match(heard, /\r\n250 2\.0\.0 queued as <1@example\.org>\r\n/);
  assert.deepEqual(
    messages.map(({ envelope, content }) => [
      envelope.reversePath,
      envelope.recipients.map(({ forwardPath }) => forwardPath),
      Buffer.from(content).toString(),
    ]),
    [
      ['a@example.org', ['b@x.example'], 'To: b@x.example\r\n\r\n.dot\r\n'],
      ['a@example.org', ['b@x.example'], 'To: b@x.example\r\n\r\ntwo\r\n'],
    ],
  );
});

test('what a pipe has no use for is neither offered nor taken: STARTTLS, AUTH, DSN', async () => {
  const { heard } = await spoken([
    ...['EHLO box\r\nSTARTTLS\r\n', 'AUTH PLAIN =\r\n', 'MAIL FROM:<a@example.org> RET=FULL\r\nQUIT\r\n'],
  ]);
  assert.doesNotMatch(heard, /250[- ](?:STARTTLS|AUTH|DSN)/);
  assert.deepEqual(codes(heard), [220, 250, 502, 502, 555, 221]);
});

test('F-SMUG-1: a line end that is none does not end a message', async () => {
  const { messages } = await spoken([WHOLE.replace('..dot', 'a\n.\nMAIL FROM:<x@example.org>')]);
  assert.deepEqual(messages, []);
});

const AFTER_DATA = WHOLE.indexOf('To: ');
const vectors: readonly (readonly [string, string, 'ended' | 'cutOff'])[] = [
  ['nothing at all', '', 'ended'],
  ['after EHLO', 'EHLO box\r\n', 'ended'],
  ['after MAIL', WHOLE.slice(0, WHOLE.indexOf('RCPT')), 'cutOff'],
  ['after RSET', `${WHOLE.slice(0, WHOLE.indexOf('DATA'))}RSET\r\n`, 'ended'],
  ['after QUIT that ends a transaction', `${WHOLE.slice(0, WHOLE.indexOf('DATA'))}QUIT\r\n`, 'ended'],
  ['after DATA', WHOLE.slice(0, AFTER_DATA), 'cutOff'],
  ['in the header', WHOLE.slice(0, AFTER_DATA + 5), 'cutOff'],
  ['before the dot', WHOLE.slice(0, -3), 'cutOff'],
  ['after the message, without QUIT', WHOLE, 'ended'],
  ['in the second message', `${WHOLE}${WHOLE.slice(0, -3)}`, 'cutOff'],
];

test('5321-i: a pipe that ends in the middle of a message is told from one that ends between two', async () => {
  for (const [where, input, expected] of vectors) assert.equal((await spoken([input])).end, expected, where);
});

test('a program that writes LF alone is understood as by sendmail', async () => {
  const { heard, messages } = await spoken([...`${WHOLE.replaceAll('\r\n', '\n')}QUIT\n`]);
  assert.deepEqual(codes(heard), [220, 250, 250, 250, 354, 250, 221]);
  assert.equal(Buffer.from(messages[0]?.content ?? []).toString(), 'To: b@x.example\r\n\r\n.dot\r\n');
});

test('5321-i: what was refused is told, and the session goes on', async () => {
  const reply = { code: 554, status: '5.0.0', lines: ['sent, but not to all', 'b@x.example: no'] };
  const refusal = { name: 'cannotAcceptNow', cause: 'x', reply } as const;
  const { heard } = await spoken([WHOLE, `${WHOLE}QUIT\r\n`], [{ type: 'refused', refusal }]);
  assert.match(heard, /\r\n554-5\.0\.0 sent, but not to all\r\n554 5\.0\.0 b@x\.example: no\r\n/);
  assert.deepEqual(codes(heard).slice(-6), [250, 250, 250, 354, 250, 221]);
});

test('EXT-SIZE-b: what is too large, and one recipient too many, are refused', async () => {
  const large = WHOLE.replace('..dot', 'x\r\n'.repeat(400));
  const many = `MAIL FROM:<a@example.org>\r\n${'RCPT TO:<b@x.example>\r\n'.repeat(4)}`;
  const { heard, messages } = await spoken([large, many]);
  assert.deepEqual(codes(heard), [220, 250, 250, 250, 354, 552, 250, 250, 250, 250, 452]);
  assert.deepEqual(messages, []);
});

test('a message that is cut off by the end of the pipe is none', async () => {
  const { messages } = await spoken([WHOLE.slice(0, -5)]);
  assert.deepEqual(messages, []);
});

test('a program that says nothing for an hour hears 421, and nothing waits for it any more', async () => {
  for (const [said, last, expected] of [
    ['', [250, 421], 'ended'],
    [WHOLE.slice(0, -3), [354, 421], 'cutOff'],
  ] as const) {
    const clock = virtualClock(0);
    let heard = '';
    const silent = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from(`NOOP\r\n${said}`)),
    });
    const spokenTo = speakOverPipe({
      ...{ input: silent.values(), clock, hostname: 'box', messageOctetsMax: 1000, recipientsMax: 3 },
      write: (bytes) => void (heard += Buffer.from(bytes).toString('latin1')),
      handIn: () => Promise.resolve(accepted),
    });
    while (codes(heard).length < (said === '' ? 2 : 6)) await new Promise(setImmediate);
    await new Promise(setImmediate);
    clock.advance(3_600_000);
    assert.equal(await spokenTo, expected);
    assert.deepEqual(codes(heard).slice(-2), last);
    assert.equal(clock.waiting, 0);
  }
});
