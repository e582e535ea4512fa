// The probe against servers that are hostile or wrong: it ends in time, tells each apart, and takes nothing for conformant that is not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordAnswer, RecordSource } from '../src/platform/record-lookup.ts';
import type { DocumentAnswer, DocumentSource } from '../src/platform/web-document.ts';
import { htmlReport, junitReport, probe, type ProbeReport, systemClock } from '../src/probe/index.ts';
import { listen, obliging, type Scripted } from './fakes/scripted-smtp.ts';
import { someTogether } from './fakes/some-together.ts';
import { certificate, tlsServer } from './fakes/tls-smtp.ts';

const TOTAL_MS = 20_000;

const noRecords = (): Promise<RecordAnswer> => Promise.resolve({ type: 'answer', records: [] });

async function look(
  port: number,
  lookup: RecordSource['lookup'] = noRecords,
  kind: 'starttls' | 'mx' = 'starttls',
  documents: DocumentSource = { fetch: () => Promise.resolve({ type: 'notThere', status: 404 }) },
  atHome = false,
): Promise<ProbeReport> {
  const result = await probe(
    {
      ...{ host: '127.0.0.1', name: 'mail.example.org', domain: 'example.org' },
      ports: [{ port, kind }],
      ...{ totalMs: TOTAL_MS, connectMs: 1_000, stepMs: 250, connections: 60, atHome },
    },
    { clock: systemClock, records: { lookup }, documents },
  );
  assert.ok(result.ok);
  return result.value;
}

const hostile: readonly (Scripted & {
  readonly why: string;
  readonly state: string;
  readonly exit: number;
})[] = [
  { why: 'it never speaks', state: 'silent', exit: 1 },
  {
    why: 'a greeting without end',
    begin: (socket) => {
      const go = (): void => {
        while (socket.writable && socket.write(`220-${'x'.repeat(400)}\r\n`));
      };
      socket.on('drain', go);
      go();
    },
    state: 'not-smtp',
    exit: 1,
  },
  { why: 'octets that are no SMTP', greeting: '\u0000\u0001garbage\r\n', state: 'not-smtp', exit: 1 },
  {
    why: 'the connection ends before the greeting',
    begin: (socket) => void socket.end(),
    state: 'closed-before-greeting',
    exit: 1,
  },
  { why: 'it does not want us', greeting: '554 5.7.1 no\r\n', state: 'server-refuses', exit: 3 },
];

test('BCP134-4.1-a: a hostile server, or one that the network plays, is told apart from a good one', async (t) => {
  await someTogether(hostile, async ({ why, state, ...script }) => {
    const report = await look(await listen(t, script));
    assert.equal(report.paths[0]?.state, state, why);
    assert.notEqual(report.exitCode, 0, why);
    assert.ok(report.connections <= 60, why);
  });
});

test('BCP134-4.1-a: a port that refuses is not a port that is filtered', async (t) => {
  const port = await listen(t, {});
  const closed = port === 65_535 ? port - 1 : port + 1;
  const report = await look(closed);
  assert.equal(report.paths[0]?.state, 'refused');
  assert.notEqual(report.exitCode, 0);
});

test('BCP134-3.1-a BCP134-3.1-b F-REL-1/3: an open relay in clear is found, each fault by its check', async (t) => {
  const report = await look(
    await listen(t, { greeting: '220 mail.example.org ESMTP\r\n', answer: obliging }),
  );
  assert.equal(report.exitCode, 1);
  assert.equal(report.roles.find(({ role }) => role === 'msa')?.verdict, 'not conformant');
  const failed = new Set(
    report.checks
      .filter(({ findings }) => findings.some(({ verdict }) => verdict === 'fail'))
      .map(({ id }) => id),
  );
  for (const id of ['auth-required-remote', 'open-relay', 'starttls-offered', 'auth-in-clear'])
    assert.ok(failed.has(id), `${id}; found ${[...failed].join(', ')}`);
});

test('BCP134-4.1-b: an MX that relays for strangers is not conformant', async (t) => {
  const port = await listen(t, { greeting: '220 mail.example.org ESMTP\r\n', answer: obliging });
  const report = await look(port, noRecords, 'mx');
  const verdicts = report.checks
    .filter(({ role }) => role === 'mx')
    .map(({ findings }) => findings[0]?.verdict);
  assert.deepEqual(verdicts, ['fail', 'fail']);
  assert.equal(report.roles.find(({ role }) => role === 'mx')?.verdict, 'not conformant');
});

