// The signer against a verifier of others: whatever a message looks like, both signatures verify, and what was not there when it was signed
// can not be added.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { edKey, rsaKey, verify } from '../../test/fakes/dkim.ts';
import type { SignatureFacts } from '../record/events.ts';
import { createSigner, type SigningKey, type SignOctets } from './signer.ts';

const NOW = Date.UTC(2026, 10, 23, 10);
const both = [rsaKey, edKey];
const octets = (text: string): Buffer => Buffer.from(text, 'latin1');

interface Tried {
  readonly message: Buffer;
  readonly signatures: readonly SignatureFacts[];
  readonly error?: string;
}

interface How {
  readonly keys?: readonly SigningKey[];
  readonly sign?: SignOctets;
  readonly from?: string;
  readonly failed?: (facts: SignatureFacts) => void;
}

/** `header` without, `body` after the blank line; the body goes in by pieces of `cut` octets. */
async function signed(header: string, body: string, how: How = {}, cut = 1000): Promise<Tried | undefined> {
  const { keys = both, sign, from = 'alice@example.org', failed = () => undefined } = how;
  const signing = createSigner({ keys, failed, ...(sign === undefined ? {} : { sign }) }).open(from);
  if (signing === undefined) return undefined;
  const content = octets(body);
  for (let at = 0; at < content.length; at += cut) signing.body(content.subarray(at, at + cut));
  const made = await signing.finish(octets(`${header}\r\n`), NOW);
  if (!made.ok) return { message: Buffer.alloc(0), signatures: [], error: made.error };
  return { message: Buffer.concat([made.value.header, content]), signatures: made.value.signatures };
}

async function verdicts(message: Buffer | undefined, keys = both): Promise<readonly string[]> {
  return (await verify(message ?? Buffer.alloc(0), keys)).map(
    ({ selector, result, comment }) => `${selector} ${result}${comment === '' ? '' : ` ${comment}`}`,
  );
}

const PLAIN =
  'From: Alice <alice@example.org>\r\nTo: bob@example.net\r\nSubject: hi\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n';

const space = fc.constantFrom(' ', '  ', '\t', '\r\n ', '\r\n\t', ' \r\n  ');
const word = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'abXY09.:;=<>@"(),-_'), minLength: 1, maxLength: 12 }),
  fc.constantFrom('J\xf6rg', '=?utf-8?q?x?=', 'z'.repeat(900)),
);
const value = fc
  .array(fc.tuple(space, word), { maxLength: 8 })
  .map((parts) => parts.map((part) => part.join('')).join(''));
const name = fc.constantFrom(
  ...[
    'Subject',
    'to',
    'CC',
    'Reply-To',
    'Sender',
    'MIME-Version',
    'Content-Type',
    'Content-Transfer-Encoding',
  ],
  ...[
    'References',
    'In-Reply-To',
    'List-Id',
    'X-Mailer',
    'Resent-From',
    'Message-ID',
    'Received',
    'Auto-Submitted',
  ],
);
const line = fc
  .array(fc.oneof(fc.constantFrom(' ', '  ', '\t', '.', '..', 'word', '\xe4\xf6', 'x'.repeat(2000)), word), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));
const message = fc.record({
  fields: fc.array(fc.tuple(name, value), { maxLength: 12 }),
  lines: fc.array(line, { maxLength: 20 }),
  emptyLines: fc.nat(4),
  hasLastLineEnd: fc.boolean(),
  cut: fc.integer({ min: 1, max: 3000 }),
});

test('6409-8.5: any message that we sign verifies, by rsa and by ed25519', async () => {
  await fc.assert(
    fc.asyncProperty(message, async ({ fields, lines, emptyLines, hasLastLineEnd, cut }) => {
      const header = `From: Alice <alice@example.org>\r\n${fields.map(([key, text]) => `${key}:${text}\r\n`).join('')}`;
      const end = hasLastLineEnd ? '\r\n' : '';
      const body = `${lines.join('\r\n')}${lines.length > 0 ? end : ''}${'\r\n'.repeat(emptyLines)}`;
      const made = await signed(header, body, {}, cut);
      assert.deepEqual(
        await verdicts(made?.message),
        ['rsa1 pass', 'ed1 pass'],
        JSON.stringify({ header, body }),
      );
    }),
    { numRuns: 150 },
  );
});

