// The checks of the probe that take a login, against a server of a few lines: what it takes for the end of a message, and what it made of one that
// went round.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LoopBackWish, probe, type ProbeReport, systemClock } from '../src/probe/index.ts';
import { bodyOf } from '../src/probe/loop-back.ts';
import { someTogether } from './fakes/some-together.ts';
import { certificate, tlsServer } from './fakes/tls-smtp.ts';

const records = { lookup: () => Promise.resolve({ type: 'answer' as const, records: [] }) };
const login = { user: 'alice@example.org', password: 'a password' };
/** No message goes to it by itself. */
const noAddress = { ...login, user: 'login-7' };
const pair = await certificate({ dns: ['mail.example.org'] });

async function look(
  server: Omit<Parameters<typeof tlsServer>[0], 'cert' | 'key' | 'implicit'>,
  options: { readonly loopBack?: LoopBackWish; readonly login?: typeof login } = { login },
): Promise<{ readonly report: ProbeReport; readonly messages: readonly string[] }> {
  await using running = await tlsServer({ ...pair, implicit: true, ...server });
  const result = await probe(
    {
      ...{ host: '127.0.0.1', name: 'mail.example.org', ca: pair.cert, stepMs: 500, ...options },
      ports: [{ port: running.port, kind: 'implicit' }],
    },
    { clock: systemClock, records },
  );
  assert.ok(result.ok);
  return { report: result.value, messages: running.messages };
}

function findingOf({ checks }: ProbeReport, id: string): string {
  const found = checks.find((check) => check.id === id)?.findings ?? [];
  return found.map(({ verdict, seen }) => `${verdict}: ${seen}`).join('\n');
}

const refusesLoops = { '.': '554 5.4.6 mail loop\r\n' };

test('F-SMUG-1 5321-w: each wrong end that a server takes is named, with what was executed after it; each message must be refused as a loop', async () => {
  const bad = await look({ otherEnds: ['\n.\n', '\r\n.\r\r\n'], replies: refusesLoops });
  const finding = findingOf(bad.report, 'smuggling');
  assert.match(
    finding,
    /^fail: taken for the end: <LF>\.<LF>, <CRLF>\.<LF>, <CRLF>\.<CR><CRLF>, <CR><CRLF>\.<CR><CRLF>; NOOP after it was executed: 250 2\.0\.0 ok$/,
  );
  assert.equal(bad.report.exitCode, 1);
  assert.equal(bad.messages.length, 10);
  for (const message of bad.messages) {
    assert.equal(message.match(/^Received: /gm)?.length, 120);
    assert.match(message, /^To: <alice@example\.org>\r$/m);
  }
  const good = await look({ replies: refusesLoops });
  assert.match(
    findingOf(good.report, 'smuggling'),
    /^pass: 10 other ends, none was taken for it: 554 5\.4\.6 mail loop$/,
  );
});

test('F-SMUG-1: without a login nothing is sent; what can not be tried, or is cut off, is not taken for well', async () => {
  const without = await look({}, {});
  assert.match(findingOf(without.report, 'smuggling'), /^skip: no credentials/);
  assert.deepEqual(without.messages, []);
  const refused = await look({ replies: { RCPT: '550 5.1.1 nobody\r\n' } });
  assert.match(
    findingOf(refused.report, 'smuggling'),
    /^unknown: 0 of 10 were tried: RCPT TO:<alice@example\.org>: 550/,
  );
  const mute = await look({ replies: { '.': '' } });
  assert.match(findingOf(mute.report, 'smuggling'), /^unknown: <LF>\.<LF>: no reply in time/);
});

const MARK = 'm0123456789';
const TRACE =
  'Received: from label.client.mail.example.org\r\n\tby mail.example.org with ESMTPSA id 01ABC\r\n\tfor <alice@example.org>;\r\n\tWed, 25 Nov 2026 10:00:00 +0000';

interface Arrival {
  readonly why: string;
  readonly header?: readonly string[];
  readonly body?: readonly string[];
  /** Checks that do not pass: `verdict id`. */
  readonly wrong: readonly string[];
}

const whole = [
  'Received: from mail.example.org by mx.far.example with ESMTPS id 1; Wed, 25 Nov 2026 10:00:01 +0000',
  TRACE,
  'Date: Wed, 25 Nov 2026 10:00:00 +0000',
  'Message-ID: <1@mail.example.org>',
  'From: <alice@example.org>',
  'To: <alice@example.org>',
];
const replaced = (from: string, to: string): readonly string[] => whole.map((line) => line.replace(from, to));

