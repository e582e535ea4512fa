import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginCandidates } from './login.ts';

const one = new Set(['example.org']);
const two = new Set(['example.org', 'tenant2.example']);

const names: readonly (readonly [string, ReadonlySet<string>, readonly string[], string])[] = [
  ['alice@example.org', two, ['alice@example.org'], 'a full address'],
  ['ALICE@Example.ORG', two, ['alice@example.org'], 'F-UNI-2: case'],
  ['alice', one, ['alice@example.org', 'alice'], 'a bare local part in the only domain, or a service'],
  ['printer', two, ['printer'], 'with several domains a bare name is a service'],
  ['al\u00adice@example.org', two, ['alice@example.org'], 'AUTH-n: soft hyphen'],
  ['al\u200bice@example.org', two, ['alice@example.org'], 'AUTH-n: zero width space'],
  ['\uff41lice@example.org', two, ['alice@example.org'], 'AUTH-n: full-width letter'],
  ['\u212aelvin@example.org', two, ['kelvin@example.org'], 'F-UNI-2: the Kelvin sign names one account'],
  ['u\u0308ber@example.org', two, ['\u00fcber@example.org'], 'F-UNI-2: NFD'],
  ['al\u0131ce@example.org', two, ['al\u0131ce@example.org'], 'F-UNI-2: dotless i is not i'],
  ['\u0130lice@example.org', two, [], 'F-UNI-2: dotted capital I names nobody'],
  ['"alice"@example.org', two, ['alice@example.org'], '5321-l'],
  [' alice@example.org ', two, ['alice@example.org'], 'blanks around it, as copying leaves them'],
  ['\talice@example.org\r\n', two, ['alice@example.org'], 'a tab, a line end'],
  ['\u00a0alice\u2003', one, ['alice@example.org', 'alice'], 'blanks that are not ASCII'],
  ['al ice@example.org', two, [], 'not within'],
  ['  ', one, [], 'blanks alone'],
  ['', two, [], 'empty'],
  ['\u00ad', one, [], 'AUTH-n: empty after preparation'],
  ['ali\0ce', one, [], 'AUTH-n: NUL'],
  ['ali\u0007ce@example.org', two, [], 'AUTH-n: control'],
  ['\u05d0lice@example.org', two, [], 'AUTH-n: mixed directions'],
  ['\u05d0\u05d1\u05d0@example.org', two, ['\u05d0\u05d1\u05d0@example.org'], 'one direction'],
  ['ali\u202ece@example.org', two, [], 'right-to-left override'],
  ['ali\ufffece', one, [], 'noncharacter'],
  ['a@b@example.org', two, [], 'two at signs'],
  ['alice@[192.0.2.1]', two, [], 'a literal'],
  ['x'.repeat(400), one, [], 'too long'],
];

test('AUTH-n F-UNI-2 5321-l: a login names exactly one account or none', () => {
  for (const [text, domains, expected, why] of names)
    assert.deepEqual(loginCandidates(text, domains), expected, why);
});
