// Errors of the system and of OpenSSL as people read them.

import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import { causeInWords, failureInWords, isClearText, reasonInWords } from './failure-words.ts';

const system = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: something, open '/x'`), { code, ...more });

test('an error of the system says what happened to what, without its code', () => {
  assert.equal(failureInWords(system('EACCES', { path: '/x' })), '/x: not permitted');
  assert.equal(
    failureInWords(system('EADDRINUSE', { address: '::', port: 587 })),
    '[::]:587: another process listens there already',
  );
  assert.equal(failureInWords(system('EACCES', { address: '/run/x.sock' })), '/run/x.sock: not permitted');
  assert.equal(reasonInWords(system('EISDIR', { path: '/x' })), 'it is a directory, and a file is wanted');
  for (const code of ['ECONNRESET', 'EPIPE', 'ECONNABORTED'])
    assert.equal(reasonInWords(system(code)), 'the connection was cut');
});

test('an error of OpenSSL tells no number and no source file', () => {
  const wrong = Object.assign(
    new Error(
      '40538ABF5E7F0000:error:0A00010B:SSL routines:f:wrong version number:../deps/openssl/x.c:78:\n',
    ),
    { code: 'ERR_SSL_WRONG_VERSION_NUMBER', library: 'SSL routines', reason: 'wrong version number' },
  );
  assert.equal(
    failureInWords(wrong),
    'it answers in clear text: use STARTTLS on this port, as on 587, or a port with TLS from the first octet, as 465',
  );
  assert.ok(isClearText(wrong));
  const other = Object.assign(new Error('1:error:2:a:b:c.c:78'), { library: 'x', reason: 'strange thing' });
  assert.equal(failureInWords(other), 'strange thing');
  assert.throws(
    () => createPrivateKey('no key'),
    (error) => !/error:|::/.test(reasonInWords(error)),
  );
});

test('what is no error of these stays as it is', () => {
  assert.equal(failureInWords(new Error('a thing')), 'a thing');
  assert.equal(failureInWords('text'), 'text');
  assert.equal(failureInWords(system('EWHAT', { path: '/x' })), "EWHAT: something, open '/x'");
  assert.equal(isClearText(new Error('x')), false);
});

test('the log has the SQLSTATE of an error of a database, and of no other', () => {
  const denied = Object.assign(new Error('permission denied for table life'), { code: '42501' });
  assert.equal(causeInWords(denied), 'permission denied for table life (SQLSTATE 42501)');
  assert.equal(reasonInWords(denied), 'permission denied for table life');
  assert.equal(causeInWords(system('EPERM')), 'not permitted');
  assert.equal(causeInWords(system('EPIPE')), 'the connection was cut');
  assert.equal(causeInWords('gone'), 'gone');
});