const arrivals: readonly Arrival[] = [
  { why: 'as it must be', wrong: [] },
  { why: 'SMTPUTF8', header: replaced('ESMTPSA', 'UTF8SMTPSA'), wrong: [] },
  { why: 'lower case, as Exim writes it', header: replaced('ESMTPSA', 'esmtpsa'), wrong: [] },
  {
    why: 'no trace',
    header: whole.slice(2),
    wrong: ['fail trace-received', 'fail trace-protocol'],
  },
  { why: 'no by', header: replaced('by mail.example.org ', ''), wrong: ['fail trace-received'] },
  {
    why: 'no such day',
    header: replaced('Wed, 25 Nov', 'Mon, 31 Nov'),
    wrong: ['fail trace-received', 'fail message-completed'],
  },
  { why: 'another name', header: replaced('by mail.', 'by inner.'), wrong: ['note trace-received'] },
  { why: 'no login told', header: replaced('ESMTPSA', 'ESMTPS'), wrong: ['fail trace-protocol'] },
  { why: 'no id', header: replaced(' id 01ABC', ''), wrong: ['fail trace-protocol'] },
  {
    why: 'the address of the client',
    header: replaced('from label.client.mail.example.org', 'from laptop ([192.0.2.7])'),
    wrong: ['fail trace-privacy'],
  },
  {
    why: 'the login',
    header: replaced('by mail.', '(Authenticated sender: login-7) by mail.'),
    wrong: ['fail trace-privacy'],
  },
  {
    why: 'a field of webmail',
    header: [...whole, 'X-Originating-IP: [192.0.2.7]'],
    wrong: ['fail trace-privacy'],
  },
  {
    why: 'no Date',
    header: whole.filter((line) => !line.startsWith('Date')),
    wrong: ['fail message-completed'],
  },
  { why: 'an id that is none', header: replaced('<1@', '<1'), wrong: ['fail message-completed'] },
  {
    why: 'a dot was lost',
    body: bodyOf(MARK).map((line) => (line === '..' ? '.' : line)),
    wrong: ['fail body-intact'],
  },
  { why: 'a footer', body: [...bodyOf(MARK), '-- ', 'sent by us'], wrong: ['fail body-intact'] },
  {
    why: 'encoded again',
    header: [...whole, 'Content-Transfer-Encoding: base64'],
    body: ['AAAA'],
    wrong: ['note body-intact'],
  },
];
const loopBackChecks = [
  'trace-received',
  'trace-protocol',
  'trace-privacy',
  'message-completed',
  'body-intact',
];

test('5321-r TT-a TT-b D-PR-1 6409-8.3 5321-x: what a server made of a message that went round is judged, each point by its check', async () => {
  await someTogether(arrivals, async ({ why, header = whole, body = bodyOf(MARK), wrong }) => {
    const arrived = Buffer.from([...header, '', ...body, ''].join('\r\n'), 'latin1');
    const find = (mark: string): Promise<Uint8Array | undefined> =>
      Promise.resolve(mark === MARK ? arrived : undefined);
    const { report, messages } = await look(
      {},
      {
        login: noAddress,
        loopBack: { to: 'alice@example.org', mark: MARK, find },
      },
    );
    const found = report.checks
      .filter(({ id }) => loopBackChecks.includes(id))
      .flatMap(({ id, findings }) => findings.map(({ verdict }) => `${verdict} ${id}`));
    assert.deepEqual(
      found.filter((one) => !one.startsWith('pass ')),
      wrong,
      why,
    );
    assert.equal(found.length, 5, why);
    assert.equal(messages.filter((message) => message.includes(MARK)).length, 1, `${why}: sent once`);
  });
});

test('a message that can not be looked at, does not come or is not taken: could not tell, with what to do', async () => {
  const to = 'alice@example.org';
  const cases: readonly (readonly [Omit<LoopBackWish, 'to' | 'mark'>, Record<string, string>, RegExp])[] = [
    [{}, {}, /^unknown: it was taken \(250 .*subject "postern probe m0123456789" in the mailbox of alice/],
    [{ find: () => Promise.resolve(undefined), waitMs: 50 }, {}, /^unknown: .* did not come within 0\.05 s$/],
    [
      { find: () => Promise.reject(new Error('ENOENT')) },
      {},
      /^unknown: .*can not be looked for: Error: ENOENT/,
    ],
    [{}, { RCPT: '550 5.1.1 nobody\r\n' }, /^unknown: not sent: RCPT TO:<alice@example\.org>: 550/],
  ];
  await someTogether(cases, async ([wish, replies, wanted]) => {
    const { report } = await look({ replies }, { login: noAddress, loopBack: { to, mark: MARK, ...wish } });
    assert.match(findingOf(report, 'trace-received'), wanted);
    assert.match(findingOf(report, 'body-intact'), /^skip: .* see trace-received/);
    assert.ok(report.causes.some(({ kind, cause }) => kind === 'unknown' && cause === 'trace-received'));
  });
  const { report, messages } = await look({}, { loopBack: { to, mark: MARK } });
  assert.match(findingOf(report, 'trace-received'), /^skip: no credentials/);
  assert.deepEqual(messages, []);
});
