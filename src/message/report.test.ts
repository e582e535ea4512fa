// Delivery reports, read back: MIME structure, fields for programs, and nothing of what a remote said gets out of its place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, isAscii, latin1, utf8, utf8Text } from '../base/bytes.ts';
import { messageIdSource } from '../base/message-id.ts';
import { createReportWriter } from '../relay/reports.ts';
import type { AcceptChange } from '../store/port.ts';
import { createSigner, type Signer } from '../submission/signer.ts';
import { edKey, rsaKey, verify } from '../../test/fakes/dkim.ts';
import { countingEntropy, NOW } from '../../test/fakes/submission.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { isDate } from './date.ts';
import { HeaderCollector } from './header-collector.ts';
import { judgeHeader } from './header-facts.ts';
import { fieldValue, parseHeader } from './header.ts';
import { buildReport, type ReportInput, type ReportRecipient } from './report.ts';

const HOUR = 3_600_000;
const originalHeader = 'From: alice@example.org\r\nSubject: x\r\n\r\n';

const failed: ReportRecipient = {
  forwardPath: 'b@far.example',
  action: 'failed',
  status: '5.1.1',
  diagnostic: '550 5.1.1 No such mailbox',
  remote: 'smtp mx.far.example [203.0.113.5]:25',
};

const input: ReportInput = {
  hostname: 'msa.example.org',
  now: NOW,
  random: (length) => countingEntropy().bytes(length),
  reversePath: 'alice@example.org',
  smtputf8: false,
  arrivedAt: NOW - HOUR,
  messageId: '01M0P5T8Z40001XQ6B2Q8CJ8QK',
  recipients: [failed],
  original: { bytes: latin1(originalHeader), whole: false },
};

type Fields = readonly (readonly [name: string, value: string])[];

/** Fields and body; a header that does not end is none. */
function cut(bytes: Uint8Array): { fields: Fields; body: Uint8Array } {
  const collected = new HeaderCollector(1_000_000).push(bytes);
  assert.equal(collected.type, 'complete');
  return { fields: fieldsOf(collected.header), body: collected.rest };
}

function fieldsOf(bytes: Uint8Array): Fields {
  const parsed = parseHeader(bytes);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.detail);
  return parsed.value.fields.map((field) => [field.name, (fieldValue(field) ?? '').trim()]);
}

function valueOf(fields: Fields, name: string): string | undefined {
  const values = fields.filter(([one]) => one.toLowerCase() === name.toLowerCase());
  assert.ok(values.length <= 1, `${name} stands once`);
  return values[0]?.[1];
}

/** Body parts by RFC 2046 section 5.1.1. */
function partsOf(body: Uint8Array, boundary: string): readonly { fields: Fields; body: Uint8Array }[] {
  const text = Buffer.from(body).toString('latin1');
  const [preamble, ...pieces] = `\r\n${text}`.split(`\r\n--${boundary}`);
  assert.equal(preamble, '', 'no preamble');
  assert.equal(pieces.pop(), '--\r\n', 'the closing delimiter ends it');
  return pieces.map((piece) => {
    assert.ok(piece.startsWith('\r\n'));
    const { fields, body } = cut(latin1(piece.slice(2)));
    return { fields, body: decoded(valueOf(fields, 'content-transfer-encoding'), body) };
  });
}

function decoded(encoding: string | undefined, body: Uint8Array): Uint8Array {
  const text = Buffer.from(body).toString('latin1');
  if (encoding === 'base64') return Buffer.from(text, 'base64');
  if (encoding !== 'quoted-printable') return body;
  for (const line of text.split('\r\n')) assert.match(line, /^[\x20-\x7e]{0,76}$/);
  const joined = text.replaceAll(/=\r\n/g, '');
  return latin1(
    joined.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  );
}

interface Read {
  readonly fields: Fields;
  readonly type: string;
  readonly words: string;
  readonly statusPart: Fields;
  readonly message: Fields;
  readonly recipients: readonly Fields[];
  readonly original: { readonly fields: Fields; readonly body: Uint8Array };
}

