// Properties of the message parsers over arbitrary input: nothing throws, pieces don't matter, what was judged is what leaves, and twice
// the input takes no more than about twice the time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, latin1, utf8 } from '../base/bytes.ts';
import { addressesInDisplayName } from '../policy/display-name.ts';
import { parseAddressList } from './address-list.ts';
import { completeHeader } from './complete.ts';
import { isDate } from './date.ts';
import { readEncodedWords } from './encoded-word.ts';
import { HeaderCollector } from './header-collector.ts';
import { type HeaderFacts, judgeHeader, relayFacts } from './header-facts.ts';
import { type Header, headerField, parseHeader } from './header.ts';
import { ownReceivedLines, receivedField } from './received.ts';
import { buildReport } from './report.ts';

const settings = {
  seed: 20261123,
  numRuns: 400,
};
const NOW = Date.UTC(2026, 10, 23, 10);
const hostname = 'msa.example.org';
const random = (length: number): Uint8Array => new Uint8Array(length);

// Letters and words that mean something to one of the parsers, so that chance comes by the interesting places.
const words = [
  ...'()<>[]:;@\\,."= \t\0\r\n?-+%!a1_*',
  '\r\n',
  '\r\n ',
  '\r\n\t',
  '\r\n\r\n',
  'alice@example.org',
  '<alice@example.org>',
  '"ceo@example.org"',
  '=?utf-8?q?',
  '?=',
  '=?utf-8?b?YQ==?=',
  '=40',
  'From',
  'from:',
  'From: ',
  'Sender: ',
  'To: ',
  'Bcc: x@y.example',
  'Resent-From: ',
  'Resent-Date: x',
  'Received: from x by y; z',
  'Message-ID: ',
  '<x@y>',
  'Date: ',
  'Mon, 23 Nov 2026 10:00:00 +0000',
  'Authentication-Results: ',
  'msa.example.org',
  '[192.0.2.1]',
  '[IPv6:::1]',
  'ü',
  '\u0430',
  '\u202e',
  '\ud800',
  '\u{1f600}',
  '\uff20',
  'xn--',
];
const text = fc
  .array(fc.constantFrom(...words), { maxLength: 40, size: 'max' })
  .map((parts) => parts.join(''));
const anyText = fc.oneof(text, fc.string({ unit: 'binary', maxLength: 200 }));
const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), anyText.map(utf8), text.map(latin1));

const good = [
  'alice@example.org',
  'A <alice@example.org>',
  '"ceo@example.org" <a@b.example>',
  '=?utf-8?q?=40?= <ü@b.example>',
];
const names = [
  'From',
  'Sender',
  'To',
  'Bcc',
  'Date',
  'Message-ID',
  'Subject',
  'Received',
  'X',
  'Return-Path',
  'Authentication-Results',
];
const lines = fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(fc.constantFrom(...good), text)), {
  maxLength: 4,
});
const from = fc.tuple(
  fc.constantFrom('From', 'fRoM'),
  fc.constantFrom(...good, 'a@b.example,\r\n c@d.example'),
);
const headers = fc
  .tuple(lines, from, lines)
  .map(([before, one, after]) =>
    utf8([...before, one, ...after].map(([name, value]) => `${name}: ${value}\r\n`).join('')),
  );

const rules = { smtputf8: true, receivedMax: 100 };

function complete(header: Header): Uint8Array {
  return completeHeader(header, { now: NOW, hostname, random }).bytes;
}

function judged(bytes: Uint8Array): { header: Header; facts: HeaderFacts } | undefined {
  const header = parseHeader(bytes);
  if (!header.ok) return undefined;
  const facts = judgeHeader(header.value, rules);
  return facts.ok ? { header: header.value, facts: facts.value } : undefined;
}

test('no parser throws, whatever it is given', () => {
  fc.assert(
    fc.property(anyText, anyBytes, (value, bytes) => {
      const list = parseAddressList(value);
      if (list.ok) for (const { displayName } of list.value.mailboxes) addressesInDisplayName(displayName);
      readEncodedWords(value);
      isDate(value);
      relayFacts(bytes);
      const collector = new HeaderCollector(1000);
      if (collector.push(bytes).type === 'more') collector.end();
      const header = parseHeader(bytes);
      if (!header.ok) return;
      judgeHeader(header.value, rules);
      ownReceivedLines(header.value, hostname);
      complete(header.value);
    }),
    settings,
  );
});

