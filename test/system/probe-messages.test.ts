// What the probe sees with a login of real servers: a message that goes round through Postern, Exim and Dovecot, the wrong ends that an Exim as it
// comes does not take, and the configuration document that a Postern publishes.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DocumentAnswer, DocumentSource } from '../../src/platform/web-document.ts';
import {
  type LoopBackWish,
  probe,
  type ProbeOptions,
  type ProbeReport,
  systemClock,
} from '../../src/probe/index.ts';
import { startDovecotSubmission, SUBMISSIOND } from './dovecot-submission.ts';
import { EXIM, startExim } from './exim.ts';
import { delivered, lacking, PASSWORD, startServer } from './server.ts';
import { freePort } from '../free-port.ts';

const login = { user: 'alice@example.org', password: PASSWORD };
const records = { lookup: () => Promise.resolve({ type: 'answer' as const, records: [] }) };
const nothing: DocumentSource = { fetch: () => Promise.resolve({ type: 'notThere', status: 404 }) };

async function probed(
  options: Omit<ProbeOptions, 'host'> & { readonly host?: string },
  documents = nothing,
): Promise<ProbeReport> {
  const result = await probe(
    { host: '127.0.0.1', name: 'msa.example.org', ...options },
    { clock: systemClock, records, documents },
  );
  assert.ok(result.ok);
  return result.value;
}

const ofMessages = ['trace-received', 'trace-protocol', 'trace-privacy', 'message-completed', 'body-intact'];

/** `verdict id` of the checks of the message that went round. */
function said({ checks }: ProbeReport): readonly string[] {
  return checks
    .filter(({ id }) => ofMessages.includes(id))
    .flatMap(({ id, findings }) => findings.map(({ verdict }) => `${verdict} ${id}`));
}

test('5321-r TT-a D-PR-1 6409-8.3 5321-x: a message that goes round through Postern is as it must be; without a place to look: could not tell', async () => {
  await using server = await startServer();
  const password = join(server.directory, 'password');
  writeFileSync(password, `${PASSWORD}\n`);
  const args = ['probe', '127.0.0.1', '--name', 'msa.example.org', '--ca', server.certificate].concat(
    ['--starttls-port', String(server.submission), '--tls-port', String(server.submissions)],
    ['--login', login.user, '--password-file', password, '--loop-back', 'bob@example.org'],
  );
  const looked = server.postern([...args, '--loop-back-mail', server.outbox, '--json']);
  assert.equal(looked.status, 0, looked.stdout + looked.stderr);
  const report = JSON.parse(looked.stdout) as ProbeReport;
  assert.deepEqual(
    said(report),
    ofMessages.map((id) => `pass ${id}`),
  );
  const found = delivered(server.outbox);
  assert.equal(found.length, 1, 'one message for two ports');
  assert.match(
    found[0]?.bytes.toString() ?? '',
    /^To: <bob@example\.org>\r\nSubject: postern probe [0-9a-f]{32}\r$/m,
  );
  const blind = server.postern(args);
  assert.equal(blind.status, 3, blind.stdout);
  assert.match(
    blind.stdout,
    /unknown .*subject "postern probe [0-9a-f]{32}" in the mailbox of bob@example\.org/,
  );
  const lost = server.postern([...args, '--loop-back-mail', join(server.directory, 'nowhere')]);
  assert.equal(lost.status, 3);
  assert.match(lost.stdout, /can not be looked for: .*ENOENT/);
  for (const [wrong, why] of [
    [['probe', '127.0.0.1', '--loop-back', 'bob@example.org'], /--loop-back needs --login/],
    [['probe', '127.0.0.1', '--loop-back-mail', '/tmp'], /--loop-back-mail needs --loop-back/],
    [[...args.slice(0, -1), 'bob@'], /--loop-back bob@: that is no address/],
  ] as const) {
    const usage = server.postern(wrong);
    assert.equal(usage.status, 2, usage.stderr);
    assert.match(usage.stderr, why);
  }
});

/** From the queue file of Exim: header lines after their length and flag. */
function fromSpool(text: string): Buffer {
  const [, header = '', body = ''] = /\n\n(\d{3}[^]*?)\n[\w-]+-D\n([^]*)$/.exec(text) ?? [];
  return Buffer.from(`${header.replaceAll(/^\d{3}. /gm, '')}\n\n${body}`, 'latin1');
}

