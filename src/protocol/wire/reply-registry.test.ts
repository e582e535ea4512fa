// The reply table as a whole: classes, registered codes, nothing that must never be said.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serializeReply } from './reply.ts';
import { replies, reply, type ReplyDefinition } from './reply-registry.ts';

const all = Object.entries(replies) as [string, ReplyDefinition][];

/** RFC 3463, RFC 4954, RFC 6531, RFC 7372 and the IANA registry, as far as they are used here. */
const registered = new Set(
  [
    '0.0',
    '1.0',
    '1.1',
    '1.2',
    '1.3',
    '1.5',
    '1.7',
    '1.8',
    '3.0',
    '3.1',
    '3.2',
    '3.4',
    '4.2',
    '4.3',
    '4.6',
    '5.0',
    '5.1',
    '5.2',
    '5.3',
    '5.4',
    '5.6',
  ].concat(['6.0', '6.7', '7.0', '7.1', '7.5', '7.8', '7.9']),
);

test('EXT-ESC-a/1 EXT-ESC-a/3 EXT-ESC-a/4 EXT-ESC-b: every status has the class of its code and is registered', () => {
  for (const [name, { code, status }] of all) {
    if (status === undefined) {
      assert.ok(
        code === 334 || code === 354 || name === 'greeting' || name === 'heloOk',
        `${name} needs a status`,
      );
      continue;
    }
    assert.equal(status[0], String(code)[0], name);
    assert.ok(registered.has(status.slice(2)), `${name}: ${status}`);
  }
});

test('EXT-ESC-a/2 EXT-ESC-a/3: of a reply of several lines each has the status, of an EHLO answer none has', () => {
  assert.equal(
    serializeReply({ code: 550, status: '5.7.1', lines: ['first', 'second', 'last'] }),
    '550-5.7.1 first\r\n550-5.7.1 second\r\n550 5.7.1 last\r\n',
  );
  assert.equal(
    serializeReply({ code: 250, lines: ['msa.example.org', 'PIPELINING', 'HELP'] }),
    '250-msa.example.org\r\n250-PIPELINING\r\n250 HELP\r\n',
  );
});

test('6409-7-521 G-7: 521 is never said', () => {
  assert.deepEqual(
    all.filter(([, { code }]) => code === 521),
    [],
  );
});

test('F-OPS-4: the greeting tells no version', () => {
  assert.equal(
    serializeReply(reply('greeting', { hostname: 'msa.example.org' })),
    '220 msa.example.org ESMTP\r\n',
  );
});

test('F-HDR-1 EXT-UTF8-c: nothing that a client said can break or colour a reply', () => {
  const hostile = reply('senderNotPermitted', { address: 'a\r\n250 ok\u001b[31m\u00fc' });
  assert.equal(serializeReply(hostile), '550 5.7.1 Not permitted to send as a??250 ok?[31m?\r\n');
});
