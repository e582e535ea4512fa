import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemEntropy } from '../platform/entropy.ts';
import { createAppPassword, parseAppPassword, verifyAppPassword } from './app-password.ts';

const entropy = systemEntropy();
const made = createAppPassword({ label: 'phone', now: 1000, expiresAt: 2000 }, entropy);

test('D-OUT-5: an app password is id and secret of 128 random bits in groups to read out', () => {
  assert.match(made.text, /^[0-9A-Z]{8}(-[0-9A-Z]{5}){4}-[0-9A-Z]{6}$/);
  assert.equal(made.credential.id, made.text.slice(0, 8));
  assert.equal(parseAppPassword(made.text)?.secret.length, 16);
  assert.deepEqual(
    [made.credential.kind, made.credential.label, made.credential.createdAt, made.credential.expiresAt],
    ['appPassword', 'phone', 1000, 2000],
  );
});

test('D-OUT-5: what is stored is a salted digest; two of the same secret differ', () => {
  const zero = { bytes: (length: number) => new Uint8Array(length) };
  const stored = JSON.stringify(made.credential);
  assert.equal(stored.includes(made.text.slice(9)), false);
  let draws = 0;
  const saltOnly = { bytes: (length: number) => new Uint8Array(length).fill((draws += 1) === 3 ? 9 : 0) };
  const one = createAppPassword({ label: 'a', now: 0 }, zero).credential.verifiers;
  const other = createAppPassword({ label: 'a', now: 0 }, saltOnly).credential.verifiers;
  assert.notDeepEqual(one, other);
});

const spellings: readonly (readonly [(text: string) => string, string])[] = [
  [(text) => text, 'as shown'],
  [(text) => text.toLowerCase(), 'lower case'],
  [(text) => text.replaceAll('-', ''), 'no dashes'],
  [(text) => text.replaceAll('-', ' '), 'blanks'],
  [(text) => text.replaceAll('0', 'o').replaceAll('1', 'l'), 'letters for digits'],
  [(text) => ` ${text} `, 'pasted with blanks around'],
  ...[...'\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\u200b\u00a0'].map(
    (sign) =>
      [
        (text: string) => text.replaceAll('-', sign),
        `U+${sign.charCodeAt(0).toString(16)} for the dashes`,
      ] as const,
  ),
  [(text) => text.replaceAll('-', ' \u2013 '), 'a dash between blanks'],
];

test('D-OUT-5: an app password is taken in any spelling that people write', () => {
  for (const [spell, why] of spellings) {
    const parsed = parseAppPassword(spell(made.text));
    assert.ok(parsed !== undefined && verifyAppPassword(made.credential, parsed), why);
  }
});

test('D-OUT-5: any other text is no app password or does not verify', () => {
  const text = fc.oneof(fc.string({ maxLength: 90 }), fc.stringMatching(/^[0-9A-Z]{34}$/));
  fc.assert(
    fc.property(text, (candidate) => {
      const parsed = parseAppPassword(candidate);
      assert.equal(parsed !== undefined && verifyAppPassword(made.credential, parsed), false);
    }),
    { seed: 20261123, numRuns: 2000 },
  );
  const last = made.text.endsWith('0') ? '1' : '0';
  const wrong = parseAppPassword(made.text.slice(0, -1) + last);
  assert.equal(wrong !== undefined && verifyAppPassword(made.credential, wrong), false);
});

test('D-OUT-5: a password credential is never verified as an app password', () => {
  const parsed = parseAppPassword(made.text);
  assert.ok(parsed !== undefined);
  assert.equal(verifyAppPassword({ ...made.credential, kind: 'password' }, parsed), false);
});