function read(header: Uint8Array, body: Uint8Array): Read {
  const fields = fieldsOf(header);
  const contentType = valueOf(fields, 'content-type') ?? '';
  const [, type = '', boundary = ''] =
    /^multipart\/report; report-type=([a-z-]+);\s*boundary="([^"]{1,70})"$/.exec(contentType) ?? [];
  const [words, status, original, ...more] = partsOf(body, boundary);
  assert.ok(words !== undefined && status !== undefined && original !== undefined && more.length === 0);
  assert.match(valueOf(words.fields, 'content-type') ?? '', /^text\/plain/);
  assert.equal(valueOf(status.fields, 'content-type'), `message/${type}`);
  const groups = Buffer.from(status.body)
    .toString('latin1')
    .split(/\r\n(?:\r\n)+/)
    .filter((group) => group !== '');
  const [message = [], ...recipients] = groups.map((group) =>
    fieldsOf(latin1(`${group.replace(/\r\n$/, '')}\r\n`)),
  );
  return {
    fields,
    type,
    words: utf8Text(words.body) ?? '',
    statusPart: status.fields,
    message,
    recipients,
    original: { fields: original.fields, body: original.body },
  };
}

function report(change: Partial<ReportInput> = {}): Read {
  const { header, body } = buildReport({ ...input, ...change });
  checkLines(concat([header, latin1('\r\n'), body]));
  return read(header, body);
}

/** Only CRLF, no long lines, and 7-bit: a hop without 8BITMIME takes it. */
function checkLines(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString('latin1');
  assert.doesNotMatch(text, /\r(?!\n)|(?<!\r)\n|\0/);
  for (const line of text.split('\r\n')) assert.ok(line.length <= 998);
  const isToUtf8 = /^To: <[^>]*[^\x00-\x7f]/m.test(text);
  assert.equal(isAscii(bytes), !isToUtf8, 'only the address it goes to may need more');
  assert.doesNotMatch(text, /Transfer-Encoding: 8bit/);
}

test('EXT-DSN-c E-D-1/3: a report is what RFC 3464 and RFC 6522 ask for', () => {
  const read = report({ envelopeId: 'QQ314159' });
  assert.equal(read.type, 'delivery-status');
  assert.equal(valueOf(read.fields, 'from'), 'Mail Delivery System <postmaster@msa.example.org>');
  assert.equal(valueOf(read.fields, 'to'), '<alice@example.org>');
  assert.equal(valueOf(read.fields, 'auto-submitted'), 'auto-replied');
  assert.equal(valueOf(read.fields, 'mime-version'), '1.0');
  assert.match(valueOf(read.fields, 'message-id') ?? '', /^<[0-9a-z]{26}@msa\.example\.org>$/);
  assert.ok(isDate(valueOf(read.fields, 'date') ?? ''));

  assert.deepEqual(read.message, [
    ['Reporting-MTA', 'dns; msa.example.org'],
    ['Original-Envelope-Id', 'QQ314159'],
    ['Arrival-Date', 'Mon, 23 Nov 2026 09:00:00 +0000'],
  ]);
  assert.deepEqual(read.recipients, [
    [
      ['Final-Recipient', 'rfc822; b@far.example'],
      ['Action', 'failed'],
      ['Status', '5.1.1'],
      ['Remote-MTA', 'dns; mx.far.example'],
      ['Diagnostic-Code', 'smtp; 550 5.1.1 No such mailbox'],
      ['Last-Attempt-Date', 'Mon, 23 Nov 2026 10:00:00 +0000'],
    ],
  ]);
  assert.equal(valueOf(read.original.fields, 'content-type'), 'text/rfc822-headers');
  assert.match(read.words, /<b@far\.example>: failed \(5\.1\.1\)/);
  assert.match(read.words, /01M0P5T8Z40001XQ6B2Q8CJ8QK/);
});

test('a report is a message that we ourselves would accept', () => {
  const { header } = buildReport(input);
  const parsed = parseHeader(header);
  assert.ok(parsed.ok);
  assert.ok(judgeHeader(parsed.value, { smtputf8: false, receivedMax: 100 }).ok);
});

test('EXT-DSN-c: each recipient has its block, with what ORCPT said and until when is tried', () => {
  const retryUntil = NOW + 24 * HOUR;
  const { recipients, fields, words } = report({
    recipients: [
      { ...failed, originalRecipient: { addressType: 'rfc822', address: 'Bob+x@alias.example' } },
      {
        forwardPath: 'c@far.example',
        action: 'delayed',
        status: '4.4.1',
        diagnostic: 'no connection',
        retryUntil,
      },
      { forwardPath: 'd@far.example', action: 'relayed', status: '2.0.0', diagnostic: '250 ok' },
    ],
  });
  assert.deepEqual(
    recipients.map((one) => [valueOf(one, 'final-recipient'), valueOf(one, 'action')]),
    [
      ['rfc822; b@far.example', 'failed'],
      ['rfc822; c@far.example', 'delayed'],
      ['rfc822; d@far.example', 'relayed'],
    ],
  );
  assert.equal(valueOf(recipients[0] ?? [], 'original-recipient'), 'rfc822; Bob+x@alias.example');
  assert.equal(valueOf(recipients[1] ?? [], 'original-recipient'), undefined);
  assert.equal(valueOf(recipients[1] ?? [], 'will-retry-until'), 'Tue, 24 Nov 2026 10:00:00 +0000');
  assert.equal(valueOf(recipients[1] ?? [], 'remote-mta'), undefined, 'no host was reached');
  assert.match(words, /It is retried until Tue, 24 Nov 2026/);
  assert.equal(valueOf(fields, 'subject'), 'Undelivered Mail Returned to Sender', 'the worst one counts');
});