test('F-DKIM-1: a second From, Subject or To on the way breaks the signatures; a Received and a list field do not', async () => {
  const { message: whole = Buffer.alloc(0), signatures } = (await signed(PLAIN, 'hello\r\n')) ?? {};
  assert.deepEqual(signatures, [
    { domain: 'example.org', selector: 'rsa1' },
    { domain: 'example.org', selector: 'ed1' },
  ]);
  const after = (field: string) => Buffer.concat([octets(`${field}\r\n`), whole]);
  for (const field of [
    'Received: from x by y; now',
    'List-Id: <l.example.org>',
    'X-Spam: no',
    'Sender: l@example.org',
  ])
    assert.deepEqual(await verdicts(after(field)), ['rsa1 pass', 'ed1 pass'], field);
  for (const field of [
    'From: eve@example.com',
    'Subject: no',
    'To: c@example.net',
    'Cc: d@example.net',
    'Reply-To: e@example.com',
  ])
    assert.deepEqual(
      await verdicts(after(field)),
      ['rsa1 fail bad signature', 'ed1 fail bad signature'],
      field,
    );
  const longer = Buffer.concat([whole, octets('more\r\n')]);
  for (const verdict of await verdicts(longer)) assert.doesNotMatch(verdict, / pass/);
});

test('6409-8.5: the keys of the From domain sign, else those of the nearest domain above it, else nobody', async () => {
  const above = { ...edKey, domain: 'example.net' };
  const keys = [rsaKey, { ...edKey, domain: 'lists.example.org' }, above];
  const by = async (from: string) =>
    (await signed(PLAIN, '', { keys, from }))?.signatures.map(
      ({ domain, selector }) => `${selector} ${domain}`,
    );
  assert.deepEqual(await by('alice@example.org'), ['rsa1 example.org']);
  assert.deepEqual(await by('alice@EXAMPLE.org'), ['rsa1 example.org']);
  assert.deepEqual(await by('l@lists.example.org'), ['ed1 lists.example.org']);
  assert.deepEqual(await by('l@deep.lists.example.org'), ['ed1 lists.example.org']);
  assert.deepEqual(await by('postmaster@mail.example.net'), ['ed1 example.net']);
  for (const from of ['a@notexample.org', 'a@org', 'a@[192.0.2.1]', 'postmaster', ''])
    assert.equal(await by(from), undefined, from);
  assert.equal(await signed(PLAIN, '', { keys: [] }), undefined);
});

test('6409-8.5: without a required signature there is no message; one that is not required may be missing, and both are told', async () => {
  const told: SignatureFacts[] = [];
  const sign: SignOctets = async (digest) => {
    if (digest === null) throw new Error('no entropy');
    return Buffer.alloc(256);
  };
  const failed = (facts: SignatureFacts): void => void told.push(facts);
  const refused = await signed(PLAIN, 'x', { sign, failed });
  assert.equal(refused?.error, 'no signature by ed1._domainkey.example.org: no entropy');
  const passed = await signed(PLAIN, 'x', { sign, failed, keys: [rsaKey, { ...edKey, required: false }] });
  const missing = { domain: 'example.org', selector: 'ed1', failure: 'no entropy' };
  assert.deepEqual(passed?.signatures, [{ domain: 'example.org', selector: 'rsa1' }, missing]);
  assert.equal(passed?.message.toString('latin1').match(/DKIM-Signature:/g)?.length, 1);
  assert.deepEqual(told, [missing, missing]);
  const unreadable = await signed(PLAIN, 'x', { keys: [{ ...rsaKey, pem: 'no key' }] });
  assert.match(unreadable?.error ?? '', /no signature by rsa1.*no private key/);
});
