import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Principal, SenderRight } from '../record/identity.ts';
import { maySendAs } from './rights.ts';

const ours = new Set([
  'example.org',
  'tenant2.example',
  'lists.example.org',
  'deep.lists.example.org',
  'evil-lists.example.org',
]);

function alice(rights: readonly SenderRight[]): Principal {
  return {
    identityId: 'i1',
    login: 'alice@example.org',
    proof: { kind: 'password', id: 'password', label: 'password' },
    mechanism: 'PLAIN',
    revision: 1,
    mailbox: true,
    rights,
    limits: {},
  };
}

const principal = alice([
  { kind: 'address', address: 'alice@example.org' },
  { kind: 'granted', address: 'sales@example.org' },
  { kind: 'domain', domain: 'lists.example.org' },
  { kind: 'granted', address: 'someone@gone.example' },
  { kind: 'domain', domain: 'gone.example' },
]);

const permitted: readonly (readonly [string, string])[] = [
  ['alice@example.org', 'own address alice@example.org'],
  ['ALICE@Example.ORG', 'own address alice@example.org'],
  ['"alice"@example.org', 'own address alice@example.org'],
  ['"al\\ice"@example.org', 'own address alice@example.org'],
  ['alice+news@example.org', 'own address alice@example.org (+detail)'],
  ['Alice+News@example.org', 'own address alice@example.org (+detail)'],
  ['sales@example.org', 'granted address sales@example.org'],
  ['bounce+bob=far.example@lists.example.org', 'whole domain lists.example.org'],
];

test('BCP134-3.1-e 6409-6.1 5321-l G-12: own, granted and whole-domain addresses pass, in any spelling, and the rule is named', () => {
  for (const [address, rule] of permitted) {
    const decision = maySendAs(principal, address, ours);
    assert.equal(decision.allowed, true, address);
    assert.equal(decision.rule, rule);
  }
});

const forbidden: readonly (readonly [string, string])[] = [
  ['bob@example.org', 'another account'],
  ['dave@tenant2.example', 'another tenant'],
  ['sales+x@example.org', 'a granted address is granted as it stands'],
  ['x@gmail.example', 'F-ALIGN-1: foreign domain'],
  ['someone@gone.example', 'a right that outlived its domain'],
  ['anyone@gone.example', 'a domain right that outlived its domain'],
  ['alice@sub.example.org', 'a subdomain is another domain'],
  ['x@evil-lists.example.org', 'another domain of ours whose name ends alike'],
  ['x@deep.lists.example.org', 'another domain of ours below the granted one'],
  ['malice@example.org', 'a name that ends alike'],
  ['malice+x@example.org', 'a name that ends alike, with a detail'],
  ['alice@example.org.', 'trailing dot'],
  ['alice@[192.0.2.1]', 'literal'],
  ['"alice@example.org"@far.example', 'own address in a foreign local part'],
  ['"bob@example.org"@example.org', 'another in quotes'],
  ['"alice+bob@example.org"@example.org', 'a detail that shows another address'],
  ['alice%example.org@far.example', 'percent'],
  ['\u0430lice@example.org', 'F-UNI-1: Cyrillic a'],
  ['al\u0131ce@example.org', 'F-UNI-2: dotless i'],
  ['al\u0130ce@example.org', 'F-UNI-2: dotted capital I'],
  ['alic\u212f@example.org', 'script small e'],
  ['ali\u200dce@example.org', 'zero width joiner'],
  ['\uff41lice@example.org', 'full-width a'],
  ['alice@ex\u0430mple.org', 'Cyrillic a in the domain'],
  ['alice@example\u3002org', 'ideographic full stop'],
  ['', 'empty'],
  ['alice', 'no domain'],
];

test('F-FROM-0 F-FROM-6 F-FROM-8 F-ALIGN-1 F-UNI-1 F-UNI-2: nothing else passes', () => {
  for (const [address, why] of forbidden) {
    const decision = maySendAs(principal, address, ours);
    assert.equal(decision.allowed, false, why);
    assert.notEqual(decision.because, '');
  }
});

test('F-UNI-1 BCP134-3.1-e: no address outside the rights ever passes, whatever its letters', () => {
  const plain = alice([{ kind: 'address', address: 'alice@example.org' }]);
  const lookalike = fc.constantFrom(
    ...[
      'a',
      'A',
      '\u0430',
      '\u0251',
      '\uff41',
      'l',
      'L',
      '\u217c',
      '\u04cf',
      'i',
      'I',
      '\u0131',
      '\u0130',
      '\u0456',
    ],
    ...[
      'c',
      'C',
      '\u0441',
      '\u03f2',
      'e',
      'E',
      '\u0435',
      '\u212f',
      '\u200d',
      '\u00ad',
      '\u202e',
      '"',
      '\\',
      '.',
      '+',
      '@',
      ' ',
    ],
  );
  const domain = fc.constantFrom(
    'example.org',
    'EXAMPLE.ORG',
    'ex\u0430mple.org',
    'tenant2.example',
    'far.example',
  );
  fc.assert(
    fc.property(fc.string({ unit: lookalike, maxLength: 12 }), domain, (localPart, at) => {
      const decision = maySendAs(plain, `${localPart}@${at}`, ours);
      const unquoted = localPart.replaceAll(/["\\]/g, '').toLowerCase();
      const isOwn = /^alice(\+.*)?$/.test(unquoted) && /^[\x20-\x7e]*$/.test(unquoted.slice(0, 5));
      if (!isOwn || at.toLowerCase() !== 'example.org')
        assert.equal(decision.allowed, false, `${localPart}@${at}`);
    }),
    { seed: 20261123, numRuns: 2_000 },
  );
});

test('BCP134-3.1-e: an identity without rights may send as nobody', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      assert.equal(maySendAs(alice([]), text, ours).allowed, false);
      assert.equal(maySendAs(alice([]), `${text}@example.org`, ours).allowed, false);
    }),
    { seed: 7, numRuns: 2000 },
  );
});