const remotes: readonly (readonly [remote: string, host: string | undefined, why: string])[] = [
  ['smtp mx.far.example [203.0.113.5]:25', 'dns; mx.far.example', 'a name with its address'],
  ['smtp mta.internal:25', 'dns; mta.internal', 'a name with its port'],
  ['lmtp mda.internal [203.0.113.5:24]', 'dns; mda.internal', 'over LMTP'],
  ['smtp 203.0.113.5:25', undefined, 'an address is no name'],
  ['smtp fd00:203::113.5:25', undefined, 'nor is this one'],
  ['lmtp /run/mda.sock', undefined, 'a socket'],
  ['files /var/mail', undefined, 'a directory'],
];

test('E-D-4: of the way out only a name is told', () => {
  for (const [remote, host, why] of remotes) {
    const { recipients, words } = report({ recipients: [{ ...failed, remote }] });
    assert.equal(valueOf(recipients[0] ?? [], 'remote-mta'), host, why);
    assert.doesNotMatch(words, /203|fd00|\/run|\/var/, why);
  }
});

const subjects: readonly (readonly [action: ReportRecipient['action'], subject: RegExp])[] = [
  ['failed', /Undelivered/],
  ['delayed', /Delayed/],
  ['relayed', /Relayed/],
  ['delivered', /Successful/],
];

test('EXT-DSN-c: the subject says what became of it', () => {
  for (const [action, subject] of subjects)
    assert.match(valueOf(report({ recipients: [{ ...failed, action }] }).fields, 'subject') ?? '', subject);
});

const hostile: readonly (readonly [diagnostic: string, why: string])[] = [
  ['550 x\r\nBcc: evil@example.net', 'a line'],
  ['550 x\r\n\r\nFinal-Recipient: rfc822; ceo@example.org\r\nAction: delivered', 'a block'],
  ['550 x\r\n--=_0000\r\n\r\n', 'a part'],
  ['550 x\nBcc: evil', 'LF alone'],
  ['550 x\rBcc: evil', 'CR alone'],
  ['550 \u0000\u001b[31m\u007f', 'control characters'],
  ['550 grün \u2028\u0085 ü', 'UTF-8'],
  [`550 ${'x'.repeat(10_000)}`, 'too long'],
  [`550 ${'xy '.repeat(5000)}`, 'too long, with spaces'],
  [`550 ${' '.repeat(5000)}x`, 'spaces'],
  ['', 'nothing'],
];

test('5322-f/4 E-D-4 F-HDR-6: what a remote said stays one field of printable ASCII, whatever it is', () => {
  const names = (fields: Fields): readonly string[] => fields.map(([name]) => name);
  const plain = report();
  for (const [diagnostic, why] of hostile) {
    const read = report({ recipients: [{ ...failed, diagnostic }] });
    assert.deepEqual(names(read.fields), names(plain.fields), why);
    assert.deepEqual(read.recipients.map(names), plain.recipients.map(names), why);
    assert.equal(valueOf(read.recipients[0] ?? [], 'action'), 'failed', why);
    assert.match(
      valueOf(read.recipients[0] ?? [], 'diagnostic-code') ?? '',
      /^smtp;[\x20-\x7e]{0,2100}$/,
      why,
    );
    assert.match(read.words, /^[\x20-\x7e\r\n]*$/, why);
  }
});

const utf8Recipient: ReportRecipient = {
  ...failed,
  forwardPath: 'ü@far.example',
  originalRecipient: { addressType: 'utf-8', address: 'ö+\u{1f600}@far.example' },
};