function lookedFor(
  messages: () => readonly string[],
  read = (text: string): Buffer => Buffer.from(text, 'latin1'),
): LoopBackWish {
  return {
    ...{ to: login.user, mark: 'm0123456789', waitMs: 60_000 },
    find(mark) {
      const found = messages().find((message) => message.includes(mark));
      return Promise.resolve(found === undefined ? undefined : read(found));
    },
  };
}

test(
  'F-SMUG-1 5321-r TT-a: an Exim as it comes, which takes what goes round in a loop, keeps one message of those with wrong ends; by `control = submission` it completes',
  { skip: lacking(EXIM) },
  async () => {
    const mail = ['accept authenticated = *', 'deny'];
    for (const [control, verdict] of [
      ['warn', 'fail'],
      ['warn control = submission', 'pass'],
    ] as const) {
      const exim = await startExim({ mail: [control, ...mail], data: ['accept'] });
      try {
        const report = await probed({
          ports: [{ port: exim.starttls, kind: 'starttls' }],
          ...{ ca: exim.certificate, login, loopBack: lookedFor(exim.messages, fromSpool) },
        });
        const smuggling = report.checks.find(({ id }) => id === 'smuggling')?.findings[0];
        assert.equal(smuggling?.verdict, 'pass', smuggling?.seen);
        assert.match(smuggling.seen, /waited for the true end; messages .* alice@example\.org: 1$/);
        assert.deepEqual(said(report), [
          'pass trace-received',
          'pass trace-protocol',
          'fail trace-privacy',
          `${verdict} message-completed`,
          'pass body-intact',
        ]);
        assert.equal(exim.messages().length, 2);
      } finally {
        await exim.stop();
      }
    }
  },
);

test(
  'F-SMUG-1 5321-r TT-a: a Dovecot takes LF . LF for the end of a message, writes a trace and completes nothing',
  { skip: lacking('dovecot', SUBMISSIOND) },
  async () => {
    const dovecot = await startDovecotSubmission();
    try {
      const report = await probed({
        host: dovecot.address,
        ports: [{ port: dovecot.starttls, kind: 'starttls' }],
        ...{ ca: dovecot.certificate, login, loopBack: lookedFor(dovecot.messages) },
      });
      assert.match(
        report.checks.find(({ id }) => id === 'smuggling')?.findings[0]?.seen ?? '',
        /^taken for the end: <LF>\.<LF>, <LF>\.<CRLF>, <CRLF>\.<LF>; NOOP after it was executed: 250/,
      );
      assert.deepEqual(said(report), [
        'pass trace-received',
        'pass trace-protocol',
        'fail trace-privacy',
        'fail message-completed',
        'pass body-intact',
      ]);
      assert.equal(dovecot.messages().length, 1, 'the one that was to be sent');
    } finally {
      await dovecot.stop();
    }
  },
);

test('BCP134-3.2-h C-AC-1: the document that a Postern publishes leads to itself, that of another server does not', async () => {
  const web = await freePort();
  await using server = await startServer({ extra: `web: { port: ${web}, address: 127.0.0.1 }` });
  const ca = readFileSync(server.certificate, 'utf8');
  const documents: DocumentSource = {
    fetch(url) {
      const { hostname: host, pathname, search } = new URL(url);
      return new Promise<DocumentAnswer>((resolve, reject) => {
        const sent = request({
          ...{ host: '127.0.0.1', port: web, path: `${pathname}${search}`, agent: false, headers: { host } },
          ...{ servername: 'msa.example.org', ca },
        });
        sent.on('error', reject).on('response', (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => resolve({ type: 'document', bytes: Buffer.concat(parts) }));
        });
        sent.end();
      });
    },
  };
  const ports = [
    { port: server.submission, kind: 'starttls' },
    { port: server.submissions, kind: 'implicit' },
  ] as const;
  for (const [name, verdict] of [
    ['msa.example.org', 'pass'],
    ['localhost', 'note'],
  ] as const) {
    const report = await probed({ name, domain: 'example.org', ports, ca }, documents);
    const finding = report.checks.find(({ id }) => id === 'autoconfig')?.findings[0];
    assert.equal(finding?.verdict, verdict, finding?.seen);
    assert.match(finding.seen, new RegExp(`msa\\.example\\.org:${server.submissions} \\(implicit\\)`));
  }
});
