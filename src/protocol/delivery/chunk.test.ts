// Content by BDAT (RFC 3030): when it is sent, what its reply means, and that a server that misbehaves gets nothing to misunderstand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL, brief, Script, smtp, transaction } from '../../../test/fakes/delivery-script.ts';
import type { DeliverySettings, DeliveryTransaction } from './ports.ts';

const CHUNKED = { chunked: true } as const;

const begun = (
  recipients: readonly string[],
  capabilities = `${ALL},CHUNKING`,
  settings: DeliverySettings = smtp,
  content: Partial<DeliveryTransaction> = CHUNKED,
): Script =>
  new Script(settings)
    .server('220 far.example')
    .hello(capabilities)
    .deliver(transaction(recipients, {}, content));

const oks = (count: number): readonly string[] => Array<string>(count).fill('250 2.1.5 ok');

test('EXT-CHUNK-a EXT-PIPE-b: a chunk goes when a recipient was accepted, and its reply is for those that were', () => {
  for (const capabilities of [`${ALL},CHUNKING`, 'CHUNKING']) {
    const script = begun(['a@x.example', 'b@x.example'], capabilities);
    script.server('250 2.1.0 ok').server('250 2.1.5 ok');
    assert.doesNotMatch(script.sent, /BDAT/, capabilities);
    script.server('550 5.1.1 no');
    assert.match(script.sent, /BDAT 500 LAST\r\n$/, capabilities);
    script.input({ type: 'contentSent' }).server('250 2.0.0 kept');
    assert.deepEqual(script.fates, ['accepted 250, refused 550'], capabilities);
    assert.equal(script.session.closed, false);
  }
});

test('EXT-CHUNK-a: nothing of a chunk is sent where no recipient was accepted', () => {
  const script = begun(['a@x.example']).server('250 2.1.0 ok', '550 5.1.1 no');
  assert.match(script.sent, /RCPT [^\r]*\r\nRSET\r\n$/);
  assert.ok(!script.types.includes('content'));
});

test('E-S-2: no chunk to a server that said 421, though it accepted a recipient before', () => {
  const script = begun(['a@x.example', 'b@x.example']).server(
    '250 2.1.0 ok',
    '250 2.1.5 ok',
    '421 4.7.0 bye',
  );
  assert.doesNotMatch(script.sent, /BDAT/);
  assert.deepEqual(script.fates, ['undecided 4.4.2, refused 421']);
});

test('EXT-CHUNK-a: no chunk where none is wanted, offered or possible', () => {
  const cases = [
    { why: 'not offered', script: begun(['a@x.example'], ALL) },
    { why: 'not wanted', script: begun(['a@x.example'], `${ALL},CHUNKING`, smtp, {}) },
    {
      why: 'a stream',
      script: begun(['a@x.example'], `${ALL},CHUNKING`, smtp, { ...CHUNKED, octets: undefined }),
    },
    { why: 'LMTP', script: begun(['a@x.example'], `${ALL},CHUNKING`, { ...smtp, protocol: 'lmtp' }) },
  ];
  for (const { why, script } of cases) assert.match(script.sent, /\r\nDATA\r\n$/, why);
});

test('EXT-CHUNK-b E-S-2: a refused chunk ends the connection, whether or not all of it was sent', () => {
  for (const code of [451, 500, 502, 503, 554])
    for (const isSent of [true, false]) {
      const script = begun(['a@x.example']).server('250 2.1.0 ok', '250 2.1.5 ok');
      if (isSent) script.input({ type: 'contentSent' });
      script.server(`${code} no`);
      assert.deepEqual(script.results.map(brief), [`refused ${code}`]);
      assert.equal(script.session.closed, true);
    }
});

test('EXT-PIPE-b E-Q-3: one reply too many does not make an acceptance of what was refused', () => {
  const script = begun(['a@x.example'])
    .server('250 2.1.0 ok', '250 2.0.0 too many', '250 2.1.5 ok')
    .input({ type: 'contentSent' })
    .server('451 4.3.0 later');
  assert.ok(!script.fates.some((fate) => fate.startsWith('accepted')), String(script.fates));
  const early = begun(['a@x.example']).server('250 2.1.0 ok', '250 2.1.5 ok', '250 2.0.0 kept');
  assert.deepEqual(early.fates, ['undecided 4.4.2'], 'what was not sent is not accepted');
  const late = begun(['a@x.example'])
    .server('250 2.1.0 ok', '250 2.0.0 too many')
    .input({ type: 'contentSent' })
    .server('250 2.1.5 ok', '451 4.3.0 later');
  assert.deepEqual(late.fates, ['lost undecided 4.4.2']);
});

test('E-S-2: a connection that is given up leaves nobody without a result', () => {
  const script = new Script(smtp)
    .server('220 far.example')
    .hello(ALL)
    .deliver(transaction(['a@x.example']));
  script.server(...oks(2), '354 go').input({ type: 'contentSent' });
  script.input({ type: 'transaction', transaction: transaction(['b@x.example']) }).input({ type: 'quit' });
  assert.deepEqual(script.fates, ['lost undecided 4.4.2', 'undecided 4.4.2']);
});