test('F-HDR-8: a header is the same in whatever pieces it comes', () => {
  const cut = (pieces: readonly Uint8Array[]): unknown => {
    const collector = new HeaderCollector(100);
    for (const [at, piece] of pieces.entries()) {
      const collected = collector.push(piece);
      if (collected.type === 'more') continue;
      if (collected.type === 'tooLarge') return 'too large';
      const rest = concat([collected.rest, ...pieces.slice(at + 1)]);
      return [Buffer.from(collected.header).toString('hex'), Buffer.from(rest).toString('hex')];
    }
    return Buffer.from(collector.end()).toString('hex');
  };
  fc.assert(
    fc.property(anyBytes, fc.array(fc.nat(200), { maxLength: 5 }), (bytes, places) => {
      const ends = [
        ...places.filter((place) => place < bytes.length).sort((one, other) => one - other),
        bytes.length,
      ];
      const pieces = ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
      assert.deepEqual(cut(pieces), cut([bytes]));
    }),
    settings,
  );
});

test('F-HDR-8 F-TX-4: a header that was accepted says the same when it is read again as it leaves', () => {
  let accepted = 0;
  fc.assert(
    fc.property(headers, (bytes) => {
      const before = judged(bytes);
      if (before === undefined) return;
      accepted += 1;
      const left = complete(before.header);
      const after = judged(left);
      assert.deepEqual(after?.facts, before.facts);
      assert.equal(Buffer.compare(complete(after.header), left), 0, 'nothing is left to complete');
      const names = after.header.fields.map(({ name }) => name.toLowerCase());
      for (const single of ['from', 'date', 'message-id']) {
        assert.equal(names.filter((name) => name === single).length, 1, single);
      }
      assert.ok(!names.includes('bcc') && !names.includes('return-path'));
    }),
    settings,
  );
  assert.ok(accepted > 50, `${accepted} headers were accepted`);
});

test('an address that was listed is listed again, alone, in brackets and with a name', () => {
  fc.assert(
    fc.property(text, (value) => {
      const list = parseAddressList(value);
      if (!list.ok) return;
      for (const { address } of list.value.mailboxes) {
        for (const again of [address, `<${address}>`, `"x" <${address}>`]) {
          const read = parseAddressList(again);
          assert.deepEqual(read.ok && read.value.mailboxes.map((one) => one.address), [address]);
        }
      }
    }),
    settings,
  );
});

test('F-HDR-1: no client name and no words of a remote make another field or line', () => {
  const namesIn = (bytes: Uint8Array): readonly string[] => {
    const parsed = parseHeader(bytes);
    assert.ok(parsed.ok);
    return parsed.value.fields.map(({ name }) => name);
  };
  const recipient = { forwardPath: 'b@far.example', action: 'failed', status: '5.0.0' } as const;
  fc.assert(
    fc.property(anyText, (words) => {
      const from = { mode: 'full', ehlo: words, address: '192.0.2.1' } as const;
      const received = receivedField({
        hostname,
        from,
        withProtocol: 'ESMTP',
        id: 'X',
        now: NOW,
        utf8: true,
      });
      assert.deepEqual(namesIn(received), ['Received']);
      const { body } = buildReport({
        hostname,
        now: NOW,
        random,
        reversePath: 'a@b.example',
        smtputf8: false,
        arrivedAt: NOW,
        messageId: 'X',
        recipients: [{ ...recipient, diagnostic: words, remote: words }],
        original: { bytes: latin1('Subject: x\r\n'), whole: false },
      });
      const blocks = Buffer.from(body).toString('latin1').split('\r\n\r\n');
      const block = blocks.findIndex((one) => one.startsWith('Final-Recipient:'));
      const expected = ['Final-Recipient', 'Action', 'Status', 'Diagnostic-Code', 'Last-Attempt-Date'];
      assert.deepEqual(
        namesIn(latin1(`${blocks[block] ?? ''}\r\n`)).filter((name) => name !== 'Remote-MTA'),
        expected,
      );
    }),
    { ...settings, numRuns: 150 },
  );
});

const MIB = 1024 * 1024;

/** Floods for a field value: what a parser may look at again and again. */
const floods: readonly (readonly [unit: string, why: string])[] = [
  ['(', 'open comments'],
  ['()', 'empty comments'],
  ['(\\', 'comments with quoted pairs'],
  ['"', 'quotes'],
  ['"\\"', 'quoted quotes'],
  ['\\', 'backslashes'],
  [',', 'commas'],
  ['@', 'at signs'],
  [';', 'semicolons'],
  [':', 'colons'],
  ['a:', 'nested groups'],
  ['a:;,', 'groups'],
  ['<', 'open brackets'],
  ['<a@b.example>,', 'addresses'],
  ['a@b.example,', 'bare addresses'],
  ['a ', 'words'],
  ['a.', 'dots'],
  ['[', 'open literals'],
  [' ', 'spaces'],
  ['=?', 'openings of encoded words'],
  ['=?a?q?', 'encoded words without end'],
  ['=?a?q?x?=', 'encoded words'],
  ['=?utf-8?q?=40?= ', 'encoded words with spaces'],
  ['?=', 'ends of encoded words'],
  ['\u202ex', 'direction marks'],
  ['\u200b', 'invisible letters'],
];