test('EXT-UTF8-a2: to a sender that used SMTPUTF8 UTF-8 addresses make it a report of RFC 6533', () => {
  const read = report({ smtputf8: true, recipients: [utf8Recipient] });
  assert.equal(read.type, 'global-delivery-status');
  const [recipient = []] = read.recipients;
  assert.equal(valueOf(recipient, 'final-recipient'), 'utf-8; ü@far.example');
  assert.equal(valueOf(recipient, 'original-recipient'), 'utf-8; ö+\u{1f600}@far.example');
  assert.match(read.words, /<ü@far\.example>: failed/);
  assert.equal(report({ smtputf8: true }).type, 'delivery-status', 'nothing needs it');
});

test('EXT-UTF8-a2: to any other sender UTF-8 addresses stand in their 7-bit form', () => {
  const read = report({ recipients: [utf8Recipient, { ...failed, forwardPath: 'uta@müller.test' }] });
  assert.equal(read.type, 'delivery-status');
  assert.equal(valueOf(read.statusPart, 'content-transfer-encoding'), undefined, 'RFC 3464 section 2.1');
  const [recipient = [], plain = []] = read.recipients;
  assert.equal(valueOf(recipient, 'final-recipient'), 'utf-8; \\x{FC}@far.example');
  assert.equal(valueOf(recipient, 'original-recipient'), 'utf-8; \\x{F6}\\x{2B}\\x{1F600}@far.example');
  assert.equal(valueOf(plain, 'final-recipient'), 'rfc822; uta@xn--mller-kva.test');
  assert.match(read.words, /<ü@far\.example>: failed[^]*<uta@müller\.test>: failed/);
  assert.equal(valueOf(report({ reversePath: 'uta@müller.test' }).fields, 'to'), '<uta@xn--mller-kva.test>');
});

const longHeader = `Subject: ${'x'.repeat(1200)}\r\n\r\n`;
const originals: readonly (readonly [
  bytes: Uint8Array,
  whole: boolean,
  smtputf8: boolean,
  type: string,
  encoding: string | undefined,
  why: string,
])[] = [
  [latin1(originalHeader), false, false, 'text/rfc822-headers', undefined, 'the header'],
  [latin1(`${originalHeader}body\r\n`), true, false, 'message/rfc822', undefined, 'the whole'],
  [latin1(`${originalHeader}gr\xfcn\r\n`), true, false, 'message/global', 'base64', 'with an 8-bit body'],
  [utf8('Subject: ü\r\n\r\n'), false, true, 'message/global-headers', 'quoted-printable', 'a UTF-8 header'],
  [utf8('Subject: ü\r\n\r\nx\r\n'), true, true, 'message/global', 'base64', 'and its body'],
  [
    utf8('Subject: ü\r\n\r\n'),
    ...([false, false, 'text/rfc822-headers; charset=utf-8', 'quoted-printable'] as const),
    'UTF-8 that nobody declared is not labelled global',
  ],
  [
    latin1('Subject: gr\xfcn\r\n\r\n'),
    ...([false, true, 'text/rfc822-headers', 'quoted-printable'] as const),
    'nor what is no UTF-8',
  ],
  [latin1(longHeader), false, false, 'text/rfc822-headers', 'quoted-printable', 'a long line'],
  [
    latin1(`${originalHeader}${'y'.repeat(1200)}\r\n`),
    true,
    false,
    'message/global',
    'base64',
    'in the body',
  ],
];

test('EXT-DSN-c EXT-UTF8-a2: the original is returned octet for octet, in 7-bit lines, under its right type', () => {
  for (const [bytes, whole, smtputf8, type, encoding, why] of originals) {
    const { fields, body } = report({ smtputf8, original: { bytes, whole } }).original;
    assert.equal(valueOf(fields, 'content-type'), type, why);
    assert.deepEqual(Buffer.from(body), Buffer.from(bytes), why);
    assert.equal(valueOf(fields, 'content-transfer-encoding'), encoding, why);
  }
  const noUtf8 = latin1('Subject: gr\xfcn\r\n\r\nbody\r\n');
  const { fields, body } = report({ smtputf8: true, original: { bytes: noUtf8, whole: true } }).original;
  assert.equal(valueOf(fields, 'content-type'), 'text/rfc822-headers');
  assert.deepEqual(
    Buffer.from(body),
    Buffer.from('Subject: gr\xfcn\r\n\r\n', 'latin1'),
    'message/global is UTF-8',
  );
});

test('EXT-DSN-c: whatever octets a message holds, its report is 7-bit and gives them back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), fc.boolean(), (octets, whole, smtputf8) => {
      const header = utf8('Subject: ü\r\nX: y\r\n\r\n');
      const original = report({ smtputf8, original: { bytes: concat([header, octets]), whole } }).original;
      const expected = whole ? concat([header, octets]) : header;
      assert.deepEqual(Buffer.from(original.body), Buffer.from(expected));
    }),
  );
});

