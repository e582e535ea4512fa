import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalAddress, canonicalMailbox } from '../../policy/address.ts';
import { parseMailbox } from './mailbox.ts';
import { plainMailboxAt } from './plain-mailbox.ts';

const plain = [
  { text: 'alice@example.org', at: 5, why: 'what most addresses are' },
  { text: "a.b+c!#$%&'*-/=?^_`{|}~@sub.example.org", at: 23, why: 'every letter of atext' },
  { text: `${'l'.repeat(64)}@x.example`, at: 64, why: 'the longest local part' },
  { text: `a@${'d'.repeat(63)}.example`, at: 1, why: 'the longest label' },
  { text: '1@1.2.c3', at: 1, why: 'digits, but for the first letter of the last label' },
] as const;

const others = [
  { text: '', why: 'nothing' },
  { text: 'alice', why: 'no domain' },
  { text: '@example.org', why: 'no local part' },
  { text: 'Alice@example.org', why: 'its canonical form is another' },
  { text: 'alice@Example.org', why: 'its canonical form is another' },
  { text: '.a@example.org', why: 'a dot in front' },
  { text: 'a.@example.org', why: 'a dot at the end' },
  { text: 'a..b@example.org', why: 'two dots' },
  { text: '"a"@example.org', why: 'quoted' },
  { text: 'a@b@example.org', why: 'two at signs' },
  { text: 'a b@example.org', why: 'a space' },
  { text: 'a@example', why: 'a single label' },
  { text: 'a@example.org.', why: 'a dot at the end of the domain' },
  { text: 'a@.example.org', why: 'an empty label' },
  { text: 'a@example..org', why: 'an empty label' },
  { text: 'a@-x.org', why: 'a hyphen in front' },
  { text: 'a@x-.org', why: 'a hyphen at the end' },
  { text: 'a@xn--bcher-kva.example', why: 'an A-label is looked at closely' },
  { text: 'a@x.xn--p1ai', why: 'an A-label at the end' },
  { text: 'a@192.0.2.1', why: 'an address is no name' },
  { text: 'a@x.0x7f', why: 'nor is this' },
  { text: 'a@[192.0.2.1]', why: 'a literal' },
  { text: 'ä@example.org', why: 'UTF-8' },
  { text: 'a@bücher.example', why: 'a U-label' },
  { text: 'a@exam\u212ale.org', why: 'the Kelvin sign' },
  { text: 'a\0@example.org', why: 'NUL' },
  { text: 'a@example.org\r\n', why: 'a line end' },
  { text: `${'l'.repeat(65)}@x.example`, why: 'a local part that is too long' },
  { text: `a@${'d'.repeat(64)}.example`, why: 'a label that is too long' },
  { text: `a@${'d.'.repeat(100)}example`, why: 'longer than is worth a walk' },
] as const;

test('5321-l 5321-n: what is plainly a mailbox is seen in one walk', () => {
  for (const { text, at, why } of plain) assert.equal(plainMailboxAt(text), at, why);
  for (const { text, why } of others) assert.equal(plainMailboxAt(text), -1, why);
});

/** By the grammar: a quoted local part is never plain. */
function quoted(text: string, at: number): string {
  return `"${text.slice(0, at)}"${text.slice(at)}`;
}

test('5321-l: the walk says nothing that the grammar does not say', () => {
  const letters = fc.constantFrom(...'aaabz019', ...'...--', ...'+_!"\\ @[]', ...'AZÄßК\u212a\u00ad\0\r\n');
  const text = fc.string({ unit: letters, maxLength: 12 });
  const almost = fc.tuple(text, text, text).map(([one, two, three]) => `${one}@${two}.${three}`);
  let seen = 0;
  fc.assert(
    fc.property(fc.oneof(text, almost, fc.emailAddress()), (address) => {
      const at = plainMailboxAt(address);
      if (at < 0) return;
      seen += 1;
      assert.deepEqual(parseMailbox(quoted(address, at)), parseMailbox(address));
      assert.equal(parseMailbox(address).ok, true);
      assert.equal(canonicalAddress(quoted(address, at)), address);
      assert.deepEqual(canonicalMailbox(quoted(address, at)), canonicalMailbox(address));
    }),
    { numRuns: 20_000 },
  );
  assert.ok(seen > 100, `only ${seen} of the addresses were plain`);
});