/** Time of this thread on the processor, ms: whoever else is busy on the machine does not count. */
function fastest(work: () => void): number {
  let least = Infinity;
  for (let run = 0; run < 3; run += 1) {
    const before = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/**
 * T(2n) against T(n), the fastest of several; what takes less than a few milliseconds is too short to be measured against.
 * What is not linear is so every time; a machine under load, or a function that V8 recompiles on the way, is not.
 */
function assertLinear(work: (octets: number) => () => void, why: string, octets: number): void {
  const seen: string[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const once = fastest(work(octets));
    const twice = fastest(work(2 * octets));
    if (twice <= 4 * Math.max(once, 5)) return;
    seen.push(`${once.toFixed(1)} ms, twice as much: ${twice.toFixed(1)} ms`);
  }
  assert.fail(`${why}: ${seen.join('; ')}`);
}

const around = [
  ['', ''],
  ['"', '" <a@b.example>'],
  ['(', ') a@b.example'],
] as const;

test('F-DOS-3: address lists take linear time', () => {
  for (const [unit, why] of floods) {
    for (const [open, close] of around) {
      const flood = (octets: number) => {
        const value = `${open}${unit.repeat(octets / unit.length)}${close}`;
        return () => {
          const list = parseAddressList(value);
          if (list.ok)
            for (const { displayName } of list.value.mailboxes) addressesInDisplayName(displayName);
        };
      };
      assertLinear(flood, `${why} in ${open}${close}`, MIB / 32);
      if (open === '') flood(MIB)();
    }
  }
});

const floodedHeaders: readonly (readonly [header: (octets: number) => string, why: string])[] = [
  [(octets) => `From: a@b.example${'\r\n x'.repeat(octets / 4)}\r\n`, 'folds'],
  [(octets) => `From:${' '.repeat(octets)}a@b.example\r\n`, 'spaces'],
  [(octets) => 'X: y\r\n'.repeat(octets / 6), 'fields'],
  [(octets) => 'X:\r\n'.repeat(octets / 4), 'empty fields'],
  [
    (octets) => `From: a@b.example\r\nTo: ${'a@b.example, '.repeat(octets / 13)}a@b.example\r\n`,
    'recipients',
  ],
  [(octets) => `Message-ID: <${'a@'.repeat(octets / 2)}>\r\n`, 'a Message-ID'],
  [(octets) => `Date: Mon, ${' '.repeat(octets)}\r\n`, 'a Date'],
  [(octets) => `Date: Mon, 23 Nov 2026 10:00:00 +0000 (${'('.repeat(octets)}\r\n`, 'a Date with a comment'],
  [(octets) => `Authentication-Results: ${'('.repeat(octets)}\r\n`, 'Authentication-Results'],
  [(octets) => `Authentication-Results: ${'(\\)'.repeat(octets / 3)}\r\n`, 'its quoted pairs'],
  [(octets) => `Received: ${' by x'.repeat(octets / 5)}\r\n`, 'Received'],
  [(octets) => 'x'.repeat(octets), 'a name without end'],
  [(octets) => `${':'.repeat(octets)}\r\n`, 'colons'],
  [(octets) => '\r\n '.repeat(octets / 3), 'lines of white space'],
  [(octets) => 'From:\r\n x\r\n'.repeat(octets / 11), 'many From'],
];

test('F-DOS-3: headers take linear time, from the first octet to the last repair', () => {
  for (const [headerOf, why] of floodedHeaders) {
    const flood = (octets: number) => {
      const bytes = latin1(headerOf(octets));
      return () => {
        const collector = new HeaderCollector(2 * MIB);
        for (let at = 0; at < bytes.length; at += 16_384) collector.push(bytes.subarray(at, at + 16_384));
        const whole = collector.end();
        relayFacts(whole);
        // The size limits are put aside, so that the parsers after them see all of it.
        const fields = Buffer.from(whole)
          .toString('latin1')
          .split(/\r\n(?![ \t])/);
        const header = { fields: fields.map((field) => headerField(latin1(field))) };
        parseHeader(whole);
        judgeHeader(header, rules);
        ownReceivedLines(header, hostname);
        complete(header);
      };
    };
    assertLinear(flood, why, MIB / 16);
    flood(MIB)();
  }
});