async function written(
  said: string,
  ret?: 'FULL' | 'HDRS',
  reversePath = 'alice@example.org',
  signer?: Signer,
): Promise<AcceptChange> {
  const bytes = latin1(`${originalHeader}${said}`);
  const clock = virtualClock(NOW);
  const entropy = countingEntropy();
  const writer = createReportWriter({
    clock,
    entropy,
    ids: messageIdSource((length) => entropy.bytes(length)),
    signer: () => signer,
    settings: () =>
      ({ hostname: 'msa.example.org', expireMs: 5 * 24 * HOUR }) as ReturnType<
        Parameters<typeof createReportWriter>[0]['settings']
      >,
  });
  const message = {
    id: input.messageId,
    acceptedAt: NOW - HOUR,
    role: 'submission',
    envelope: { reversePath, body: '7BIT', smtputf8: false, ...(ret === undefined ? {} : { ret }) },
    octets: bytes.length,
    headerOctets: originalHeader.length,
    headerUtf8: false,
    body8bit: false,
  } as const;
  const content = (): Promise<AsyncIterable<Uint8Array>> =>
    Promise.resolve(
      (async function* () {
        for (let at = 0; at < bytes.length; at += 1000)
          yield await Promise.resolve(bytes.subarray(at, at + 1000));
      })(),
    );
  const about = {
    forwardPath: 'b@far.example',
    action: 'failed',
    status: '5.1.1',
    diagnostic: '550 no',
  } as const;
  return writer.write({ message, recipients: [about], content });
}

function readWritten(change: AcceptChange): Read {
  assert.ok(change.content.kind === 'inline');
  const { bytes } = change.content;
  const { headerOctets } = change.message;
  return read(bytes.subarray(0, headerOctets - 2), bytes.subarray(headerOctets));
}

test('EXT-DSN-c E-D-1/1 E-D-1/2: it goes to the reverse-path, from nobody, with the header unless RET=FULL', async () => {
  const header = await written('body\r\n');
  assert.equal(header.message.envelope.reversePath, '');
  assert.deepEqual(header.recipients, [{ forwardPath: 'alice@example.org', notify: ['NEVER'] }]);
  assert.equal(Buffer.from(readWritten(header).original.body).toString(), originalHeader);
  assert.equal(
    Buffer.from(readWritten(await written('body\r\n', 'HDRS')).original.body).toString(),
    originalHeader,
  );
  const whole = readWritten(await written('body\r\n', 'FULL')).original;
  assert.equal(Buffer.from(whole.body).toString(), `${originalHeader}body\r\n`);
  assert.equal(valueOf(whole.fields, 'content-type'), 'message/rfc822');
});

test('F-NULL-3: RET=FULL of a large message brings back its header only', async () => {
  const change = await written(`${'x'.repeat(70)}\r\n`.repeat(1000), 'FULL');
  const { original } = readWritten(change);
  assert.equal(valueOf(original.fields, 'content-type'), 'text/rfc822-headers');
  assert.equal(Buffer.from(original.body).toString(), originalHeader);
  assert.ok(change.message.octets < 5000);
});

test('E-D-1/4: a report is signed by the keys of our own name, or of the domain above it, and is not written without', async () => {
  const keys = [rsaKey, edKey];
  const signer = createSigner({ keys, failed: () => undefined });
  const change = await written('gr\xfcn\r\n', 'FULL', 'alice@example.org', signer);
  assert.ok(change.content.kind === 'inline' && change.event.type === 'accepted');
  assert.deepEqual(
    (await verify(change.content.bytes, keys)).map(({ selector, result }) => `${selector} ${result}`),
    ['rsa1 pass', 'ed1 pass'],
  );
  assert.equal(change.event.payload.signatures?.length, 2);
  assert.equal(change.message.octets, change.content.bytes.length);
  assert.equal(readWritten(change).fields.filter(([name]) => name === 'DKIM-Signature').length, 2);
  const foreign = createSigner({ keys: [{ ...rsaKey, domain: 'example.net' }], failed: () => undefined });
  const unsigned = await written('x\r\n', 'FULL', 'alice@example.org', foreign);
  assert.ok(unsigned.event.type === 'accepted' && unsigned.event.payload.signatures === undefined);
  const broken = createSigner({ keys, failed: () => undefined, sign: () => Promise.reject(new Error('no')) });
  await assert.rejects(written('x\r\n', 'FULL', 'alice@example.org', broken), /no signature by/);
});
