// The probe against real servers: Postern as it comes is conformant; a Postfix that is set up well is; each fault that is planted is found, by
// its own check, and nothing else is blamed.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { startPostfixPeer } from '../../bench/peers.ts';
import {
  type CheckReport,
  probe,
  type ProbeOptions,
  type ProbeReport,
  systemClock,
} from '../../src/probe/index.ts';
import { freePort, lacking, PASSWORD, startServer } from './server.ts';

async function probed(options: Omit<ProbeOptions, 'host'>): Promise<ProbeReport> {
  const records = { lookup: () => Promise.resolve({ type: 'answer' as const, records: [] }) };
  const result = await probe(
    { host: '127.0.0.1', domain: 'example.org', ...options },
    { clock: systemClock, records },
  );
  assert.ok(result.ok);
  return result.value;
}

const broken = ({ level, findings }: CheckReport): boolean =>
  level.startsWith('MUST') &&
  findings.some(({ verdict }) => verdict !== 'pass' && verdict !== 'note' && verdict !== 'skip');
const blamed = ({ checks }: ProbeReport): readonly string[] => checks.filter(broken).map(({ id }) => id);

test('BCP134-3.1-a BCP134-4.1-a: Postern as it comes is conformant on 587 and 465; text, JSON, JUnit and the page agree', async () => {
  await using server = await startServer();
  const before = server.postern(['queue', 'list', '--json']).stdout;
  const directory = mkdtempSync(join(tmpdir(), 'postern-probe-'));
  try {
    const page = join(directory, 'report.html');
    const password = join(directory, 'password');
    writeFileSync(password, `${PASSWORD}\n`);
    const args = ['probe', '127.0.0.1', '--name', 'msa.example.org', '--domain', 'example.org'].concat(
      ['--starttls-port', String(server.submission), '--tls-port', String(server.submissions)],
      ['--ca', server.certificate, '--login', 'alice@example.org', '--password-file', password],
    );
    const json = server.postern([...args, '--json', '--html', page]);
    assert.equal(json.status, 0, json.stdout + json.stderr);
    const report = JSON.parse(json.stdout) as ProbeReport;
    assert.deepEqual(
      report.paths.map(({ port, state }) => [port, state]),
      [
        [server.submission, 'open'],
        [server.submissions, 'open'],
      ],
    );
    assert.deepEqual(blamed(report), []);
    const passed = report.checks
      .flatMap(({ findings }) => findings)
      .filter(({ verdict }) => verdict === 'pass');
    assert.ok(passed.length > 30, `${passed.length} findings only`);
    assert.ok(!json.stdout.includes(PASSWORD), 'no secret stands in a transcript');
    assert.match(readFileSync(page, 'utf8'), /<h1>127\.0\.0\.1: .*conformant/);
    const text = server.postern(args);
    assert.match(text.stdout, /^MSA +conformant/m);
    assert.match(
      server.postern([...args, '--junit']).stdout,
      /<testsuite name="msa" tests="\d+" failures="0"/,
    );
    assert.equal(server.postern(['queue', 'list', '--json']).stdout, before, 'nothing was sent');
    const foreign = server.postern(['probe', '127.0.0.1', '--name', 'other.example.org', ...args.slice(4)]);
    assert.equal(foreign.status, 1, 'a certificate for another name');
    assert.match(foreign.stdout, /it is for other names/);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

interface Fault {
  readonly why: string;
  /** Lines of main.cf. */
  readonly config: readonly string[];
  /** The checks that have to name it; none: it is good. */
  readonly found: readonly string[];
}

/** What Debian's Postfix does otherwise, and a submission server must not: TLS 1.0 and 1.1 (RFC 8997), ETRN (RFC 6409 section 7). */
const good = [
  'smtpd_tls_protocols = >=TLSv1.2',
  'smtpd_tls_mandatory_protocols = >=TLSv1.2',
  'smtpd_discard_ehlo_keywords = etrn, silent-discard',
];

const faults: readonly Fault[] = [
  { why: 'set up well', config: [], found: [] },
  {
    why: 'as Debian ships it',
    config: ['smtpd_tls_mandatory_protocols = >=TLSv1', 'smtpd_discard_ehlo_keywords ='],
    found: ['tls-versions', 'no-etrn'],
  },
  {
    why: 'whoever is near may send (mynetworks), to everybody',
    config: [
      'mynetworks = 127.0.0.0/8',
      'smtpd_relay_restrictions = permit_mynetworks, reject',
      'smtpd_recipient_restrictions = permit_mynetworks, reject',
    ],
    found: ['auth-required-remote', 'auth-required-local', 'open-relay'],
  },
  {
    why: 'AUTH in clear',
    config: ['smtpd_tls_security_level = may', 'smtpd_tls_auth_only = no'],
    found: ['auth-in-clear'],
  },
  {
    why: 'no AUTH for local recipients',
    config: [
      'virtual_alias_domains = example.org',
      'virtual_alias_maps = inline:{ postmaster@example.org=x@far.example }',
      'smtpd_relay_restrictions = permit_sasl_authenticated, defer_unauth_destination',
      'smtpd_recipient_restrictions =',
    ],
    found: ['auth-required-local'],
  },
];

test(
  'BCP134-3.1-a BCP134-3.1-b: each fault that is planted in a Postfix is found, and a good one is not blamed',
  { skip: lacking('postfix', 'dovecot') },
  async () => {
    for (const { why, config, found } of faults) {
      const postfix = await startPostfixPeer(await freePort(), [...good, ...config]);
      try {
        const report = await probed({
          ports: [{ port: postfix.port, kind: 'starttls' }],
          ...{ name: 'localhost', ca: readFileSync(postfix.certificate, 'utf8') },
        });
        const ids = blamed(report).filter((id) => id !== 'submissions-port');
        for (const id of found) assert.ok(ids.includes(id), `${why}: ${id} is not among ${ids.join(', ')}`);
        if (found.length === 0) assert.deepEqual(ids, [], `${why}: ${JSON.stringify(report.causes)}`);
      } finally {
        await postfix.stop();
      }
    }
  },
);

test(
  'the page is readable at the width of a phone, and a browser has nothing to complain of',
  { skip: lacking('chromium') },
  async () => {
    await using server = await startServer();
    const directory = mkdtempSync(join(tmpdir(), 'postern-probe-'));
    try {
      const page = join(directory, 'report.html');
      server.postern(
        [
          'probe',
          '127.0.0.1',
          '--starttls-port',
          String(server.submission),
          '--tls-port',
          String(server.submissions),
        ].concat(['--html', page]),
      );
      // A frame as wide as a phone, and a script beside it that measures what the page itself may not.
      const frame = join(directory, 'frame.html');
      writeFileSync(
        frame,
        `<body style="margin:0"><iframe id="f" src="report.html" style="width:360px;height:800px;border:0"></iframe>
      <script>f.onload = () => { const d = f.contentDocument; document.title = d.documentElement.scrollWidth + ' ' + d.querySelectorAll('article').length; }</script>`,
      );
      const { stdout, stderr } = spawnSync(
        'chromium',
        [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--allow-file-access-from-files',
          '--virtual-time-budget=3000',
          '--enable-logging=stderr',
          '--dump-dom',
          `--user-data-dir=${directory}/profile`,
          `file://${frame}`,
        ],
        { encoding: 'utf8', timeout: 60_000 },
      );
      const [, width, articles] = /<title>(\d+) (\d+)<\/title>/.exec(stdout) ?? [];
      assert.ok(Number(width) > 0 && Number(width) <= 360, `as wide as ${width}: ${stderr.slice(-500)}`);
      assert.ok(Number(articles) > 10, `${articles} articles`);
      assert.doesNotMatch(stderr, /CONSOLE.*(error|refused|violat)/i);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