const GREY = '450 4.7.1 greylisted\r\n';
/** What is put off, and the checks that can't tell then. */
const putOff: readonly (readonly [replies: Readonly<Record<string, string>>, checks: readonly string[]])[] = [
  [{ MAIL: GREY }, ['auth-required-remote', 'auth-required-local', 'open-relay', 'tls-required', 'auth-530']],
  [{ RCPT: GREY }, ['auth-required-remote', 'auth-required-local', 'open-relay', 'tls-required', 'auth-530']],
  [
    { AUTH: '454 4.7.0 not now\r\n' },
    ['auth-anonymous', 'auth-checked', 'auth-failure', 'auth-syntax', 'auth-in-clear'],
  ],
  [{ VRFY: GREY, EXPN: GREY }, ['no-enumeration']],
  [{ XCLI: '421 4.3.2 busy\r\n' }, ['forged-origin']],
  [{ PROX: GREY }, ['proxy-header']],
  [{ XPOS: GREY, nOoP: GREY }, ['command-basics']],
  [{ STAR: '454 4.7.0 no TLS now\r\n' }, ['starttls-offered', 'starttls-injection']],
];

test('F-REL-1/3 BCP134-3.1-d: what is put off (4yz) is no refusal: nobody can tell, whatever the check', async () => {
  const pair = await certificate({ dns: ['mail.example.org'] });
  await someTogether(putOff, async ([replies, checks]) => {
    await using server = await tlsServer({ ...pair, implicit: false, replies });
    const report = await look(server.port);
    for (const id of checks) {
      const finding = report.checks.find((check) => check.id === id)?.findings[0];
      assert.equal(finding?.verdict, 'unknown', `${Object.keys(replies).join()}: ${id}: ${finding?.seen}`);
    }
  });
});

test('BCP134-4.1-b BCP134-3.1-a: a greylisting MX is not called one that relays nothing, nor a busy port one that is not there', async (t) => {
  const greylisting = (line: string): string => (line.startsWith('RCPT') ? GREY : obliging(line));
  const mx = await look(
    await listen(t, { greeting: '220 mail.example.org ESMTP\r\n', answer: greylisting }),
    noRecords,
    'mx',
  );
  assert.equal(mx.checks.find(({ id }) => id === 'mx-no-relay')?.findings[0]?.verdict, 'unknown');
  const busy = await look(await listen(t, { greeting: '421 4.3.2 come back later\r\n' }));
  assert.equal(busy.checks.find(({ id }) => id === 'submission-port')?.findings[0]?.verdict, 'unknown');
  assert.equal(busy.exitCode, 3);
});

/** Takes whatever is written to example.org, or to `known` alone, and nothing for elsewhere. */
const takingIn =
  (known: RegExp) =>
  (line: string): string =>
    /^RCPT/i.test(line) && !(/^RCPT TO:<(?:"[^"]*"|[^@"\0]*)@example\.org>$/.test(line) && known.test(line))
      ? '550 5.7.1 no\r\n'
      : obliging(line);

const mailboxServers: readonly (readonly [
  known: RegExp,
  atHome: boolean,
  verdict: string,
  seen: RegExp,
  why: string,
])[] = [
  [
    /./,
    true,
    'fail',
    /spellings are taken/,
    'our own that takes every name passes some of them to who knows whom',
  ],
  [/./, false, 'note', /no proof/, "another's may have such names"],
  [/^RCPT TO:<postmaster/, false, 'fail', /as detail/, 'a route as detail of a name that is there'],
  [/^RCPT TO:<"?[a-z]+"?@/, true, 'pass', /spellings are refused/, 'plain names alone'],
];

test('F-REL-1/3 F-REL-5/3 F-REL-7/3: names at home that lead elsewhere are asked for on port 25, by a server of itself too', async (t) => {
  for (const [known, atHome, verdict, seen, why] of mailboxServers) {
    const port = await listen(t, { greeting: '220 mail.example.org ESMTP\r\n', answer: takingIn(known) });
    const report = await look(port, noRecords, 'mx', undefined, atHome);
    const [finding] = report.checks.find(({ id }) => id === 'mx-no-relay')?.findings ?? [];
    assert.equal(finding?.verdict, verdict, `${why}: ${finding?.seen}`);
    assert.match(finding?.seen ?? '', seen, why);
  }
});

