import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressDomain,
  canonicalAddress,
  canonicalMailbox,
  foldLocalPart,
  withoutDetail,
} from './address.ts';

const same: readonly (readonly [string, string, string])[] = [
  ['alice@example.org', 'alice@example.org', 'as it is'],
  ['ALICE@EXAMPLE.ORG', 'alice@example.org', 'case of both sides'],
  ['"alice"@example.org', 'alice@example.org', 'needless quotes'],
  ['"al\\ice"@example.org', 'alice@example.org', 'needless backslash'],
  ['"a b"@example.org', '"a b"@example.org', 'needed quotes stay'],
  ['"a@b"@example.org', '"a@b"@example.org', 'an at sign in quotes is local'],
  ['u\u0308ber@example.org', '\u00fcber@example.org', 'NFD is NFC'],
  ['\u00dcBER@example.org', '\u00fcber@example.org', 'capital umlaut'],
  ['\u03a3@example.org', '\u03c3@example.org', 'sigma without a look at its neighbours'],
  ['stra\u00dfe@example.org', 'stra\u00dfe@example.org', 'sharp s stays one letter'],
];

test('5321-l F-UNI-2 F-FROM-8: spellings of one address of ours are equal', () => {
  for (const [text, canonical, why] of same) assert.equal(canonicalAddress(text), canonical, why);
});

const never: readonly (readonly [string, string])[] = [
  ['alice', 'no domain'],
  ['alice@localhost', 'single label'],
  ['alice@[192.0.2.1]', 'literal'],
  ['alice@example.org@example.org', 'two at signs'],
  ['\u0130lice@example.org', 'dotted capital I would become two letters'],
  ['\u212aelvin@example.org', 'the Kelvin sign would become K'],
  ['ali\u200dce@example.org', 'zero width joiner'],
  ['ali\u202ece@example.org', 'right-to-left override'],
  ['ali\u00adce@example.org', 'soft hyphen'],
  ['ali\ufe0fce@example.org', 'variation selector'],
  ['ali\ue000ce@example.org', 'private use'],
  ['ali\ud800ce@example.org', 'lone surrogate'],
  ['"ali\u00a0ce"@example.org', 'no-break space'],
];

test('F-UNI-1 F-UNI-2 F-UNI-3: what would fold into another letter or hides letters is no address of ours', () => {
  for (const [text, why] of never) assert.equal(canonicalAddress(text), undefined, why);
});

const different: readonly (readonly [string, string])[] = [
  ['\u0430lice@example.org', 'Cyrillic a'],
  ['al\u0131ce@example.org', 'dotless i'],
  ['\uff41lice@example.org', 'full-width a'],
  ['alice@ex\u0430mple.org', 'Cyrillic a in the domain'],
  ['alice@example\u3002org', 'ideographic full stop'],
  ['alice@\uff45xample.org', 'full-width e in the domain'],
  ['alice@e\u00adxample.org', 'soft hyphen in the domain'],
  ['alice@exa\u200dmple.org', 'zero width joiner in the domain'],
  ['alice.@example.org', 'dot'],
];

test('F-UNI-1: homographs are never equal', () => {
  for (const [text, why] of different) assert.notEqual(canonicalAddress(text), 'alice@example.org', why);
});

test('F-UNI-2: folding is idempotent, keeps the number of code points of NFC, and no ASCII comes from elsewhere', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const folded = foldLocalPart(text);
      if (folded === undefined) return;
      assert.equal(foldLocalPart(folded), folded);
      const ascii = (from: string): number => [...from].filter((letter) => letter <= '\u007f').length;
      assert.equal(ascii(folded), ascii(text.normalize('NFC')));
    }),
    { seed: 20261123, numRuns: 2000 },
  );
});

test('F-UNI-2: canonicalAddress is idempotent and its domain is found again', () => {
  const localPart = fc.string({
    unit: fc.constantFrom(...'aAzZ09.+"\\@ %!\u00fc\u00dc\u0130\u212a\u0430'),
    maxLength: 20,
  });
  fc.assert(
    fc.property(
      localPart,
      fc.constantFrom('example.org', 'EXAMPLE.org', 'sub.example.org'),
      (local, domain) => {
        const canonical = canonicalAddress(`${local}@${domain}`);
        if (canonical === undefined) return;
        assert.equal(canonicalAddress(canonical), canonical);
        assert.equal(addressDomain(canonical), domain.toLowerCase());
      },
    ),
    { seed: 20261123, numRuns: 2000 },
  );
});

const details: readonly (readonly [string, string | undefined, string])[] = [
  ['alice+shop@example.org', 'alice', 'a detail'],
  ['alice+a+b@example.org', 'alice', 'the first plus ends the base'],
  ['alice+@example.org', 'alice', 'an empty detail'],
  ['alice@example.org', undefined, 'none'],
  ['+x@example.org', undefined, 'no base'],
  ['"alice+ceo@far.example"@example.org', undefined, 'a detail that looks like another address'],
  ['"alice+ "@example.org', undefined, 'a detail that needs quotes'],
];

test('BCP134-3.1-e: the part before the plus owns an address with a detail', () => {
  for (const [text, base, why] of details) {
    const mailbox = canonicalMailbox(text);
    assert.ok(mailbox !== undefined, why);
    assert.equal(withoutDetail(mailbox)?.localPart, base, why);
  }
});
