import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, preparePassword, verifyPassword } from './password.ts';

const entropy = { bytes: (length: number) => new Uint8Array(length).fill(7) };

test('D-OUT-5: a password is kept as argon2id in PHC form and verifies; nothing of it is in the string', async () => {
  const phc = await hashPassword('correct horse battery', entropy);
  assert.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(phc.includes('correct'), false);
  assert.equal(await verifyPassword(phc, 'correct horse battery'), true);
  assert.equal(await verifyPassword(phc, 'correct horse batterz'), false);
});

test('D-OUT-5: a password of 64 and more characters of any script works', async () => {
  const long = '\u00e9\u4e2d\u{1f511} '.repeat(40);
  const phc = await hashPassword(long, entropy);
  assert.equal(await verifyPassword(phc, long), true);
  assert.equal(await verifyPassword(phc, long.slice(0, -2)), false);
});

test('F-AUTH-3: a verifier with another cost is read as what it says', async () => {
  const phc = await hashPassword('password', entropy);
  const [, , , , salt, tag] = phc.split('$');
  assert.equal(
    await verifyPassword(`$argon2id$v=19$m=19456,t=3,p=1$${salt ?? ''}$${tag ?? ''}`, 'password'),
    false,
  );
});

const unreadable: readonly (readonly [string | undefined, string])[] = [
  [undefined, 'nobody'],
  ['', 'empty'],
  ['$2b$10$abcdefghijklmnopqrstuv', 'another scheme'],
  ['$argon2i$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$AAAAAAAAAAAAAAAAAAAAAA', 'another variant'],
  ['$argon2id$v=19$m=9999999,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$AAAAAAAAAAAAAAAAAAAAAA', 'unbearable memory'],
  ['$argon2id$v=19$m=19456,t=999,p=1$BwcHBwcHBwcHBwcHBwcHBw$AAAAAAAAAAAAAAAAAAAAAA', 'unbearable passes'],
  ['$argon2id$v=19$m=4,t=0,p=0$BwcHBwcHBwcHBwcHBwcHBw$AAAAAAAAAAAAAAAAAAAAAA', 'impossible cost'],
];

test('F-AUTH-3: what is no usable verifier never verifies and never throws', async () => {
  for (const [phc, why] of unreadable) assert.equal(await verifyPassword(phc, 'password'), false, why);
});

test('F-AUTH-7: an empty or an endless password never verifies', async () => {
  const phc = await hashPassword('x', entropy);
  for (const password of ['', '\0', 'x'.repeat(2000)])
    assert.equal(await verifyPassword(phc, password), false);
});

test('AUTH-n: a password is prepared as an OpaqueString: NFC and plain blanks, nothing folded', () => {
  const octets = (text: string): string => Buffer.from(preparePassword(text)).toString('hex');
  assert.equal(octets('u\u0308'), octets('\u00fc'));
  assert.equal(octets('a\u00a0b'), octets('a b'));
  assert.notEqual(octets('A'), octets('a'));
  assert.notEqual(octets('\uff41'), octets('a'));
});