test('C-SRV-7: SRV records that are missing, lead elsewhere, or could not be asked for are told apart', async (t) => {
  const port = await listen(t, { greeting: '554 5.7.1 no\r\n' });
  const answers: readonly (readonly [answer: RecordAnswer, verdict: string])[] = [
    [{ type: 'answer', records: [] }, 'fail'],
    [{ type: 'answer', records: [`0 1 ${port} MAIL.example.org.`] }, 'pass'],
    [{ type: 'answer', records: ['0 1 465 other.example.net.'] }, 'note'],
    [{ type: 'failed', cause: 'ETIMEOUT' }, 'unknown'],
  ];
  await someTogether(answers, async ([answer, verdict]) => {
    const { checks } = await look(port, () => Promise.resolve(answer));
    const findings = checks.find(({ id }) => id === 'srv-records')?.findings;
    assert.deepEqual(
      findings?.map((one) => one.verdict),
      [verdict],
      JSON.stringify(answer),
    );
  });
});

test('a report is one page without script or source, and well-formed JUnit, whatever the server says', async (t) => {
  const nasty = '<script>alert(1)</script>"&\'';
  const report = await look(
    await listen(t, { greeting: `220 ${nasty}\r\n`, answer: (line) => obliging(line).replace('ok', nasty) }),
  );
  const page = htmlReport(report);
  assert.doesNotMatch(page, /<script|src=|href="(?!data:)/i);
  assert.match(page, /&lt;script&gt;/);
  const xml = junitReport(report);
  assert.doesNotMatch(xml, /<script/);
  const count = (tag: RegExp): number => xml.match(tag)?.length ?? 0;
  assert.equal(count(/<testsuite /g), count(/<\/testsuite>/g));
  assert.equal(count(/<testcase /g), count(/<\/testcase>/g));
});

function configuration(server: string): DocumentAnswer {
  const text = `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="example.org">${server}</emailProvider></clientConfig>`;
  return { type: 'document', bytes: Buffer.from(text) };
}

const outgoing = (
  host: string,
  port: number,
  socketType: string,
  authentication = 'password-cleartext',
): string =>
  `<outgoingServer type="smtp"><hostname>${host}</hostname><port>${port}</port><socketType>${socketType}</socketType><authentication>${authentication}</authentication></outgoingServer>`;

test('BCP134-3.2-h C-AC-1: a configuration document that leads to the server is told from none, a broken one, an unsafe one and one that leads elsewhere', async (t) => {
  const port = await listen(t, { greeting: '554 5.7.1 no\r\n' });
  const here = 'mail.example.org';
  const cases: readonly (readonly [answer: DocumentAnswer, verdict: string])[] = [
    [configuration(outgoing(here, port, 'STARTTLS')), 'pass'],
    [configuration(outgoing(here, port, 'SSL')), 'fail'],
    [configuration(outgoing(here, port, 'plain')), 'fail'],
    [configuration(outgoing(here, port, 'STARTTLS', 'none')), 'fail'],
    [configuration(outgoing(here, 9, 'STARTTLS')), 'fail'],
    [configuration(outgoing('mail.example.net', 587, 'STARTTLS')), 'note'],
    [configuration('<outgoingServer>'), 'fail'],
    [{ type: 'notThere', status: 404 }, 'fail'],
    [{ type: 'notThere', status: 503 }, 'unknown'],
    [{ type: 'notThere', status: 429 }, 'unknown'],
    [{ type: 'redirect', location: 'https://example.net/' }, 'fail'],
    [{ type: 'failed', cause: 'ENOTFOUND' }, 'fail'],
    [{ type: 'failed', cause: 'CERT_HAS_EXPIRED' }, 'fail'],
    [{ type: 'failed', cause: 'no answer in time' }, 'unknown'],
  ];
  await someTogether(cases, async ([answer, verdict]) => {
    const asked: string[] = [];
    const { checks } = await look(port, noRecords, 'starttls', {
      fetch(url) {
        asked.push(url);
        return Promise.resolve(answer);
      },
    });
    const finding = checks.find(({ id }) => id === 'autoconfig')?.findings[0];
    assert.equal(finding?.verdict, verdict, `${JSON.stringify(answer)}: ${finding?.seen}`);
    assert.ok(
      asked.every((url) => /^https:\/\/(autoconfig\.)?example\.org\//.test(url)),
      asked.join(),
    );
  });
});
